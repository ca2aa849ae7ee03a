// A range of days by dragging over the bars: the page then shows it; "back" leads out again.
import type { Chart } from "../charts/chart";
import { type UsageData, slotAt } from "./usage-data";

interface Point {
  offsetX: number;
  offsetY: number;
}

const LEAST = 12; // px: less is a click
const DAY = 86_400_000;

/** This will let a range be dragged where bars are days or longer. */
export function dragRange(chart: Chart, element: HTMLElement, data: () => UsageData, top: number): () => void {
  const zr = chart.instance.getZr();
  const mark = document.createElement("span");
  mark.className = "dragged-range";
  let begin: number | null = null;
  const slot = (x: number): number => {
    const [start, end] = [data().start, data().end];
    const at = chart.instance.convertFromPixel({ gridIndex: 0 }, [x, 0])?.[0] ?? start;
    return slotAt(data(), Math.min(Math.max(at, start), end - 1));
  };
  const down = ({ offsetX, offsetY }: Point): void => {
    begin = offsetY < top || isPart(data()) ? null : offsetX;
  };
  const move = ({ offsetX }: Point): void => {
    if (begin == null || Math.abs(offsetX - begin) < LEAST) return;
    mark.style.left = `${Math.min(begin, offsetX)}px`;
    mark.style.width = `${Math.abs(offsetX - begin)}px`;
    if (!mark.isConnected) element.append(mark);
  };
  const stop = (): void => {
    begin = null;
    mark.remove();
  };
  const up = ({ offsetX }: Point): void => {
    const from = begin;
    stop();
    if (from == null || Math.abs(offsetX - from) < LEAST) return;
    const found = days(data(), slot(Math.min(from, offsetX)), slot(Math.max(from, offsetX)));
    if (!found) return;
    const query = new URLSearchParams(location.search); // what it is compared with stays
    query.delete("day");
    for (const [name, value] of [["view", "range"], ["from", found[0]], ["to", found[1]]] as const) query.set(name, value);
    location.assign(`?${query}`);
  };
  zr.on("mousedown", down);
  zr.on("mousemove", move);
  zr.on("mouseup", up);
  zr.on("globalout", stop);
  return () => {
    mark.remove();
    if (chart.instance.isDisposed()) return;
    zr.off("mousedown", down);
    zr.off("mousemove", move);
    zr.off("mouseup", up);
    zr.off("globalout", stop);
  };
}

/** First and final day of two bars, as their own addresses name them; null where a bar is less than a day. */
export function days(data: UsageData, begin: number, until: number): [string, string] | null {
  let [first, final] = [begin, until];
  // Bars without a value lead nowhere.
  while (first < final && !dayOf(data, first)) first += 1;
  while (final > first && !dayOf(data, final)) final -= 1;
  const from = dayOf(data, first);
  const last = dayOf(data, final);
  if (!from || !last || isPart(data)) return null;
  const length = Math.round(((data.slots[final]?.[1] ?? 0) - (data.slots[final]?.[0] ?? 0)) / DAY);
  return [from, new Date(Date.parse(last) + (length - 1) * DAY).toISOString().slice(0, 10)];
}

function isPart(data: UsageData): boolean {
  const [start, end] = data.slots[0] ?? [0, 0];
  return end - start < 0.9 * DAY;
}

function dayOf(data: UsageData, slot: number): string {
  const href = data.slots[slot]?.[7] ?? "";
  return new URLSearchParams(href.split("?")[1] ?? "").get("day") ?? "";
}
