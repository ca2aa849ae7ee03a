// The cells on the page: a row for each day, or on a phone one day in rows of a few hours.
import { text } from "../core/texts";
import { type Area, type Board, clock, GAP, periodOf } from "./board";

export interface Period {
  name: string;
  price: string;
  shade: number;
}

export interface Data {
  seasons: string[];
  days: [string, string][];
  periods: Period[];
  slots: number;
  cells: string[][];
}

/** Where the painter is: the season, the day that a phone shows, and the cells between `anchor` and `focus`. */
export interface Place {
  season: number;
  day: number;
  cell: number;
  anchorDay: number;
  anchorCell: number;
}

/** This will return the cells that are selected. */
export function areaOf(place: Place): Area {
  return {
    firstDay: Math.min(place.day, place.anchorDay),
    lastDay: Math.max(place.day, place.anchorDay),
    first: Math.min(place.cell, place.anchorCell),
    last: Math.max(place.cell, place.anchorCell),
  };
}

/** This will name the price of a cell in words. */
export function priceWords(letter: string, data: Data): string {
  const period = data.periods[periodOf(letter)];
  return period ? period.name : text(letter === GAP ? "paint_gap" : "paint_twice");
}

/** This will return how many cells of one day stand in a row: a phone shows three or two hours. */
export function columns(slots: number, isPhone: boolean): number {
  return isPhone ? (slots > 48 ? 8 : 6) : slots;
}

/** This will build the grid's table anew: for all days, or for one. */
export function build(board: HTMLElement, data: Data, place: Place, isPhone: boolean): void {
  const wide = columns(data.slots, isPhone);
  const table = document.createElement("table");
  table.setAttribute("role", "grid");
  table.setAttribute("aria-multiselectable", "true");
  table.setAttribute("aria-describedby", "painter-help");
  table.setAttribute("aria-label", data.seasons[place.season] ?? "");
  table.className = `painter-table${isPhone ? " is-phone" : ""}`;
  const days = isPhone ? [place.day] : data.days.map((_day, index) => index);
  for (const day of days) {
    for (let first = 0; first < data.slots; first += wide) table.append(row(data, day, first, wide, isPhone));
  }
  if (!isPhone) table.append(hours(data.slots));
  board.replaceChildren(table);
}

function row(data: Data, day: number, first: number, wide: number, isPhone: boolean): HTMLTableRowElement {
  const made = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = isPhone ? clock(first, data.slots) : (data.days[day]?.[1] ?? "");
  made.append(head);
  for (let cell = first; cell < first + wide; cell += 1) {
    const each = document.createElement("td");
    each.setAttribute("role", "gridcell");
    each.dataset["day"] = String(day);
    each.dataset["cell"] = String(cell);
    made.append(each);
  }
  return made;
}

/** The scale below the week; screen readers hear the times with each cell. */
function hours(slots: number): HTMLTableRowElement {
  const made = document.createElement("tr");
  made.className = "hours";
  made.setAttribute("aria-hidden", "true");
  made.append(document.createElement("td"));
  for (let hour = 0; hour < 24; hour += 3) {
    const each = document.createElement("td");
    each.colSpan = slots / 8;
    each.textContent = clock((hour * slots) / 24, slots).slice(0, 2);
    made.append(each);
  }
  return made;
}

/** This will show prices, selection and focus in the cells that are there. */
export function show(board: HTMLElement, held: Board, data: Data, place: Place): void {
  const area = areaOf(place);
  for (const each of board.querySelectorAll<HTMLTableCellElement>("td[data-cell]")) {
    const day = Number(each.dataset["day"]);
    const cell = Number(each.dataset["cell"]);
    const letters = held.cells[place.season]?.[day] ?? "";
    const letter = letters.charAt(cell);
    const period = periodOf(letter);
    const starts = cell === 0 || letters.charAt(cell - 1) !== letter || !each.previousElementSibling?.matches("td");
    const kind = period < 0 ? (letter === GAP ? "is-gap" : "is-twice") : "";
    const shade = data.periods[period]?.shade ?? 0;
    const isIn = day >= area.firstDay && day <= area.lastDay && cell >= area.first && cell <= area.last;
    each.className = `paint-cell ${kind || `shade-${shade} pattern-${period}`}${starts ? " starts" : ""}`;
    each.textContent = starts ? (period < 0 ? (letter === GAP ? "?" : "!") : letter.toUpperCase()) : "";
    each.tabIndex = day === place.day && cell === place.cell ? 0 : -1;
    each.setAttribute("aria-selected", String(isIn));
    each.setAttribute("aria-label", cellWords(data, day, cell, letter));
  }
}

function cellWords(data: Data, day: number, cell: number, letter: string): string {
  return text("paint_cell", {
    day: data.days[day]?.[0] ?? "",
    from: clock(cell, data.slots),
    to: clock(cell + 1, data.slots),
    price: priceWords(letter, data),
  });
}

/** This will write the same week as a table of times. */
export function tabulate(body: HTMLElement, held: Board, data: Data, season: number): void {
  body.replaceChildren(
    ...data.days.map(([name], day) => {
      const made = document.createElement("tr");
      const head = document.createElement("th");
      const times = document.createElement("td");
      head.scope = "row";
      head.textContent = name;
      times.textContent = held
        .runs(season, day)
        .map((run) => `${clock(run.first, data.slots)}–${clock(run.until, data.slots)} ${priceWords(run.letter, data)}`)
        .join(", ");
      made.append(head, times);
      return made;
    }),
  );
}
