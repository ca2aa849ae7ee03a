// The week as the painter holds it: letters of prices by season, day and cell, with what was done before.

export const GAP = ".";
export const TWICE = "!";
const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** Cells of a season: days from `firstDay` to `lastDay`, cells from `first` to `last`, all included. */
export interface Area {
  firstDay: number;
  lastDay: number;
  first: number;
  last: number;
}

/** A stretch of one price on a day: cells [first, until). */
export interface Run {
  letter: string;
  first: number;
  until: number;
}

/** This will return the letter of a price, by its place in the document. */
export function letterOf(period: number): string {
  return LETTERS.charAt(period);
}

/** This will return the place of a price in the document, -1 for a gap or for two prices. */
export function periodOf(letter: string): number {
  return LETTERS.indexOf(letter);
}

/** This will return the clock of a cell's start: cell 17 of 48 is 08:30. */
export function clock(cell: number, slots: number): string {
  const minutes = cell * (1440 / slots);
  const pad = (number: number): string => String(number).padStart(2, "0");
  return `${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}

export class Board {
  private past: string[][][] = [];
  private future: string[][][] = [];

  constructor(
    public cells: string[][],
    readonly slots: number,
  ) {}

  /** This will give an area of a season a price; what changes nothing is no step to take back. */
  paint(season: number, area: Area, letter: string): boolean {
    return this.change(season, (rows) => {
      for (let day = area.firstDay; day <= area.lastDay; day += 1) {
        const row = rows[day] ?? "";
        const width = area.last - area.first + 1;
        rows[day] = row.slice(0, area.first) + letter.repeat(width) + row.slice(area.last + 1);
      }
    });
  }

  /** This will give days of a season the hours of another day. */
  copy(season: number, from: number, to: number[]): boolean {
    return this.change(season, (rows) => {
      for (const day of to) rows[day] = rows[from] ?? "";
    });
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  undo(): boolean {
    return this.step(this.past, this.future);
  }

  redo(): boolean {
    return this.step(this.future, this.past);
  }

  /** This will count the cells of all seasons, and those without a price or with two. */
  count(): { all: number; open: number } {
    const text = this.cells.flat().join("");
    return { all: text.length, open: [...text].filter((each) => each === GAP || each === TWICE).length };
  }

  /** This will return the stretches of a day. */
  runs(season: number, day: number): Run[] {
    const found: Run[] = [];
    [...(this.cells[season]?.[day] ?? "")].forEach((letter, cell) => {
      const latest = found.at(-1);
      if (latest?.letter === letter) latest.until = cell + 1;
      else found.push({ letter, first: cell, until: cell + 1 });
    });
    return found;
  }

  private change(season: number, act: (rows: string[]) => void): boolean {
    const rows = [...(this.cells[season] ?? [])];
    act(rows);
    if (rows.join() === this.cells[season]?.join()) return false;
    this.past.push(this.cells);
    this.future = [];
    this.cells = this.cells.map((each, index) => (index === season ? rows : each));
    return true;
  }

  private step(from: string[][][], to: string[][][]): boolean {
    const found = from.pop();
    if (!found) return false;
    to.push(this.cells);
    this.cells = found;
    return true;
  }
}
