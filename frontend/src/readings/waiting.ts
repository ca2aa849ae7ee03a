// What waits on this phone: shown above the list and beside each meter, sent one by one when the network is back.
import { one } from "../core/dom";
import { text } from "../core/texts";
import { type Answer, deliver, type Delivery } from "./delivering";
import { isReachable, noteAnswer, probe } from "./reach";
import { forget, keep, list, type Unsent } from "./unsent";

/** How the page takes part: it shows what became of a reading, and that one waits. */
export interface Place {
  person: string;
  /** A small file of the server, which tells whether that can be reached. */
  probed: string;
  answered(entry: Unsent, answer: Answer): void;
  waits(entry: Unsent): void;
  refused(entry: Unsent): void;
}

const AGAIN = 10_000; // milliseconds; that the network is back is not always told
let isSending = false;

/** This will send what waits now and whenever the network comes back. */
export function startWaiting(place: Place): { send(): Promise<void>; count(): Promise<number>; stop(): void } {
  const send = async (): Promise<void> => {
    if (isSending) return;
    isSending = true;
    try {
      // Two tabs of one phone take turns; a browser without locks sends twice at worst, which counts once.
      if ("locks" in navigator) await navigator.locks.request("meterbook-readings", () => sendAll(place));
      else await sendAll(place);
    } catch {
      // The browser keeps nothing here: there is nothing to send either.
    } finally {
      isSending = false;
    }
    await show(place);
  };
  const timer = setInterval(() => {
    void again(place, send);
  }, AGAIN);
  const online = (): void => void send();
  const offline = (): void => void show(place);
  const button = one<HTMLButtonElement>("[data-send-now]");
  window.addEventListener("online", online);
  window.addEventListener("offline", offline);
  button?.addEventListener("click", online);
  return {
    send,
    count: async () => (await waiting(place)).length,
    stop: () => {
      clearInterval(timer);
      window.removeEventListener("online", online);
      window.removeEventListener("offline", offline);
      button?.removeEventListener("click", online);
    },
  };
}

async function again(place: Place, send: () => Promise<void>): Promise<void> {
  if ((await waiting(place)).length) await send();
  else if (!isReachable()) {
    await probe(place.probed);
    await show(place);
  }
}

/** This will send one reading; what is not answered waits, and what is refused keeps what was typed. */
export async function bring(place: Place, entry: Unsent): Promise<Delivery> {
  const found = await deliver(entry);
  noteAnswer(found.kind !== "OFFLINE");
  if (found.kind === "ANSWERED" && found.answer.isSaved) await forget(entry.id);
  else if (found.kind === "ANSWERED") await keep({ ...entry, isRefused: true, html: found.answer.html });
  else if (found.kind === "REFUSED") await keep({ ...entry, isRefused: true });
  if (found.kind === "ANSWERED") place.answered(entry, found.answer);
  else if (found.kind === "REFUSED") place.refused(entry);
  else place.waits(entry);
  return found;
}

async function waiting(place: Place): Promise<Unsent[]> {
  return (await list(place.person).catch(() => [])).filter((each) => !each.isRefused);
}

async function sendAll(place: Place): Promise<void> {
  let sent = 0;
  for (const entry of await waiting(place)) {
    const found = await bring(place, entry);
    if (found.kind === "ANSWERED") sent += found.answer.isSaved ? 1 : 0;
    if (found.kind === "SIGNED_OUT") say(text("reading_signed_out"));
    else if (found.kind === "WAITS") say(found.words);
    if (found.kind === "OFFLINE" || found.kind === "SIGNED_OUT" || found.kind === "WAITS") break;
    await show(place);
  }
  const told = one("[data-told]");
  if (sent && told) told.textContent = counted("reading_sent", sent);
}

/** This will show how many readings wait, how many were refused, and whether the page is one that was kept. */
export async function show(place: Place): Promise<void> {
  const found = await list(place.person).catch(() => []);
  const refused = found.filter((each) => each.isRefused).length;
  const left = found.length - refused;
  const form = one<HTMLFormElement>(".reading-form");
  if (form) form.dataset["held"] = found.length ? "1" : "";
  const notice = one("[data-waiting]");
  const count = one("[data-waiting-count]");
  if (!notice || !count) return;
  count.textContent = left ? counted("reading_waiting", left) : refused ? counted("reading_refused", refused) : "";
  const send = one("[data-send-now]", notice);
  if (send) send.hidden = !left;
  if (!isReachable()) say(text("reading_offline"));
  else if (left && refused) say(counted("reading_refused", refused));
  else if (!left || one("[data-waiting-words]", notice)?.textContent === text("reading_offline")) say("");
  notice.hidden = !found.length && isReachable();
}

function say(words: string): void {
  const place = one("[data-waiting-words]");
  if (place) place.textContent = words;
}

function counted(key: string, count: number): string {
  return count === 1 ? text(`${key}_one`) : text(key, { count });
}
