// Tells the use while a reading is typed, asks about odd numbers at once, and saves each row as soon as Enter is pressed.
// Without network the reading stays on the phone, and is sent once when the network is back.
import { all, one } from "../core/dom";
import { dropKept, keepPage } from "../core/kept-pages";
import { text } from "../core/texts";
import type { Answer } from "./delivering";
import { hint, hintAgain } from "./hints";
import { isReachable, probe } from "./reach";
import { drawn, emptied, isTyped, isValue, markUnsent, nextRegister, photoOf, putBack, putPhoto, rowOf, typedIn, values } from "./rows";
import { startScanning } from "./scan";
import { forget, keep, list, mark, type Unsent } from "./unsent";
import { bring, type Place, show, startWaiting } from "./waiting";

interface Data {
  zone: string;
  person: string;
  worker: string;
  page: string;
  isNow: boolean;
}

interface Round extends Place {
  form: HTMLFormElement;
  data: Data;
}

/** This will watch the form of a round; without it each button saves through a page. */
export function mount(element: HTMLElement, given: unknown): () => void {
  const form = element as HTMLFormElement;
  const data = given as Data;
  const round = roundOf(form, data);
  const queue = startWaiting(round);
  const typed = (event: Event): void => {
    const row = rowOf(event.target);
    if (row && event.target instanceof HTMLElement) markUnsent(row, "");
    if (row && isValue(event.target)) hint(form, row, event.target);
  };
  const pressed = (event: KeyboardEvent): void => {
    const row = rowOf(event.target);
    if (event.key !== "Enter" || !row || !(event.target instanceof HTMLInputElement)) return;
    event.preventDefault();
    const following = nextRegister(row, event.target);
    if (following) following.focus();
    else void save(round, row);
  };
  const clicked = (event: Event): void => {
    const button = event.target instanceof Element ? event.target.closest<HTMLButtonElement>("button") : null;
    const end = button?.dataset["monthEnd"];
    if (end) {
      const when = one<HTMLInputElement>("input[name=at]", form);
      if (when) when.value = end;
      for (const row of all("[data-row]", form)) hintAgain(form, row);
      return;
    }
    const row = rowOf(button);
    if (row && button?.dataset["discard"] !== undefined) {
      void discard(round, row);
      return;
    }
    if (!button || button.name !== "save" || !row) return;
    event.preventDefault();
    void save(round, row);
  };
  const leaving = (event: BeforeUnloadEvent): void => {
    if (!isSubmitting && unsaved(form).length) event.preventDefault();
  };
  let isSubmitting = false;
  const submitted = (event: Event): void => {
    // A page cannot be sent without network; row by row all of it is kept.
    if (!isReachable() || form.dataset["held"] === "1") {
      event.preventDefault();
      void saveAll(round);
    } else isSubmitting = true;
  };
  const search = one<HTMLInputElement>("#reading-search");
  const searched = (): void => {
    const words = (search?.value ?? "").trim().toLocaleLowerCase();
    for (const row of all("[data-row]", form)) row.hidden = !one(".reading-head", row)?.textContent?.toLocaleLowerCase().includes(words);
  };
  const asked = (event: Event): void => {
    if (!isReachable()) event.preventDefault();
  };
  form.addEventListener("input", typed);
  form.addEventListener("keydown", pressed);
  form.addEventListener("click", clicked);
  form.addEventListener("submit", submitted);
  search?.addEventListener("input", searched);
  search?.form?.addEventListener("submit", asked);
  window.addEventListener("beforeunload", leaving);
  const scanning = startScanning(form, (row) => open(row));
  for (const row of all("[data-row]", form)) hintAgain(form, row);
  // What must be looked at again may lie far down; a page that says so begins there.
  const first = one(".reading-row.is-odd", form);
  first?.scrollIntoView({ block: "center" });
  const named = location.hash ? document.getElementById(location.hash.slice(1)) : null;
  if (named && !first && form.contains(named)) open(named);
  void restore(round).then(() => queue.send());
  void keepRound(round);
  return () => {
    queue.stop();
    scanning();
    form.removeEventListener("input", typed);
    form.removeEventListener("keydown", pressed);
    form.removeEventListener("click", clicked);
    form.removeEventListener("submit", submitted);
    search?.removeEventListener("input", searched);
    search?.form?.removeEventListener("submit", asked);
    window.removeEventListener("beforeunload", leaving);
  };
}

/** The list opens without network from now on, and says so; a browser that cannot do that says nothing. */
async function keepRound(round: Round): Promise<void> {
  const { person, page, worker } = round.data;
  await dropKept(person).catch(() => undefined);
  await probe(worker);
  const isKept = isReachable() && (await keepPage(person, page, worker).catch(() => false));
  const ready = one("[data-kept-page]");
  if (ready) ready.hidden = !isKept;
  await show(round);
}

function unsaved(form: HTMLFormElement): HTMLElement[] {
  const rows = all("[data-row]", form).filter((row) => row.dataset["kept"] !== "1");
  return rows.filter(isTyped);
}

function open(row: HTMLElement): void {
  row.hidden = false;
  const folded = one<HTMLDetailsElement>(".reading-again", row);
  if (folded) folded.open = true;
  row.scrollIntoView({ block: "center" });
  values(row)[0]?.focus();
}

/** What happens on the page to a reading that is sent, whenever that is. */
function roundOf(form: HTMLFormElement, data: Data): Round {
  const row = (entry: Unsent): HTMLElement | null => (entry.page === data.page ? one(`[data-row="${entry.row}"]`, form) : null);
  return {
    form,
    data,
    person: data.person,
    probed: data.worker,
    answered: (entry: Unsent, answer: Answer): void => {
      const here = row(entry);
      if (!here || entry.page !== data.page) return;
      tell(answer);
      if (answer.isSaved && isTypedAnew(here, entry)) return;
      const fresh = answer.html ? drawn(here, answer.html) : null;
      if (!fresh || answer.isSaved) return;
      putPhoto(fresh, entry.photo);
      markUnsent(fresh, text("reading_refused_here"));
    },
    waits: (entry: Unsent): void => {
      const here = row(entry);
      if (here && !isTypedAnew(here, entry)) markUnsent(here, text("reading_kept"));
    },
    refused: (entry: Unsent): void => {
      const here = row(entry);
      if (here) markUnsent(here, text("reading_not_taken"));
    },
  };
}

function isTypedAnew(row: HTMLElement, entry: Unsent): boolean {
  const field = values(row)[0];
  return field !== undefined && field.value.trim() !== "" && !entry.fields.some(([name, value]) => name === field.name && value === field.value);
}

/** What was kept of this month when the page was left, put back beside its meters. */
async function restore(round: Round): Promise<void> {
  for (const entry of await list(round.person).catch(() => [])) {
    const row = one(`[data-row="${entry.row}"]`, round.form);
    if (entry.page !== round.data.page || !row) continue;
    const fresh = entry.html ? drawn(row, entry.html) : row;
    if (!fresh) continue;
    putBack(fresh, entry);
    hintAgain(round.form, fresh);
    markUnsent(fresh, text(!entry.isRefused ? "reading_kept" : entry.html ? "reading_refused_here" : "reading_not_taken"));
  }
  await show(round);
}

async function save(round: Round, row: HTMLElement): Promise<void> {
  if (row.getAttribute("aria-busy") === "true") return;
  if (!isTyped(row)) {
    next(round.form, row);
    return;
  }
  const told = one("[data-told]", round.form);
  const when = one<HTMLInputElement>("input[name=at]", round.form);
  const own = one<HTMLInputElement>("input[type=datetime-local]", row)?.value;
  const isTimed = round.data.isNow && !own && when?.value === when?.defaultValue;
  const entry: Unsent = {
    id: mark(),
    person: round.person,
    page: round.data.page,
    row: row.dataset["row"] ?? "",
    fields: [...typedIn(row), ["at", when?.value ?? ""]],
    photo: photoOf(row),
    takenAt: new Date().toISOString(),
    isTimed: false,
    isRefused: false,
    html: "",
  };
  row.setAttribute("aria-busy", "true");
  // Kept before it is sent: whatever happens now, it is not lost.
  const isKept = await keep(entry).then(() => true, () => false);
  const found = await bring(isKept ? round : { ...round, waits: () => undefined }, entry).catch(() => ({ kind: "OFFLINE" as const }));
  row.removeAttribute("aria-busy");
  if (found.kind === "ANSWERED") {
    await after(round, entry, found.answer);
    return;
  }
  if (isKept && found.kind !== "REFUSED") {
    await keep({ ...entry, isTimed });
    await show(round);
    if (told) told.textContent = text(found.kind === "SIGNED_OUT" ? "reading_signed_out" : "reading_kept");
    next(round.form, row);
  } else if (told) told.textContent = text(found.kind === "REFUSED" ? "reading_not_taken" : isKept ? "reading_lost" : "reading_no_store");
}

async function discard(round: Round, row: HTMLElement): Promise<void> {
  const found = await list(round.person).catch(() => []);
  for (const entry of found) if (entry.page === round.data.page && entry.row === row.dataset["row"]) await forget(entry.id);
  emptied(row);
  await show(round);
  values(row)[0]?.focus();
}

async function saveAll(round: Round): Promise<void> {
  for (const row of unsaved(round.form)) await save(round, row);
}

/** The row is drawn anew; on to the next one, or to what is asked about this one. */
async function after(round: Round, entry: Unsent, answer: Answer): Promise<void> {
  const told = one("[data-told]", round.form);
  if (told) told.textContent = answer.words || answer.told;
  const fresh = one(`[data-row="${entry.row}"]`, round.form);
  if (answer.words) {
    await forget(entry.id).catch(() => undefined);
    one("input[name=at]", round.form)?.focus();
    return;
  }
  await show(round);
  if (!fresh) return;
  if (answer.isSaved) next(round.form, fresh);
  else (one<HTMLInputElement>(".reading-doubt input[type=checkbox]", fresh) ?? values(fresh)[0])?.focus();
}

function tell(answer: Answer): void {
  const bar = one<HTMLProgressElement>("[data-progress]");
  const words = one("[data-progress-words]");
  const missing = one("[data-missing]");
  if (bar) bar.value = answer.done;
  if (words) words.textContent = text("reading_progress", { done: answer.done, total: answer.total });
  if (missing) missing.textContent = String(answer.total - answer.done);
}

/** On to the next meter without a reading; after the final one to "save all". */
function next(form: HTMLFormElement, row: HTMLElement): void {
  const rows = all("[data-row]", form);
  const following = rows.slice(rows.indexOf(row) + 1).find((each) => each.dataset["left"] === "1");
  const field = following ? values(following)[0] : one<HTMLElement>(".reading-foot button", form);
  field?.focus();
  field?.scrollIntoView({ block: "center" });
}
