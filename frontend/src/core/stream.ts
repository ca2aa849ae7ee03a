// One stream of notices a browser: the tab that holds the lock reads it and tells the other tabs. A browser that gives no
// locks to this page (plain HTTP on another machine) reads one stream a tab.
import { all } from "./dom";
import { text } from "./texts";

/** What the server tells: objects of a kind changed. No ids means that any of them may have. */
export interface Notice {
  kind: string;
  ids: readonly number[];
}

export type Handler = (notice: Notice) => void;

type Message = { type: "notice"; notice: Notice } | { type: "state"; isUp: boolean } | { type: "hello" };

/** The server beats every 15 s; after two missed beats the stream counts as down. */
const SILENCE = 40_000;
const RETRY = [2_000, 5_000, 15_000, 30_000];

const handlers = new Map<string, Set<Handler>>();
let isUp = false;
let isLeader = false;
let channel: BroadcastChannel | null = null;

/** This will call the handler for each notice of that kind ("series", "request", "alarm", "device"); the answer stops it. */
export function subscribe(kind: string, handler: Handler): () => void {
  const known = handlers.get(kind) ?? new Set();
  handlers.set(kind, known.add(handler));
  return () => known.delete(handler);
}

/** This will start reading the stream that the page's body names in `data-stream`, if it names one. */
export function startStream(): void {
  const address = document.body.dataset["stream"];
  if (!address) return;
  showState(false);
  if (!("locks" in navigator)) {
    read(address);
    return;
  }
  channel = new BroadcastChannel(`meterbook:${address}`);
  channel.addEventListener("message", (event: MessageEvent<Message>) => hear(event.data));
  channel.postMessage({ type: "hello" } satisfies Message);
  void navigator.locks.request(`meterbook:${address}`, () => {
    isLeader = true;
    read(address);
    return new Promise(() => undefined); // held until the tab closes
  });
}

function hear(message: Message): void {
  if (message.type === "hello") {
    if (isLeader) channel?.postMessage({ type: "state", isUp } satisfies Message);
  } else if (!isLeader) {
    if (message.type === "state") showState(message.isUp);
    else deliver(message.notice);
  }
}

function deliver(notice: Notice): void {
  for (const handler of handlers.get(notice.kind) ?? []) handler(notice);
}

function read(address: string): void {
  let attempt = 0;
  let watch = 0;
  // True for a tab that takes over: what was told between the end of the other tab and now is lost too.
  let wasUp = isUp;
  let latest: EventSource | null = null;
  const open = (): void => {
    const source = (latest = new EventSource(address));
    const alive = (): void => {
      attempt = 0;
      tellState(true);
      window.clearTimeout(watch);
      watch = window.setTimeout(again, SILENCE);
    };
    const again = (): void => {
      source.close();
      window.clearTimeout(watch);
      tellState(false);
      // A page that sleeps is not told; it tries again when it is looked at.
      window.setTimeout(open, RETRY[Math.min(attempt++, RETRY.length - 1)]);
    };
    source.addEventListener("open", () => {
      alive();
      // What was told while the stream was down is lost: everything may have changed.
      if (wasUp) for (const kind of handlers.keys()) tell({ kind, ids: [] });
      wasUp = true;
    });
    source.addEventListener("beat", alive);
    source.addEventListener("message", (event: MessageEvent<string>) => {
      alive();
      tell(JSON.parse(event.data) as Notice);
    });
    source.addEventListener("error", again);
  };
  window.addEventListener("pagehide", () => latest?.close());
  // It may reach the server when the person is signed out already, and would be refused.
  document.addEventListener("submit", (event) => {
    if (event.target instanceof HTMLFormElement && "signOut" in event.target.dataset) latest?.close();
  });
  open();
}

function tell(notice: Notice): void {
  deliver(notice);
  channel?.postMessage({ type: "notice", notice } satisfies Message);
}

function tellState(nowUp: boolean): void {
  if (nowUp === isUp) return;
  showState(nowUp);
  channel?.postMessage({ type: "state", isUp: nowUp } satisfies Message);
}

function showState(nowUp: boolean): void {
  isUp = nowUp;
  document.documentElement.dataset["stream"] = nowUp ? "up" : "down";
  for (const mark of all("[data-live]")) {
    mark.classList.toggle("off", !nowUp);
    mark.textContent = text(nowUp ? "live" : "notLive");
  }
}
