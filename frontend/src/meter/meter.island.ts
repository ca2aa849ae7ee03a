// The meter page stays true without a reload: values on each notice, the period's usage when it was derived again.
import { one } from "../core/dom";
import { mountIslands, unmountIslands } from "../core/islands";
import { startReadNow } from "./read-now";
import { fetchPart, onSeries, renew } from "./refresh";

interface MeterData {
  series: number[];
  live: string;
  usage: string;
  texts: Record<string, string>;
}

const LIVE_PAUSE = 1_000;
const USAGE_PAUSE = 5_000;

/** This will keep the meter page's values and chart in step with the server. */
export function mount(_element: HTMLElement, given: unknown): () => void {
  const data = given as MeterData;
  const live = async (): Promise<void> => {
    const part = await fetchPart(data.live);
    if (part) renew(part);
  };
  const stops = [onSeries(data.series, LIVE_PAUSE, live), onSeries(data.series, USAGE_PAUSE, () => usage(data.usage)), startReadNow(data.texts, live)];
  return () => {
    for (const stop of stops) stop();
  };
}

async function usage(address: string): Promise<void> {
  const place = one("#meter-usage");
  const part = await fetchPart(`${address}${location.search}`);
  if (!place || !part) return;
  const isSame = part.body.innerHTML === place.dataset["shown"];
  // A menu, a date or a table that somebody is using is not taken from under their hands.
  if (isSame || place.querySelector("details[open]") || place.contains(document.activeElement)) return;
  const isTable = one("#usage-table", place)?.classList.contains("visually-hidden") === false;
  place.dataset["shown"] = part.body.innerHTML;
  unmountIslands(place);
  place.replaceChildren(...[...part.body.childNodes].map((each) => document.importNode(each, true)));
  one("#usage-table", place)?.classList.toggle("visually-hidden", !isTable);
  await mountIslands(place);
}
