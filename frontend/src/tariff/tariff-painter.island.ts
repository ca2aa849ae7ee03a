// Paints the prices of a week: with the mouse, with a finger, or with the keyboard. Without it the times below are edited.
import { all, one } from "../core/dom";
import { text } from "../core/texts";
import { Board, clock, letterOf } from "./board";
import { areaOf, build, columns, type Data, type Place, priceWords, show, tabulate } from "./picture";

const PHONE = "(max-width: 599px)";
const WEEKDAYS = [1, 2, 3, 4];

/** This will start the painter; what is painted is written into the form's field `grid`. */
export function mount(element: HTMLElement, given: unknown): () => void {
  const painter = new Painter(element, given as Data);
  painter.start();
  return () => painter.stop();
}

class Painter {
  private readonly held: Board;
  private readonly board: HTMLElement;
  private readonly media = window.matchMedia(PHONE);
  private readonly over = new AbortController();
  private place: Place = { season: 0, day: 0, cell: 0, anchorDay: 0, anchorCell: 0 };
  private period = 0;
  private pointer: number | null = null;

  constructor(
    private readonly element: HTMLElement,
    private readonly data: Data,
  ) {
    this.held = new Board(data.cells, data.slots);
    this.board = this.part("board");
  }

  start(): void {
    const times = one<HTMLFieldSetElement>("#as-times");
    if (times) times.hidden = times.disabled = true;
    this.element.hidden = false;
    for (const each of all("[data-period]", this.element)) {
      const sign = one("[data-letter]", each);
      if (sign) sign.textContent = letterOf(Number(each.dataset["period"])).toUpperCase();
    }
    const signal = { signal: this.over.signal };
    this.element.addEventListener("click", (event) => this.click(event), signal);
    this.board.addEventListener("keydown", (event) => this.key(event), signal);
    this.board.addEventListener("pointerdown", (event) => this.press(event), signal);
    window.addEventListener("pointermove", (event) => this.drag(event), signal);
    window.addEventListener("pointerup", (event) => this.release(event), signal);
    window.addEventListener("pointercancel", (event) => this.cancel(event), signal);
    this.media.addEventListener("change", () => this.rebuild(), signal);
    this.rebuild();
  }

  stop(): void {
    this.over.abort();
  }

  private part(name: string): HTMLElement {
    const found = one(`[data-part="${name}"]`, this.element);
    if (!found) throw new Error(`The painter has no part ${name}`);
    return found;
  }

  private rebuild(): void {
    build(this.board, this.data, this.place, this.media.matches);
    this.draw();
  }

  private draw(): void {
    show(this.board, this.held, this.data, this.place);
    tabulate(this.part("table"), this.held, this.data, this.place.season);
    const { all: count, open } = this.held.count();
    this.told("covered", open === 0, text("paint_covered", { count }));
    this.told("open", open > 0, text("paint_open", { count: open }));
    const pressed = (selector: string, key: string, value: number): void => {
      for (const each of all(selector, this.element)) {
        each.setAttribute("aria-pressed", String(Number(each.dataset[key]) === value));
      }
    };
    pressed("[data-period]", "period", this.period);
    pressed("[data-season]", "season", this.place.season);
    pressed("[data-day-tab]", "dayTab", this.place.day);
    for (const [act, can] of [["undo", this.held.canUndo], ["redo", this.held.canRedo]] as const) {
      const button = one<HTMLButtonElement>(`[data-act="${act}"]`, this.element);
      if (button) button.disabled = !can;
    }
  }

  private told(name: string, isShown: boolean, words: string): void {
    const chip = this.part(name);
    chip.hidden = !isShown;
    const span = one("span", chip);
    if (span) span.textContent = words;
  }

  private say(words: string): void {
    this.part("status").textContent = words;
  }

  /** What changed goes into the form, which draws its preview anew. */
  private keep(isChanged: boolean, words: string): void {
    if (isChanged) {
      const field = one<HTMLInputElement>("#grid");
      if (field) {
        field.value = JSON.stringify(this.held.cells);
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
      this.say(words);
    }
    this.draw();
  }

  private paint(): void {
    const area = areaOf(this.place);
    const days = [area.firstDay, area.lastDay].map((day) => this.data.days[day]?.[0] ?? "");
    const isOne = area.firstDay === area.lastDay;
    const words = text("paint_done", {
      price: this.data.periods[this.period]?.name ?? "",
      days: isOne ? (days[0] ?? "") : text("paint_span", { first: days[0] ?? "", last: days[1] ?? "" }),
      from: clock(area.first, this.data.slots),
      to: clock(area.last + 1, this.data.slots),
    });
    this.keep(this.held.paint(this.place.season, area, letterOf(this.period)), words);
  }

  private choose(period: number): void {
    if (!this.data.periods[period]) return;
    this.period = period;
    this.say(text("paint_chosen", { price: priceWords(letterOf(period), this.data) }));
    this.draw();
  }

  private click(event: Event): void {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("button") : null;
    if (!button) return;
    const { period, season, dayTab, act } = button.dataset;
    if (period !== undefined) this.choose(Number(period));
    else if (season !== undefined) this.look({ season: Number(season) });
    else if (dayTab !== undefined) this.look({ day: Number(dayTab), anchorDay: Number(dayTab) });
    else if (act !== undefined) this.act(act);
  }

  private look(wanted: Partial<Place>): void {
    this.place = { ...this.place, ...wanted };
    this.rebuild();
  }

  private act(name: string): void {
    const { season, day } = this.place;
    const copied = (from: number): string => text("paint_copied", { day: this.data.days[from]?.[0] ?? "" });
    if (name === "undo") this.keep(this.held.undo(), text("paint_undone"));
    else if (name === "redo") this.keep(this.held.redo(), text("paint_redone"));
    else if (name === "weekdays") this.keep(this.held.copy(season, 0, WEEKDAYS), copied(0));
    else this.keep(this.held.copy(season, day, this.data.days.map((_day, index) => index)), copied(day));
  }

  private move(days: number, cells: number, isExtending: boolean): void {
    const day = Math.min(Math.max(this.place.day + days, 0), this.data.days.length - 1);
    const cell = Math.min(Math.max(this.place.cell + cells, 0), this.data.slots - 1);
    const anchor = isExtending ? {} : { anchorDay: day, anchorCell: cell };
    this.place = { ...this.place, day, cell, ...anchor };
    this.draw();
    this.focus();
  }

  private focus(): void {
    one(`td[data-day="${this.place.day}"][data-cell="${this.place.cell}"]`, this.board)?.focus({ preventScroll: true });
  }

  private key(event: KeyboardEvent): void {
    const isPhone = this.media.matches;
    const line = columns(this.data.slots, true);
    const moves: Record<string, [number, number]> = {
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      ArrowUp: isPhone ? [0, -line] : [-1, 0],
      ArrowDown: isPhone ? [0, line] : [1, 0],
      Home: [0, -this.data.slots],
      End: [0, this.data.slots],
    };
    const move = moves[event.key];
    const isControl = event.ctrlKey || event.metaKey;
    if (move && !isControl && !event.altKey) this.move(...move, event.shiftKey);
    else if (isControl && event.key.toLowerCase() === "z") this.act(event.shiftKey ? "redo" : "undo");
    else if (isControl && event.key.toLowerCase() === "y") this.act("redo");
    else if (!isControl && (event.key === " " || event.key === "Enter")) this.paint();
    else if (!isControl && /^[1-9]$/.test(event.key)) this.choose(Number(event.key) - 1);
    else return;
    event.preventDefault();
  }

  private cellAt(event: PointerEvent): { day: number; cell: number } | null {
    const found = document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>("td[data-cell]");
    if (!found || !this.board.contains(found)) return null;
    return { day: Number(found.dataset["day"]), cell: Number(found.dataset["cell"]) };
  }

  private press(event: PointerEvent): void {
    const found = this.cellAt(event);
    if (!found || event.button !== 0 || this.pointer !== null) return;
    event.preventDefault();
    this.pointer = event.pointerId;
    this.place = { ...this.place, ...found, anchorDay: found.day, anchorCell: found.cell };
    this.draw();
    this.focus();
  }

  private drag(event: PointerEvent): void {
    const found = event.pointerId === this.pointer ? this.cellAt(event) : null;
    if (!found || (found.day === this.place.day && found.cell === this.place.cell)) return;
    this.place = { ...this.place, ...found };
    show(this.board, this.held, this.data, this.place);
  }

  private release(event: PointerEvent): void {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.paint();
  }

  private cancel(event: PointerEvent): void {
    if (event.pointerId === this.pointer) this.pointer = null;
  }
}
