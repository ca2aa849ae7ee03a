// The meter list stays true without a reload.
import { fetchPart, onSeries, renew } from "./refresh";

const PAUSE = 2_000;

/** This will keep the shown page of the list in step with the server. */
export function mount(_element: HTMLElement, given: unknown): () => void {
  return onSeries(given as number[], PAUSE, async () => {
    const part = await fetchPart(location.href);
    if (part) renew(part);
  });
}
