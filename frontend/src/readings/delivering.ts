// Brings one typed reading to the server, and tells what became of it.
import { csrfToken } from "../core/dom";
import type { Unsent } from "./unsent";

/** What the server says of a row. */
export interface Answer {
  isSaved: boolean;
  isRepeat: boolean;
  html: string;
  done: number;
  total: number;
  words: string;
  told: string;
}

/** OFFLINE and SIGNED_OUT: it waits. WAITS: so does it, `words` say why. ANSWERED: see `answer`. REFUSED: not even read. */
export type Delivery =
  | { kind: "ANSWERED"; answer: Answer }
  | { kind: "WAITS"; words: string }
  | { kind: "OFFLINE" }
  | { kind: "SIGNED_OUT" }
  | { kind: "REFUSED" };

const LATER = [408, 425, 429];
const NOBODY = [401, 403];
const PATIENCE = 60_000;
let fresh = "";

/** This will send a reading under its mark; sent twice, it counts once. */
export async function deliver(entry: Unsent): Promise<Delivery> {
  const first = await attempt(entry);
  if (first.kind !== "SIGNED_OUT") return first;
  // A page that was kept carries the token of its day: after signing in again another one holds.
  return (await renewToken(entry.page)) ? attempt(entry) : first;
}

async function attempt(entry: Unsent): Promise<Delivery> {
  const body = new FormData();
  for (const [name, value] of entry.fields) body.append(name, value);
  body.append(`${entry.row}-client_id`, entry.id);
  if (entry.isTimed) body.append(`${entry.row}-taken_at`, entry.takenAt);
  if (entry.photo) body.append(`${entry.row}-photo`, entry.photo);
  body.append("save", entry.row);
  body.append("sent_by", entry.person);
  try {
    const answer = await fetch(entry.page, {
      method: "POST",
      body,
      headers: { "X-CSRFToken": fresh || csrfToken(), "X-Requested-With": "fetch" },
      signal: AbortSignal.timeout(PATIENCE),
    });
    return await told(answer);
  } catch {
    return { kind: "OFFLINE" };
  }
}

async function told(answer: Response): Promise<Delivery> {
  if (NOBODY.includes(answer.status) || answer.redirected) return { kind: "SIGNED_OUT" };
  if (answer.status >= 500 || LATER.includes(answer.status)) return { kind: "OFFLINE" };
  if (!answer.headers.get("Content-Type")?.startsWith("application/json")) return { kind: "REFUSED" };
  const found = (await answer.json()) as Answer;
  if (answer.status === 409) return { kind: "WAITS", words: found.words };
  return answer.ok ? { kind: "ANSWERED", answer: found } : { kind: "REFUSED" };
}

async function renewToken(page: string): Promise<boolean> {
  try {
    const answer = await fetch(page, { cache: "no-store" });
    if (!answer.ok || answer.redirected) return false;
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    fresh = found.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
    return fresh !== "";
  } catch {
    return false;
  }
}
