// The series of the usage chart but its bars: counter, curve, gaps, marks. Times are milliseconds since 1970.
import { FONT, isSmall } from "../charts/chart";
import { color } from "../core/dom";
import { quantity } from "../core/format";
import { type Band, type State, type UsageData, bands, toDraw } from "./usage-data";

export type Series = Record<string, unknown>;
export interface Api {
  coord(point: [number, number]): [number, number];
  value(dimension: number): number;
}
export interface Params {
  coordSys: { x: number; y: number; width: number; height: number };
}
export type Shape = Record<string, unknown>;

const SERVICES: Record<string, string> = {
  electricity: "--mb-electricity",
  cold_water: "--mb-water",
  hot_water: "--mb-hot-water",
  gas: "--mb-gas",
  heating: "--mb-heating",
  cooling: "--mb-cooling",
};

/** This will return the color that the service has in every chart. */
export function serviceColor(data: UsageData): string {
  return color(SERVICES[data.service] ?? "--mb-other");
}

/** This will draw stretches without data as dashed bands with words. */
export function gapSeries(data: UsageData, panel: number, hasWords: boolean): Series[] {
  return bands(data).map((band) => ({
    id: `gap-${panel}-${band.start}`,
    type: "custom",
    xAxisIndex: panel,
    yAxisIndex: panel,
    silent: true,
    z: 1,
    data: [[band.start, 0]],
    renderItem: (params: Params, api: Api) => bandShape(band, hasWords, params, api),
  }));
}

function bandShape(band: Band, hasWords: boolean, { coordSys }: Params, api: Api): Shape {
  const left = api.coord([band.start, 0])[0];
  const width = Math.max(1, api.coord([band.end, 0])[0] - left);
  const children: Shape[] = [
    {
      type: "rect",
      shape: { x: left, y: coordSys.y, width, height: coordSys.height, r: 3 },
      style: { fill: color("--mb-sunken"), stroke: color("--mb-faint"), lineDash: [3, 3], lineWidth: 1 },
    },
  ];
  if (hasWords && width > 18) {
    const isWide = width > 90;
    children.push({
      type: "text",
      x: left + width / 2,
      y: isWide ? coordSys.y + coordSys.height / 2 : coordSys.y + coordSys.height - 8,
      rotation: isWide ? 0 : Math.PI / 2,
      style: { text: band.words, fill: color("--mb-muted"), font: `12px ${FONT}`, align: isWide ? "center" : "left", verticalAlign: "middle" },
    });
  }
  return { type: "group", children };
}

/** This will draw the counter since the period's start; stretches that nobody measured are dotted violet. */
export function ledgerSeries(data: UsageData, panel: number): Series[] {
  const points: { at: number; value: number | null; isEstimated: boolean }[] = [];
  let isOpen = false;
  let latest = 0;
  for (const [start, end, , ledger, state] of data.curve) {
    const value = toDraw(ledger);
    if (value != null && !isOpen) points.push({ at: start, value: latest, isEstimated: state === "estimated" || state === "apportioned" });
    // What is being counted has come as far as now.
    points.push({ at: data.now && data.now > start ? Math.min(end, data.now) : end, value, isEstimated: state === "estimated" || state === "apportioned" });
    isOpen = value != null;
    latest = value ?? latest;
  }
  const measured = points.map((point, index) => [point.at, point.isEstimated && points[index + 1]?.isEstimated ? null : point.value]);
  const estimated = points.map((point, index) => [point.at, point.isEstimated || points[index + 1]?.isEstimated ? point.value : null]);
  const base = { type: "line", xAxisIndex: panel, yAxisIndex: panel, symbol: "none", connectNulls: false };
  const solid = serviceColor(data);
  return [
    { ...base, id: "ledger", name: "ledger", z: 3, lineStyle: { color: solid, width: 2 }, areaStyle: { color: solid, opacity: 0.07 }, data: measured, markLine: marks(data, true) },
    { ...base, id: "ledger-estimated", z: 4, silent: true, lineStyle: { color: color("--mb-estimated"), width: 2, type: [2, 2] }, data: estimated },
  ];
}

/** This will draw power: steps of a day or week, the highest of each bar in a longer period, and the peak. */
export function curveSeries(data: UsageData, panel: number): Series {
  const isLong = !data.isFine;
  const peak = data.peak;
  const shown = peak ? Number(peak.value) : 0;
  const at = peak ? (peak.at + peak.end) / 2 : 0;
  const share = peak ? (at - data.start) / (data.end - data.start) : 0;
  return {
    id: "curve",
    name: "curve",
    type: "line",
    xAxisIndex: panel,
    yAxisIndex: panel,
    z: 3,
    symbol: isLong ? "circle" : "none",
    symbolSize: 4,
    connectNulls: false,
    itemStyle: { color: color("--mb-slate") },
    lineStyle: { color: color("--mb-slate"), width: 1.75 },
    data: data.curve.map(([start, end, rate]) => [(start + end) / 2, toDraw(rate)]),
    // Empty where there is no peak: what is left out would keep that of the data before.
    markPoint: {
      silent: true,
      symbol: "circle",
      symbolSize: 10,
      itemStyle: { color: color("--mb-surface"), borderColor: color("--mb-alarm"), borderWidth: 2.5 },
      data: peak ? [{ coord: [at, shown] }] : [],
      label: {
        show: true,
        position: "top",
        distance: 8,
        align: share > 0.8 ? "right" : share < 0.2 ? "left" : "center",
        color: color("--mb-ink"),
        fontSize: 12,
        fontWeight: 550,
        textBorderColor: color("--mb-surface"),
        textBorderWidth: 3,
        formatter: peak ? `${data.texts["peak"] ?? ""} ${quantity(shown, data.rateUnit, places(peak.value))}, ${peak.time}` : "",
      },
    },
    markLine: {
      silent: true,
      symbol: "none",
      label: { show: false },
      lineStyle: { color: color("--mb-alarm"), type: [3, 3], width: 1, opacity: 0.6 },
      data: peak ? [{ yAxis: shown }] : [],
    },
  };
}

/** This will draw the marks of exchanges, resets and corrections, and the present instant, across a panel. */
export function markSeries(data: UsageData, panel: number): Series {
  return { id: `marks-${panel}`, type: "line", xAxisIndex: panel, yAxisIndex: panel, data: [], silent: true, markLine: marks(data, false) };
}

function marks(data: UsageData, hasLabels: boolean): Record<string, unknown> {
  const isShort = isSmall() || data.marks.length > 1;
  const room = isSmall() ? 0.34 : 0.12; // of the axis: labels closer than that would cover each other
  let taken = -1;
  const listed = data.marks.map(({ at, label, short }) => {
    const share = (at - data.start) / (data.end - data.start);
    const isShown = taken < 0 || share - taken > room;
    if (isShown) taken = share;
    const align = share > 0.7 ? "right" : share < 0.3 ? "left" : "center";
    return { xAxis: at, name: isShort ? short : label, label: { align, show: hasLabels && isShown } };
  });
  return {
    silent: true,
    symbol: "none",
    lineStyle: { color: color("--mb-slate"), type: "solid", width: 1, opacity: hasLabels ? 1 : 0.45 },
    label: {
      show: hasLabels,
      position: "end",
      distance: 4,
      rotate: 0,
      formatter: "{b}",
      color: color("--mb-ink"),
      fontSize: 12,
      fontWeight: 500,
      backgroundColor: color("--mb-grey-bg"),
      borderRadius: 4,
      padding: [3, 6],
    },
    data: [
      ...listed,
      ...(data.now ? [{ xAxis: data.now, name: "", label: { show: false }, lineStyle: { color: color("--mb-accent"), width: 1.5, opacity: 1 } }] : []),
    ],
  };
}

/** This will return how many decimals a decimal string needs: trailing zeros say nothing. */
export function places(text: string): number {
  return (text.split(".")[1] ?? "").replace(/0+$/, "").length;
}

/** This will return the word for a state. */
export function stateWord(data: UsageData, state: State): string {
  return data.texts[state] ?? state;
}
