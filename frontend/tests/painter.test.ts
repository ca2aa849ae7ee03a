import { describe, expect, it } from "vitest";
import { Board, clock } from "../src/tariff/board";

const week = (): string[][] => [Array.from({ length: 7 }, () => "a".repeat(48))];

describe("Board", () => {
  it("paints a rectangle, takes it back and does it again", () => {
    const board = new Board(week(), 48);
    expect(board.paint(0, { firstDay: 0, lastDay: 1, first: 16, last: 43 }, "b")).toBe(true);
    expect(board.cells[0]?.[1]).toBe("a".repeat(16) + "b".repeat(28) + "a".repeat(4));
    expect(board.cells[0]?.[2]).toBe("a".repeat(48));
    expect(board.undo()).toBe(true);
    expect(board.cells).toEqual(week());
    expect(board.redo()).toBe(true);
    expect(board.runs(0, 0).map((run) => run.letter)).toEqual(["a", "b", "a"]);
    expect(board.redo()).toBe(false);
  });

  it("keeps no step of what changes nothing", () => {
    const board = new Board(week(), 48);
    expect(board.paint(0, { firstDay: 0, lastDay: 0, first: 0, last: 3 }, "a")).toBe(false);
    expect(board.canUndo).toBe(false);
  });

  it("copies a day and counts what has no price or two", () => {
    const board = new Board([["..!" + "a".repeat(45), ...Array.from({ length: 6 }, () => "a".repeat(48))]], 48);
    expect(board.count()).toEqual({ all: 336, open: 3 });
    board.copy(0, 1, [0]);
    expect(board.count().open).toBe(0);
  });

  it("tells the clock of cells", () => {
    expect([clock(0, 48), clock(17, 48), clock(48, 48), clock(33, 96)]).toEqual(["00:00", "08:30", "24:00", "08:15"]);
  });
});
