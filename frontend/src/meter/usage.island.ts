// Usage of a period: the counter, bars and power over one time axis.
import { type Chart, axis, draw, isSmall, line, savePicture, tooltip } from "../charts/chart";
import { color } from "../core/dom";
import { number, quantity } from "../core/format";
import { dragRange } from "./drag-range";
import { NEWS, type UsageData, slotAt, stepAt, toDraw } from "./usage-data";
import { barSeries, ghostSeries } from "./usage-bars";
import { curveSeries, gapSeries, ledgerSeries, markSeries, places, stateWord } from "./usage-series";

const TOP = 48;
const BETWEEN = 44;
const CAPTION = 16; // px more over the curve, whose peak is told in words above it
const BOTTOM = 24;
const STILL = 4; // px between press and release of a click

/** This will draw the usage chart, and offer it as a picture. */
export function mount(element: HTMLElement, given: unknown): () => void {
  let data = given as UsageData;
  const chart: Chart = draw(element, (instance) => option(data, instance.getHeight()));
  const follow = (event: Event): void => {
    data = (event as CustomEvent<UsageData>).detail;
    chart.paint();
  };
  const save = (event: Event): void => {
    if (event.target instanceof Element && event.target.closest("[data-chart-png]")) void savePicture(element, document.title);
  };
  const stopDrilling = drill(chart, element, () => data);
  const stopDragging = dragRange(chart, element, () => data, TOP);
  element.addEventListener(NEWS, follow);
  document.addEventListener("click", save);
  return () => {
    element.removeEventListener(NEWS, follow);
    document.removeEventListener("click", save);
    stopDrilling();
    stopDragging();
    chart.dispose();
  };
}

/** A bar leads inside: a month to its days, a day to its hours, an hour to its intervals. The table has the same links. */
function drill(chart: Chart, element: HTMLElement, data: () => UsageData): () => void {
  const zr = chart.instance.getZr();
  const hrefAt = (x: number, y: number): string => {
    const at = chart.instance.convertFromPixel({ gridIndex: 0 }, [x, 0])?.[0];
    return at === undefined || y < TOP ? "" : (data().slots[slotAt(data(), at)]?.[7] ?? "");
  };
  let pressed: [number, number] | null = null;
  const press = (event: PointerEvent): void => void (pressed = event.button === 0 ? [event.clientX, event.clientY] : null);
  // Press and release, not a click: there is none where the bar was painted again between the two.
  const release = (event: PointerEvent): void => {
    const from = pressed;
    pressed = null;
    if (!from || Math.hypot(event.clientX - from[0], event.clientY - from[1]) > STILL) return; // a drag
    const box = element.getBoundingClientRect();
    const href = hrefAt(event.clientX - box.left, event.clientY - box.top);
    if (href) location.assign(href);
  };
  const point = (event: { offsetX: number; offsetY: number }): void => zr.setCursorStyle(hrefAt(event.offsetX, event.offsetY) ? "pointer" : "default");
  element.addEventListener("pointerdown", press);
  element.addEventListener("pointerup", release);
  zr.on("mousemove", point);
  return () => {
    element.removeEventListener("pointerdown", press);
    element.removeEventListener("pointerup", release);
    if (!chart.instance.isDisposed()) zr.off("mousemove", point);
  };
}

function option(data: UsageData, height: number): Record<string, unknown> {
  const shares = !data.isCounter ? [1] : data.isDaysOnly ? [0.4, 0.6] : [0.28, 0.42, 0.3];
  // The curve, if there is one, is the final panel.
  const caption = (panel: number): number => (data.peak && panel === shares.length - 1 && !(data.isCounter && data.isDaysOnly) ? CAPTION : 0);
  const gaps = shares.map((_, panel) => (panel === 0 ? TOP : BETWEEN + caption(panel)));
  const room = height - gaps.reduce((sum, each) => sum + each, BOTTOM);
  const heights = shares.map((share) => room * share);
  const tops = gaps.map((gap, panel) => gap + [...gaps.slice(0, panel), ...heights.slice(0, panel)].reduce((sum, each) => sum + each, 0));
  const names = data.isCounter ? [data.texts["ledger"], data.texts["bars"], data.texts["curve"]].slice(0, shares.length) : [data.texts["curve"]];
  return {
    title: names.map((text, panel) => ({
      text,
      left: 0,
      top: (tops[panel] ?? 0) - Math.max(30 + caption(panel), panel === 0 && data.marks.length ? 44 : 0),
      padding: 0,
      textStyle: { fontSize: 12, fontWeight: 500, color: color("--mb-muted") },
    })),
    grid: tops.map((top, panel) => ({ left: margin(data), right: 20, outerBoundsMode: "none", top, height: heights[panel] })),
    axisPointer: { link: [{ xAxisIndex: "all" }] },
    tooltip: { ...tooltip(), trigger: "axis", axisPointer: { type: "line" }, formatter: (shown: { axisValue: number }[]) => words(data, shown[0]?.axisValue ?? 0) },
    xAxis: tops.map((_, panel) => timeAxis(data, panel, panel === tops.length - 1)),
    yAxis: tops.map((_, panel) => valueAxis(panel, data.isCounter && panel === 1 ? 4 : 2)),
    series: data.isCounter ? counterSeries(data) : [...gapSeries(data, 0, true), curveSeries(data, 0), markSeries(data, 0)],
  };
}

/** Room for the widest number at the value axes: about 7 px a character. */
function margin(data: UsageData): number {
  const highest = [...data.slots.map((slot) => toDraw(slot[2])), ...data.curve.flatMap((step) => [toDraw(step[2]), toDraw(step[3])])];
  const top = Math.max(1, ...highest.map((each) => each ?? 0));
  const size = 10 ** Math.floor(Math.log10(top)); // the axis ends at a round number, which can be one digit longer
  const longest = Math.max(number(top).length, number(Math.ceil(top / size) * size).length);
  return Math.max(isSmall() ? 32 : 40, 14 + 7 * Math.max(3, longest));
}

function counterSeries(data: UsageData): Record<string, unknown>[] {
  return [
    ...gapSeries(data, 0, false),
    ...gapSeries(data, 1, true),
    ...ledgerSeries(data, 0),
    barSeries(data, 1),
    ...ghostSeries(data, 1),
    markSeries(data, 1),
    ...(data.isDaysOnly ? [] : [...gapSeries(data, 2, false), curveSeries(data, 2), markSeries(data, 2)]),
  ];
}

function timeAxis(data: UsageData, panel: number, hasLabels: boolean): Record<string, unknown> {
  const named = data.ticks.filter(([, text]) => text);
  const room = Math.max(1, Math.floor((window.innerWidth - (window.innerWidth > 991 ? 320 : 80)) / (isClock(data) ? 72 : data.view === "week" ? 56 : 32)));
  const every = Math.ceil((named.length - 1) / room);
  const steady = data.grain === "hour" ? ([1, 2, 3, 4, 6, 8, 12].find((each) => each >= every) ?? 12) : every;
  const shown = named.filter((_, index) => index % steady === 0);
  const texts = new Map(shown);
  return {
    gridIndex: panel,
    type: "value",
    min: data.start,
    max: data.end,
    ...axis({
      splitLine: { show: false },
      axisLine: { show: true, onZero: true, lineStyle: { color: color("--mb-line-strong") } },
      axisTick: { show: hasLabels, length: 4, lineStyle: { color: color("--mb-line-strong") }, customValues: shown.map(([at]) => at) },
      axisLabel: {
        show: hasLabels,
        color: color("--mb-muted"),
        fontSize: 12,
        customValues: shown.map(([at]) => at),
        formatter: (at: number) => texts.get(at) ?? "",
        align: isClock(data) ? "center" : "left",
        hideOverlap: true,
      },
      axisPointer: { show: true, snap: false, label: { show: false }, lineStyle: { color: color("--mb-muted"), type: "solid", width: 1 } },
    }),
  };
}

function isClock(data: UsageData): boolean {
  return data.grain === "hour" || data.grain === "step";
}

function valueAxis(panel: number, splits: number): Record<string, unknown> {
  return axis({
    gridIndex: panel,
    type: "value",
    min: 0,
    splitNumber: splits,
    axisLabel: { color: color("--mb-muted"), fontSize: 12, formatter: (value: number) => number(value, places(String(Number(value.toFixed(3))))) },
  });
}

function words(data: UsageData, at: number): string {
  const index = slotAt(data, at);
  const slot = data.slots[index];
  const step = data.curve[stepAt(data, at)];
  if (!slot || !step) return "";
  const { texts, unit, decimals } = data;
  const rows = [`${slot[5]}, ${stateWord(data, slot[4])}`];
  if (data.isCounter) rows.push(line(texts["usage"] ?? "", quantity(toDraw(slot[2]), unit, decimals)));
  if (slot[3] != null) rows.push(line(texts["estimatedPart"] ?? "", quantity(toDraw(slot[3]), unit, decimals)));
  if (slot[6] != null) rows.push(line(texts["editedPart"] ?? "", quantity(toDraw(slot[6]), unit, decimals)));
  data.prices.forEach((name, place) => rows.push(line(name, quantity(toDraw(data.parts[index]?.[place]), unit, decimals))));
  if (data.before.length) rows.push(line(texts["before"] ?? "", quantity(toDraw(data.before[index]), unit, decimals)));
  if (!data.isDaysOnly) rows.push(line(texts["rateShort"] ?? "", quantity(toDraw(step[2]), data.rateUnit, places(step[2] ?? ""))));
  if (data.isCounter) rows.push(line(texts["ledgerShort"] ?? "", quantity(toDraw(step[3]), unit, decimals)));
  return rows.join("\n");
}
