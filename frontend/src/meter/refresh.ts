import { refreshAges } from "../core/ages";
import { all } from "../core/dom";
import { subscribe } from "../core/stream";
import { watch } from "../core/watch";

const KEY = "data-live-key";
/** A meter is read block by block and stored as it comes: what belongs together is fetched together. */
const GATHER = 150;

/** This will put a fragment's `[data-live-key]` parts in place of those on the page; what changed flashes once. */
export function renew(fragment: Document): void {
  const fresh = new Map(all(`[${KEY}]`, fragment).map((each) => [each.getAttribute(KEY), each]));
  for (const old of all(`[${KEY}]`)) {
    const now = fresh.get(old.getAttribute(KEY));
    if (!now || essence(now) === essence(old)) continue;
    const isValue = now.textContent !== old.textContent;
    old.replaceChildren(...[...now.childNodes].map((each) => document.importNode(each, true)));
    if (isValue && (old.classList.contains("live-cell") || old.classList.contains("value"))) flash(old);
  }
  refreshAges();
}

/** What a part says, without what this page wrote into it since: ages that count, marks of age that come and go. */
function essence(part: HTMLElement): string {
  const copy = part.cloneNode(true) as HTMLElement;
  for (const each of all("[data-at]", copy)) each.textContent = "";
  for (const each of all("[data-fresh-mark], [data-stale-mark]", copy)) each.removeAttribute("hidden");
  for (const each of all(".stale", copy)) each.classList.remove("stale");
  return copy.innerHTML;
}

function flash(element: HTMLElement): void {
  element.classList.add("fresh");
  window.setTimeout(() => element.classList.remove("fresh"), 60);
}

/** This will fetch a fragment of the server; null when it does not answer well. */
export async function fetchPart(address: string): Promise<Document | null> {
  try {
    const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" } });
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  } catch {
    return null; // the stream's dot tells that the server is away; the next notice tries again
  }
}

/** This will call `work` soon after notices about one of the series, at most once in `pause` milliseconds. */
export function onSeries(ids: readonly number[], pause: number, work: () => Promise<void>): () => void {
  const wanted = new Set(ids);
  let isBusy = false;
  let isWanted = false;
  const run = async (): Promise<void> => {
    isBusy = true;
    await new Promise((done) => window.setTimeout(done, GATHER));
    isWanted = false;
    const started = performance.now();
    await work();
    window.setTimeout(
      () => {
        isBusy = false;
        if (isWanted) void run();
      },
      Math.max(0, pause - (performance.now() - started)),
    );
  };
  const stops = [
    watch(ids),
    subscribe("series", ({ ids: changed }) => {
      if (changed.length && !changed.some((id) => wanted.has(id))) return;
      isWanted = true;
      if (!isBusy) void run();
    }),
  ];
  return () => stops.forEach((stop) => stop());
}
