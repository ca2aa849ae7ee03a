// Bars beside each other, each of one or more parts: what the page wrote, in the colors of the theme.
import { axis, draw, isSmall, tooltip } from "../charts/chart";
import { color } from "../core/dom";
import { number } from "../core/format";

interface Bar {
  label: string;
  /** From the bottom up: how much, and in which tone. */
  parts: [number, string][];
  words: string;
}

interface BarsData {
  unit: string;
  bars: Bar[];
  /** Every so many bars have their label under them; on a phone fewer. */
  every: number;
  everySmall: number;
}

type Shape = Record<string, unknown>;
interface Api {
  coord(point: [number, number]): [number, number];
}

const TONES: Record<string, string> = {
  usual: "--mb-accent",
  alarm: "--mb-alarm",
  warn: "--mb-warn",
  slate: "--mb-slate",
  faint: "--mb-faint",
};

/** This will draw the bars. */
export function mount(element: HTMLElement, given: unknown): () => void {
  const data = given as BarsData;
  const chart = draw(element, () => option(data));
  return () => chart.dispose();
}

function option(data: BarsData): Shape {
  const count = data.bars.length;
  const every = isSmall() ? data.everySmall : data.every;
  const most = Math.max(0, ...data.bars.map(total));
  return {
    grid: { left: 8, right: 8, top: 24, bottom: 8, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: { ...tooltip(), trigger: "axis", axisPointer: { type: "shadow", shadowStyle: { color: color("--mb-hover") }, z: 0 }, formatter: (found: { dataIndex: number }[]) => data.bars[found[0]?.dataIndex ?? 0]?.words ?? "" },
    xAxis: axis({
      type: "category",
      data: data.bars.map((bar) => bar.label),
      axisLabel: { color: color("--mb-muted"), fontSize: 12, hideOverlap: true, interval: (place: number) => place % every === 0 && place < count },
    }),
    yAxis: axis({
      type: "value",
      name: data.unit,
      min: 0,
      max: most === 0 ? 1 : undefined,
      minInterval: data.unit === "%" ? undefined : 1,
      nameTextStyle: { color: color("--mb-muted"), align: "left" },
      axisLabel: { color: color("--mb-muted"), fontSize: 12, formatter: (value: number) => number(value, Number.isInteger(value) ? 0 : 1) },
    }),
    series: [
      {
        id: "bars",
        type: "custom",
        z: 3,
        encode: { x: 0, y: 1 },
        data: data.bars.map((bar, place) => [place, total(bar)]),
        renderItem: (params: { dataIndex: number; coordSys: { width: number } }, api: Api) => shape(data, params.dataIndex, params.coordSys.width / Math.max(1, count), api),
      },
    ],
  };
}

function total(bar: Bar): number {
  return bar.parts.reduce((sum, [value]) => sum + value, 0);
}

function shape(data: BarsData, place: number, room: number, api: Api): Shape | undefined {
  const bar = data.bars[place];
  if (!bar) return undefined;
  const width = Math.max(1, Math.min(room * 0.75, 56));
  const children: Shape[] = [];
  let reached = 0;
  for (const [value, tone] of bar.parts) {
    if (value <= 0) continue;
    const [middle, top] = api.coord([place, reached + value]);
    const [, bottom] = api.coord([place, reached]);
    children.push({ type: "rect", shape: { x: middle - width / 2, y: top, width, height: Math.max(1, bottom - top) }, style: { fill: color(TONES[tone] ?? "--mb-accent") } });
    reached += value;
  }
  return { type: "group", children };
}
