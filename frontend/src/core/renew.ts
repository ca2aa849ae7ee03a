import { all } from "./dom";
import { subscribe } from "./stream";

const PAUSE = 1_000;
const KINDS = ["series", "request", "alarm", "device"];

const waiting = new WeakSet<HTMLElement>();

/**
 * This will tell each `[data-renew="series alarm"]` when something of those kinds changed: it gets the event
 * `meterbook:news`, at most once a `data-renew-pause` (milliseconds); `hx-trigger` then fetches the part again.
 */
export function startRenewing(): void {
  for (const kind of KINDS) subscribe(kind, () => all("[data-renew]").filter((part) => isAbout(part, kind)).forEach(plan));
}

function isAbout(part: HTMLElement, kind: string): boolean {
  return (part.dataset["renew"] ?? "").split(" ").includes(kind);
}

function plan(part: HTMLElement): void {
  if (waiting.has(part)) return;
  waiting.add(part);
  window.setTimeout(() => {
    waiting.delete(part);
    // A part that somebody types in or has open would lose it.
    if (!part.querySelector("details[open], input:focus")) part.dispatchEvent(new CustomEvent("meterbook:news"));
  }, Number(part.dataset["renewPause"]) || PAUSE);
}
