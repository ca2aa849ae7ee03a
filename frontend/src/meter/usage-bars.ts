// The bars of the usage chart: as wide as their time, stacked by quality or price period, the comparison as a ghost.
import { hatch } from "../charts/chart";
import { color } from "../core/dom";
import { type UsageData, toDraw } from "./usage-data";
import { type Api, type Params, type Series, type Shape, serviceColor } from "./usage-series";

interface Inks {
  solid: string;
  edited: string;
  estimated: string;
  pattern: unknown;
  prices: string[];
}

/** This will return the color of a price period by its place: the theme has four. */
export function priceColor(place: number): string {
  return color(`--mb-price-${place}`);
}

/** This will draw one bar a slot, as wide as the slot is long: measured, entered, estimated; or its price periods. */
export function barSeries(data: UsageData, panel: number): Series {
  const inks: Inks = {
    solid: serviceColor(data),
    edited: color("--mb-slate"),
    estimated: color("--mb-estimated"),
    pattern: hatch(),
    prices: data.prices.map((_, place) => priceColor(place)),
  };
  return {
    id: "bars",
    name: "bars",
    type: "custom",
    xAxisIndex: panel,
    yAxisIndex: panel,
    z: 3,
    encode: { x: 0, y: 1 },
    data: data.slots.map(([start, , value]) => [start, toDraw(value) ?? 0]),
    renderItem: (_params: Params & { dataIndex: number }, api: Api) => barShape(data, _params.dataIndex, api, inks),
  };
}

function barShape(data: UsageData, index: number, api: Api, inks: Inks): Shape | undefined {
  const slot = data.slots[index];
  const value = toDraw(slot?.[2]);
  if (!slot || value == null) return undefined;
  const left = api.coord([slot[0], 0])[0];
  const right = api.coord([slot[1], 0])[0];
  const between = right - left > 5 ? Math.min((right - left) * 0.2, 12) : 0.5;
  const width = Math.max(0.8, right - left - between);
  const y = (amount: number): number => api.coord([slot[0], amount])[1];
  const rect = (from: number, to: number, style: Shape): Shape => ({
    type: "rect",
    shape: { x: left + between / 2, y: y(to), width, height: Math.max(0, y(from) - y(to)), r: width > 4 && to === value ? [1.5, 1.5, 0, 0] : 0 },
    style,
  });
  const isSoFar = slot[4] === "so_far" || slot[4] === "partly";
  const opacity = isSoFar ? 0.6 : 1;
  const [estimated, edited] = [toDraw(slot[3]) ?? 0, toDraw(slot[6]) ?? 0];
  const children: Shape[] = [];
  let reached = 0;
  const stack = (amount: number, style: Shape): void => {
    if (amount > 0) children.push(rect(reached, reached + amount === value ? value : reached + amount, style));
    reached += amount;
  };
  if (inks.prices.length) {
    (data.parts[index] ?? []).forEach((part, place) => stack(toDraw(part) ?? 0, { fill: inks.prices[place], opacity }));
    if (estimated > 0) children.push(rect(value - estimated, value, { fill: "transparent", stroke: inks.estimated, lineWidth: 1.5, lineDash: [2, 2] }));
  } else {
    stack(value - estimated - edited, { fill: inks.solid, opacity });
    stack(edited, { fill: inks.edited, opacity });
    if (estimated > 0) children.push(rect(value - estimated, value, { fill: inks.pattern, stroke: inks.estimated, lineWidth: 0.75 }));
  }
  return { type: "group", children };
}

/** This will draw what is compared with as a bar behind each bar: an outline that stands out where there was more. */
export function ghostSeries(data: UsageData, panel: number): Series[] {
  if (!data.before.some((each) => each != null)) return [];
  return [
    {
      id: "before",
      name: "before",
      type: "custom",
      xAxisIndex: panel,
      yAxisIndex: panel,
      z: 2,
      silent: true,
      encode: { x: 0, y: 1 },
      data: data.slots.map(([start], index) => [start, toDraw(data.before[index]) ?? 0]),
      renderItem: (params: Params & { dataIndex: number }, api: Api) => ghostShape(data, params.dataIndex, api),
    },
  ];
}

function ghostShape(data: UsageData, index: number, api: Api): Shape | undefined {
  const slot = data.slots[index];
  const value = toDraw(data.before[index]);
  if (!slot || value == null) return undefined;
  const [left, top] = api.coord([slot[0], value]);
  const [right, bottom] = api.coord([slot[1], 0]);
  return {
    type: "rect",
    shape: { x: left, y: top, width: Math.max(0.8, right - left), height: Math.max(0, bottom - top) },
    style: { fill: color("--mb-ghost"), stroke: color("--mb-faint"), lineWidth: 1, lineDash: [3, 2] },
  };
}
