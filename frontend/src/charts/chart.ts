// The one way to draw a chart: SVG, no animation, colors of the theme, painted again when theme, width or font change.
import { CustomChart, LineChart } from "echarts/charts";
import { AxisPointerComponent, GridComponent, MarkLineComponent, MarkPointComponent, TitleComponent, TooltipComponent } from "echarts/components";
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import * as echarts from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { color } from "../core/dom";

echarts.use([AxisPointerComponent, CustomChart, GridComponent, LineChart, MarkLineComponent, MarkPointComponent, SVGRenderer, TitleComponent, TooltipComponent]);

export const FONT = '"Inter Variable", system-ui, sans-serif';

export interface Chart {
  instance: EChartsType;
  /** Paints in place: a tooltip, the crosshair and what is on the page stay. */
  paint: () => void;
  dispose: () => void;
}

/** This will tell whether the window is a phone's: labels are then fewer and margins smaller. */
export function isSmall(): boolean {
  return window.innerWidth < 600;
}

/** This will draw a chart into an element and keep it painted until `dispose`. */
export function draw(element: HTMLElement, option: (instance: EChartsType) => EChartsCoreOption): Chart {
  element.replaceChildren();
  const instance = echarts.init(element, null, { renderer: "svg" });
  // Merged, not set anew: new views would take the tooltip from under the pointer. Series are told apart by their ids.
  const paint = (): void =>
    instance.setOption({ animation: false, textStyle: { fontFamily: FONT, fontSize: 12, color: color("--mb-muted") }, ...option(instance) }, { replaceMerge: ["series"] });
  let width = element.clientWidth;
  const observer = new ResizeObserver(() => {
    if (Math.abs(element.clientWidth - width) <= 1) return;
    width = element.clientWidth;
    instance.resize();
    paint();
  });
  observer.observe(element);
  document.documentElement.addEventListener("meterbook:theme", paint);
  paint();
  // Widths of labels are those of the typeface: once it is there, they are measured again.
  const face = '500 12px "Inter Variable"';
  if (!document.fonts.check(face)) void document.fonts.load(face).then(() => instance.isDisposed() || paint());
  const dispose = (): void => {
    observer.disconnect();
    document.documentElement.removeEventListener("meterbook:theme", paint);
    instance.dispose();
  };
  return { instance, paint, dispose };
}

/** This will return the look of an axis, with what the caller changes. */
export function axis(changes: Record<string, unknown>): Record<string, unknown> {
  return {
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { color: color("--mb-muted"), fontSize: 12, hideOverlap: true },
    splitLine: { lineStyle: { color: color("--mb-line") } },
    ...changes,
  };
}

/** This will return the look of a tooltip drawn as rich text: a page with a strict policy allows no styled HTML. */
export function tooltip(): Record<string, unknown> {
  return {
    renderMode: "richText",
    confine: true,
    backgroundColor: color("--mb-surface"),
    borderColor: color("--mb-line-strong"),
    borderWidth: 1,
    padding: [8, 12],
    textStyle: {
      color: color("--mb-ink"),
      fontSize: 12,
      lineHeight: 20,
      fontFamily: FONT,
    },
  };
}

/** This will return one line of a tooltip. Rich text knows no columns of its own here: name and value in one run. */
export function line(name: string, value: string): string {
  return `${name}: ${value}`;
}

/** This will return the hatch that means "estimated" in every chart. */
export function hatch(): { image: HTMLCanvasElement; imageWidth: number; imageHeight: number; repeat: "repeat" } {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 6;
  const pen = canvas.getContext("2d");
  if (pen) {
    pen.fillStyle = color("--mb-estimated-bg");
    pen.fillRect(0, 0, 6, 6);
    pen.strokeStyle = color("--mb-estimated");
    pen.lineWidth = 1.4;
    pen.beginPath();
    for (const offset of [-6, 0, 6]) {
      pen.moveTo(offset, 6);
      pen.lineTo(offset + 6, 0);
    }
    pen.stroke();
  }
  // Without its size the pattern is drawn once with none, which browsers report as an error.
  return { image: canvas, imageWidth: canvas.width, imageHeight: canvas.height, repeat: "repeat" };
}

/** This will offer the drawn chart as a picture with the page's ground behind it. */
export async function savePicture(element: HTMLElement, name: string): Promise<void> {
  const svg = element.querySelector("svg");
  if (!svg) return;
  const { width, height } = svg.getBoundingClientRect();
  const copy = svg.cloneNode(true) as SVGSVGElement;
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width * 2, height * 2];
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.fillStyle = color("--mb-surface");
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  const link = document.createElement("a");
  link.href = canvas.toDataURL("image/png");
  link.download = `${name}.png`;
  link.click();
}
