// The use of today, hour by hour: bars, the estimated part hatched, yesterday as a ghost, gaps as gaps.
import { FONT, axis, draw, hatch, isSmall, line, tooltip } from "../charts/chart";
import { color } from "../core/dom";
import { number, quantity } from "../core/format";

/** The event that brings new data: its detail is what the page carries as JSON. */
export const NEWS = "meterbook:hours";

interface Hour {
  time: string;
  value: string | null;
  estimated: string | null;
  before: string | null;
  whole: boolean;
  gap: boolean;
}

interface HoursData {
  service: string;
  unit: string;
  now: number;
  nowText: string;
  hours: Hour[];
  texts: Record<string, string>;
}

type Shape = Record<string, unknown>;
interface Api {
  coord(point: [number, number]): [number, number];
}
interface Params {
  dataIndex: number;
  coordSys: { x: number; y: number; width: number; height: number };
}

const SERVICES: Record<string, string> = {
  electricity: "--mb-electricity",
  cold_water: "--mb-water",
  hot_water: "--mb-hot-water",
  gas: "--mb-gas",
  heating: "--mb-heating",
  cooling: "--mb-cooling",
};

/** This will draw the chart, and paint it in place when news come. */
export function mount(element: HTMLElement, given: unknown): () => void {
  let data = given as HoursData;
  const chart = draw(element, () => option(data));
  const follow = (event: Event): void => {
    data = (event as CustomEvent<HoursData>).detail;
    chart.paint();
  };
  element.addEventListener(NEWS, follow);
  return () => {
    element.removeEventListener(NEWS, follow);
    chart.dispose();
  };
}

function option(data: HoursData): Record<string, unknown> {
  const count = data.hours.length;
  return {
    grid: { left: 8, right: 8, top: 24, bottom: 8, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: { ...tooltip(), trigger: "axis", axisPointer: { type: "shadow", shadowStyle: { color: color("--mb-hover") }, z: 0 }, formatter: (found: { axisValue: number }[]) => words(data, Number(found[0]?.axisValue ?? 0)) },
    xAxis: axis({
      type: "value",
      min: 0,
      max: count,
      interval: isSmall() ? 6 : 3,
      splitLine: { show: false },
      axisLabel: { color: color("--mb-muted"), fontSize: 12, hideOverlap: true, formatter: (place: number) => data.hours[place]?.time ?? "" },
    }),
    yAxis: axis({ type: "value", name: data.unit, nameTextStyle: { color: color("--mb-muted"), align: "right" }, axisLabel: { color: color("--mb-muted"), fontSize: 12, formatter: (value: number) => number(value, value !== 0 && Math.abs(value) < 1 ? 1 : 0) } }),
    series: [bars(data), ghost(data)],
  };
}

function bars(data: HoursData): Shape {
  const solid = color(SERVICES[data.service] ?? "--mb-other");
  const pattern = hatch();
  const share = data.now / data.hours.length;
  return {
    id: "bars",
    type: "custom",
    z: 3,
    encode: { x: 0, y: 1 },
    data: data.hours.map((hour, place) => [place + 0.5, Number(hour.value ?? 0)]),
    renderItem: (params: Params, api: Api) => bar(data, params, api, solid, pattern),
    markLine: {
      silent: true,
      symbol: "none",
      label: { position: "end", align: share < 0.15 ? "left" : share > 0.9 ? "right" : "center", formatter: data.nowText, color: color("--mb-accent"), fontSize: 12, fontWeight: 550, fontFamily: FONT },
      lineStyle: { color: color("--mb-accent"), type: "solid", width: 1.5 },
      data: data.now < data.hours.length ? [{ xAxis: data.now }] : [],
    },
  };
}

function bar(data: HoursData, params: Params, api: Api, solid: string, pattern: unknown): Shape | undefined {
  const place = params.dataIndex;
  const hour = data.hours[place];
  if (!hour) return undefined;
  const left = api.coord([place, 0])[0];
  const width = api.coord([place + 1, 0])[0] - left;
  if (hour.gap) {
    const shape = { x: left + 1, y: params.coordSys.y, width: Math.max(1, width - 2), height: params.coordSys.height, r: 3 };
    return { type: "rect", shape, style: { fill: color("--mb-sunken"), stroke: color("--mb-faint"), lineDash: [3, 3], lineWidth: 1 } };
  }
  if (hour.value == null) return undefined;
  const value = Number(hour.value);
  const [, top] = api.coord([place, value]);
  const [, bottom] = api.coord([place, 0]);
  const [, split] = api.coord([place, value - Number(hour.estimated ?? 0)]);
  const between = Math.min(width * 0.2, 10);
  const rect = (y: number, height: number, style: Shape): Shape => ({ type: "rect", shape: { x: left + between / 2, y, width: Math.max(1, width - between), height: Math.max(0, height) }, style });
  const children = [rect(split, bottom - split, { fill: solid, opacity: hour.whole ? 1 : 0.6 })];
  if (split > top) children.push(rect(top, split - top, { fill: pattern, stroke: color("--mb-estimated"), lineWidth: 0.75 }));
  return { type: "group", children };
}

function ghost(data: HoursData): Shape {
  return {
    id: "before",
    type: "line",
    z: 4,
    silent: true,
    symbol: "none",
    connectNulls: false,
    lineStyle: { color: color("--mb-faint"), width: 1.25, type: [4, 3] },
    data: data.hours.map((hour, place) => [place + 0.5, hour.before == null ? null : Number(hour.before)]),
  };
}

function words(data: HoursData, at: number): string {
  const hour = data.hours[Math.min(Math.floor(at), data.hours.length - 1)];
  if (!hour) return "";
  const shown = (value: string | null): string => quantity(value == null ? null : Number(value), data.unit, 1);
  const lines = [hour.time, line(data.texts["today"] ?? "", hour.gap ? (data.texts["gap"] ?? "") : shown(hour.value) + (hour.value != null && !hour.whole ? `, ${data.texts["partly"]}` : ""))];
  if (hour.estimated != null) lines.push(line(data.texts["estimated"] ?? "", shown(hour.estimated)));
  if (hour.before != null) lines.push(line(data.texts["yesterday"] ?? "", shown(hour.before)));
  return lines.join("\n");
}
