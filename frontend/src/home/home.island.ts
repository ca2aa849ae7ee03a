// Home stays true without a reload: its parts and its chart follow the server, at most once in ten seconds.
import { mountIslands, unmountIslands } from "../core/islands";
import { all, one } from "../core/dom";
import { subscribe } from "../core/stream";
import { fetchPart, renew } from "../meter/refresh";
import { NEWS } from "./hours.island";

const PAUSE = 10_000;
const KINDS = ["series", "alarm", "device"];

/** This will renew the page's parts after notices; parts that appear for the first time bring the whole inside anew. */
export function mount(element: HTMLElement): () => void {
  let timer = 0;
  let latest = 0;
  const work = async (): Promise<void> => {
    latest = performance.now();
    const fresh = await fetchPart(location.href);
    timer = 0;
    if (fresh) await follow(element, fresh);
  };
  const plan = (): void => {
    if (!timer) timer = window.setTimeout(() => void work(), Math.max(500, latest + PAUSE - performance.now()));
  };
  const stops = KINDS.map((kind) => subscribe(kind, plan));
  return () => {
    window.clearTimeout(timer);
    for (const stop of stops) stop();
  };
}

async function follow(element: HTMLElement, fresh: Document): Promise<void> {
  if (keys(element).join() !== keys(fresh).join()) {
    for (const child of all(":scope > *", element)) unmountIslands(child);
    element.replaceChildren(...[...fresh.body.childNodes].map((each) => document.importNode(each, true)));
    await Promise.all(all("[data-island]", element).map((each) => mountIslands(each)));
    return;
  }
  renew(fresh);
  const chart = one("#home-chart", element);
  const data = fresh.getElementById("home-hours")?.textContent;
  if (chart && data) chart.dispatchEvent(new CustomEvent(NEWS, { detail: JSON.parse(data) }));
}

function keys(part: ParentNode): string[] {
  return all("[data-live-key]", part).map((each) => each.dataset["liveKey"] ?? "");
}
