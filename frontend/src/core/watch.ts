// What somebody looks at is polled faster: the page says which series it shows, again and again while it is visible.
import { csrfToken } from "./dom";

/** The server forgets after 20 s; a page whose tab is hidden says nothing. */
const RENEW = 8_000;
/** Parts of a page that mount together are told together. */
const GATHER = 200;

const counts = new Map<number, number>();
let timer = 0;

/** This will have the meters of these series polled faster while the page is visible; the answer ends it. */
export function watch(ids: readonly number[]): () => void {
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  plan(GATHER);
  return () => {
    for (const id of ids) {
      const left = (counts.get(id) ?? 1) - 1;
      if (left > 0) counts.set(id, left);
      else counts.delete(id);
    }
  };
}

function plan(pause: number): void {
  window.clearTimeout(timer);
  timer = counts.size ? window.setTimeout(() => void say(), pause) : 0;
}

async function say(): Promise<void> {
  const address = document.body.dataset["stream"];
  if (!address || !counts.size) return;
  if (document.visibilityState === "visible") {
    const body = new URLSearchParams({ series: [...counts.keys()].join(",") });
    // Lost is lost: the meters are polled at their usual pace, and the next one tells again.
    await fetch(`${address}/watch`, { method: "POST", body, headers: { "X-CSRFToken": csrfToken(), "X-Requested-With": "fetch" } }).catch(() => undefined);
  }
  plan(RENEW);
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") plan(GATHER);
});
