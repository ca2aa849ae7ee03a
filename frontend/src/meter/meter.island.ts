// The meter page stays true without a reload: values on each notice, the period's usage when it was derived again.
import { startReadNow } from "./read-now";
import { fetchPart, onSeries, renew } from "./refresh";
import { refreshUsage } from "./refresh-usage";

interface MeterData {
  series: number[];
  live: string;
  usage: string;
  texts: Record<string, string>;
}

const LIVE_PAUSE = 400;
const USAGE_PAUSE = 5_000;

/** This will keep the meter page's values and chart in step with the server. */
export function mount(_element: HTMLElement, given: unknown): () => void {
  const data = given as MeterData;
  const live = async (): Promise<void> => {
    const part = await fetchPart(data.live);
    if (part) renew(part);
  };
  const stops = [onSeries(data.series, LIVE_PAUSE, live), onSeries(data.series, USAGE_PAUSE, () => refreshUsage(data.usage)), startReadNow(data.texts, live)];
  return () => {
    for (const stop of stops) stop();
  };
}
