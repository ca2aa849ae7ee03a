import { csrfToken, one } from "../core/dom";
import { subscribe } from "../core/stream";

interface Answer {
  isFinal: boolean;
  href?: string;
  took?: number | null;
  words?: string;
  remedy?: string;
  exact?: string;
}

const POLL = 1_000;
const GIVE_UP = 40_000;

/** This will make "Read now" ask, wait and tell: how long it took, or why it failed and what to do. */
export function startReadNow(texts: Record<string, string>, live: () => Promise<void>): () => void {
  const form = one<HTMLFormElement>("[data-read-now]");
  const place = one("[data-read-answer]");
  if (!form || !place) return () => undefined;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    void read(form, place, texts, live);
  };
  form.addEventListener("submit", submit);
  return () => form.removeEventListener("submit", submit);
}

async function read(form: HTMLFormElement, place: HTMLElement, texts: Record<string, string>, live: () => Promise<void>): Promise<void> {
  const button = one<HTMLButtonElement>("button", form);
  const label = one("[data-read-label]", form);
  if (!button || !label || button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  button.classList.add("busy");
  label.textContent = texts["reading"] ?? "";
  place.replaceChildren();
  const answer = await ask(form, texts);
  button.removeAttribute("aria-disabled");
  button.classList.remove("busy");
  label.textContent = texts["readNow"] ?? "";
  tell(place, answer, texts);
  await live();
}

async function ask(form: HTMLFormElement, texts: Record<string, string>): Promise<Answer> {
  const lost: Answer = { isFinal: true, words: texts["lost"] ?? "" };
  const first = await json(form.action, { method: "POST", headers: { "X-CSRFToken": csrfToken(), "X-Requested-With": "fetch" } });
  if (!first || first.isFinal || !first.href) return first ?? lost;
  const until = performance.now() + GIVE_UP;
  while (performance.now() < until) {
    await noticeOr(POLL);
    const answer = await json(first.href, { headers: { "X-Requested-With": "fetch" } });
    if (!answer) return lost;
    if (answer.isFinal) return answer;
  }
  return { isFinal: true, words: texts["slow"] ?? "" };
}

async function json(address: string, init: RequestInit): Promise<Answer | null> {
  try {
    const answer = await fetch(address, init);
    return answer.ok ? ((await answer.json()) as Answer) : null;
  } catch {
    return null; // told as "the server did not answer"
  }
}

/** Waits for news about requests, at most so many milliseconds. */
function noticeOr(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const stop = subscribe("request", () => done());
    const timer = window.setTimeout(() => done(), milliseconds);
    const done = (): void => {
      stop();
      window.clearTimeout(timer);
      resolve();
    };
  });
}

function tell(place: HTMLElement, answer: Answer, texts: Record<string, string>): void {
  const notice = document.createElement("div");
  notice.className = answer.words ? "notice alarm" : "notice ok";
  const text = document.createElement("div");
  text.className = "notice-text";
  const head = document.createElement("b");
  head.textContent = answer.words ?? (texts["took"] ?? "").replace("{ms}", String(answer.took ?? "–"));
  text.append(head);
  if (answer.remedy) {
    const remedy = document.createElement("div");
    remedy.textContent = answer.remedy;
    text.append(remedy);
  }
  if (answer.exact) text.title = answer.exact;
  notice.append(text);
  place.replaceChildren(notice);
}
