// The series of the usage chart: bars of exact width, counter, curve, gaps, marks. Times are milliseconds since 1970.
import { FONT, hatch, isSmall } from "../charts/chart";
import { color } from "../core/dom";
import { quantity } from "../core/format";
import { type Band, type State, type UsageData, bands, toDraw } from "./usage-data";

type Series = Record<string, unknown>;
interface Api {
  coord(point: [number, number]): [number, number];
  value(dimension: number): number;
}
interface Params {
  coordSys: { x: number; y: number; width: number; height: number };
}
type Shape = Record<string, unknown>;

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

/** This will draw one bar a slot, as wide as the slot is long; its estimated part is hatched on top. */
export function barSeries(data: UsageData, panel: number): Series {
  const pattern = hatch();
  const solid = serviceColor(data);
  return {
    name: "bars",
    type: "custom",
    xAxisIndex: panel,
    yAxisIndex: panel,
    z: 3,
    encode: { x: 0, y: 1 },
    data: data.slots.map(([start, , value]) => [start, toDraw(value) ?? 0]),
    renderItem: (params: Params & { dataIndex: number }, api: Api) => barShape(data, params.dataIndex, api, solid, pattern),
  };
}

function barShape(data: UsageData, index: number, api: Api, solid: string, pattern: unknown): Shape | undefined {
  const slot = data.slots[index];
  const value = toDraw(slot?.[2]);
  if (!slot || value == null) return undefined;
  const [left, top] = api.coord([slot[0], value]);
  const [right, bottom] = api.coord([slot[1], 0]);
  const between = right - left > 5 ? Math.min((right - left) * 0.2, 12) : 0.5;
  const width = Math.max(0.8, right - left - between);
  const split = api.coord([slot[0], value - (toDraw(slot[3]) ?? 0)])[1];
  const rect = (y: number, height: number, style: Shape, r: number[]): Shape => ({
    type: "rect",
    shape: { x: left + between / 2, y, width, height: Math.max(0, height), r: width > 4 ? r : 0 },
    style,
  });
  const isSoFar = slot[4] === "so_far" || slot[4] === "partly";
  const children = [rect(split, bottom - split, { fill: solid, opacity: isSoFar ? 0.6 : 1 }, split > top ? [0, 0, 0, 0] : [1.5, 1.5, 0, 0])];
  if (split > top) children.push(rect(top, split - top, { fill: pattern, stroke: color("--mb-estimated"), lineWidth: 0.75 }, [1.5, 1.5, 0, 0]));
  return { type: "group", children };
}

/** This will draw the period before as a dashed ghost over the bars. */
export function ghostSeries(data: UsageData, panel: number): Series[] {
  if (!data.before.some((each) => each != null)) return [];
  const points = data.slots.flatMap(([start, end], index) => {
    const value = toDraw(data.before[index]);
    return [
      [start, value],
      [end, value],
    ];
  });
  return [
    {
      name: "before",
      type: "line",
      xAxisIndex: panel,
      yAxisIndex: panel,
      z: 4,
      symbol: "none",
      silent: true,
      lineStyle: { color: color("--mb-faint"), width: 1.25, type: [4, 3] },
      data: points,
    },
  ];
}

/** This will draw the counter since the period's start; stretches that nobody measured are dotted violet. */
export function ledgerSeries(data: UsageData, panel: number): Series[] {
  const points: { at: number; value: number | null; isEstimated: boolean }[] = [];
  let isOpen = false;
  let latest = 0;
  for (const [start, end, , ledger, state] of data.curve) {
    const value = toDraw(ledger);
    if (value != null && !isOpen) points.push({ at: start, value: latest, isEstimated: state === "estimated" });
    points.push({ at: end, value, isEstimated: state === "estimated" });
    isOpen = value != null;
    latest = value ?? latest;
  }
  const measured = points.map((point, index) => [point.at, point.isEstimated && points[index + 1]?.isEstimated ? null : point.value]);
  const estimated = points.map((point, index) => [point.at, point.isEstimated || points[index + 1]?.isEstimated ? point.value : null]);
  const base = { type: "line", xAxisIndex: panel, yAxisIndex: panel, symbol: "none", connectNulls: false };
  const solid = serviceColor(data);
  return [
    { ...base, name: "ledger", z: 3, lineStyle: { color: solid, width: 2 }, areaStyle: { color: solid, opacity: 0.07 }, data: measured, markLine: marks(data, true) },
    { ...base, z: 4, silent: true, lineStyle: { color: color("--mb-estimated"), width: 2, type: [2, 2] }, data: estimated },
  ];
}

/** This will draw power: steps of a day or week, the highest of each bar in a longer period, and the peak. */
export function curveSeries(data: UsageData, panel: number): Series {
  const isLong = data.view === "month" || data.view === "year";
  const peak = data.peak;
  const shown = peak ? Number(peak.value) : 0;
  const at = peak ? (peak.at + peak.end) / 2 : 0;
  const share = peak ? (at - data.start) / (data.end - data.start) : 0;
  return {
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
    ...(peak
      ? {
          markPoint: {
            silent: true,
            symbol: "circle",
            symbolSize: 10,
            itemStyle: { color: color("--mb-surface"), borderColor: color("--mb-alarm"), borderWidth: 2.5 },
            data: [{ coord: [at, shown] }],
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
              formatter: `${data.texts["peak"] ?? ""} ${quantity(shown, data.rateUnit, places(peak.value))}, ${peak.time}`,
            },
          },
          markLine: {
            silent: true,
            symbol: "none",
            label: { show: false },
            lineStyle: { color: color("--mb-alarm"), type: [3, 3], width: 1, opacity: 0.6 },
            data: [{ yAxis: shown }],
          },
        }
      : {}),
  };
}

/** This will draw the marks of exchanges, resets and corrections, and the present instant, across a panel. */
export function markSeries(data: UsageData, panel: number): Series {
  return { type: "line", xAxisIndex: panel, yAxisIndex: panel, data: [], silent: true, markLine: marks(data, false) };
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
