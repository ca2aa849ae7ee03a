/** What the server writes for the usage chart. Numbers come as decimal strings; they become floats only to be drawn. */
export interface UsageData {
  view: "day" | "week" | "month" | "year" | "range";
  grain: "step" | "hour" | "day" | "month";
  /** The curve has a point for each interval; else for each bar, with its highest interval. */
  isFine: boolean;
  /** No demand is told: only the counter and the bars are drawn. */
  isDaysOnly: boolean;
  unit: string;
  rateUnit: string;
  decimals: number;
  service: string;
  isCounter: boolean;
  start: number;
  end: number;
  now: number | null;
  slots: [start: number, end: number, value: string | null, estimated: string | null, state: State, label: string, edited: string | null, href: string][];
  before: (string | null)[];
  /** Names of the price periods, and what of each slot lies in each of them; empty: not asked for. */
  prices: string[];
  parts: (string | null)[][];
  curve: [start: number, end: number, rate: string | null, ledger: string | null, state: State][];
  peak: { at: number; end: number; value: string; time: string } | null;
  marks: { at: number; label: string; short: string }[];
  ticks: [at: number, text: string][];
  texts: Record<string, string>;
}

export type State = "measured" | "edited" | "estimated" | "apportioned" | "held" | "partly" | "missing" | "so_far" | "later" | "no_meter";

/** A stretch without data, with the words that say why. */
export interface Band {
  start: number;
  end: number;
  words: string;
}

/** This will return a decimal string as a number to draw, or null. */
export function toDraw(text: string | null | undefined): number | null {
  return text == null ? null : Number(text);
}

/** This will join neighboring points without data to bands. */
export function bands(data: UsageData): Band[] {
  const found: Band[] = [];
  for (const [start, end, , , state] of data.curve) {
    if (state !== "missing" && state !== "no_meter") continue;
    const words = data.texts[state === "missing" ? "noData" : "noMeter"] ?? "";
    const before = found.at(-1);
    if (before && before.end === start && before.words === words) before.end = end;
    else found.push({ start, end, words });
  }
  return found;
}

/** This will return the index of the slot that holds an instant, or -1. */
export function slotAt(data: UsageData, at: number): number {
  return data.slots.findIndex(([start, end]) => start <= at && at < end);
}

/** This will return the index of the curve's step that holds an instant, or -1. */
export function stepAt(data: UsageData, at: number): number {
  return data.curve.findIndex(([start, end]) => start <= at && at < end);
}

/** The event that brings new data to a chart that is drawn already; its detail is a `UsageData`. */
export const NEWS = "meterbook:usage";
