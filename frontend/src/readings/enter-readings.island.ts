// Tells the use while a reading is typed, asks about odd numbers at once, and saves each row as soon as Enter is pressed.
import { all, csrfToken, one } from "../core/dom";
import { language, quantity } from "../core/format";
import { text } from "../core/texts";
import { typedNumber } from "./numbers";

interface Answer {
  isSaved: boolean;
  html: string;
  done: number;
  total: number;
  words: string;
  told: string;
}

const DAY = 86_400_000;
const MUCH = 3;

/** This will watch the form of a round; without it each button saves through a page. */
export function mount(element: HTMLElement): () => void {
  const form = element as HTMLFormElement;
  const typed = (event: Event): void => {
    const row = rowOf(event.target);
    if (row && isValue(event.target)) hint(form, row, event.target);
  };
  const pressed = (event: KeyboardEvent): void => {
    const row = rowOf(event.target);
    if (event.key !== "Enter" || !row || !(event.target instanceof HTMLInputElement)) return;
    event.preventDefault();
    void save(form, row);
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
    if (!button || button.name !== "save" || !row) return;
    event.preventDefault();
    void save(form, row);
  };
  const leaving = (event: BeforeUnloadEvent): void => {
    if (!isSubmitting && values(form).some((each) => each.value.trim())) event.preventDefault();
  };
  let isSubmitting = false;
  const submitted = (): void => {
    isSubmitting = true;
  };
  form.addEventListener("input", typed);
  form.addEventListener("keydown", pressed);
  form.addEventListener("click", clicked);
  form.addEventListener("submit", submitted);
  window.addEventListener("beforeunload", leaving);
  for (const row of all("[data-row]", form)) hintAgain(form, row);
  return () => {
    form.removeEventListener("input", typed);
    form.removeEventListener("keydown", pressed);
    form.removeEventListener("click", clicked);
    form.removeEventListener("submit", submitted);
    window.removeEventListener("beforeunload", leaving);
  };
}

function rowOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>("[data-row]") : null;
}

function isValue(target: EventTarget | null): target is HTMLInputElement {
  return target instanceof HTMLInputElement && target.dataset["value"] !== undefined;
}

function values(within: ParentNode): HTMLInputElement[] {
  return all<HTMLInputElement>("input[data-value]", within);
}

function hintAgain(form: HTMLFormElement, row: HTMLElement): void {
  const field = values(row)[0];
  if (field?.value.trim()) hint(form, row, field);
}

/** Use since the reading before, and what looks odd: the server decides, this only tells at once. */
function hint(form: HTMLFormElement, row: HTMLElement, field: HTMLInputElement): void {
  const use = one("[data-use]", row);
  const odd = one("[data-odd]", row);
  const words = one("[data-odd-words]", row);
  if (!use || !odd || !words) return;
  const { before, since, usual, decimals, digits, unit } = row.dataset;
  const value = typedNumber(field.value, language());
  const places = Number(decimals ?? "0");
  const isKnown = before !== undefined && before !== "";
  const used = value === null || !isKnown ? null : value - Number(before);
  use.textContent = used === null || used < 0 ? "" : text("reading_use", { use: quantity(used, unit ?? "", places) });
  let told = "";
  if (value !== null && String(Math.floor(value)).length > Number(digits ?? "20")) told = text("reading_digits");
  else if (used !== null && used < 0) told = text("reading_lower");
  else if (used !== null && usual) {
    const own = one<HTMLInputElement>("input[type=datetime-local]", row)?.value || one<HTMLInputElement>("input[name=at]", form)?.value;
    const days = own ? (new Date(own).getTime() - new Date(since ?? "").getTime()) / DAY : 0;
    if (days > 0 && used > MUCH * Number(usual) * days) told = text("reading_much", { usual: quantity(Number(usual) * days, unit ?? "", places) });
  }
  words.textContent = told;
  odd.hidden = told === "";
}

async function save(form: HTMLFormElement, row: HTMLElement): Promise<void> {
  if (row.getAttribute("aria-busy") === "true") return;
  const field = values(row)[0];
  if (!field?.value.trim()) {
    next(form, row);
    return;
  }
  row.setAttribute("aria-busy", "true");
  const answer = await send(form, row);
  row.removeAttribute("aria-busy");
  const told = one("[data-told]", form);
  if (!answer) {
    if (told) told.textContent = text("reading_lost");
    return;
  }
  if (told) told.textContent = answer.words;
  if (answer.words) {
    one("input[name=at]", form)?.focus();
    return;
  }
  const made = document.createElement("template");
  made.innerHTML = answer.html.trim();
  const fresh = made.content.firstElementChild;
  if (!(fresh instanceof HTMLElement)) return;
  row.replaceWith(fresh);
  tell(answer);
  if (told) told.textContent = answer.told;
  if (answer.isSaved) next(form, fresh);
  else (one<HTMLInputElement>(".reading-doubt input[type=checkbox]", fresh) ?? values(fresh)[0])?.focus();
}

async function send(form: HTMLFormElement, row: HTMLElement): Promise<Answer | null> {
  const body = new FormData();
  for (const field of all<HTMLInputElement>("input[name]", row)) {
    const file = field.files?.[0];
    if (field.type === "file") {
      if (file) body.append(field.name, file);
    } else if (field.type !== "checkbox" || field.checked) body.append(field.name, field.value);
  }
  body.append("at", one<HTMLInputElement>("input[name=at]", form)?.value ?? "");
  body.append("save", row.dataset["row"] ?? "");
  try {
    const answer = await fetch(form.action || window.location.href, {
      method: "POST",
      body,
      headers: { "X-CSRFToken": csrfToken(), "X-Requested-With": "fetch" },
    });
    return answer.ok ? ((await answer.json()) as Answer) : null;
  } catch {
    return null; // told as "not saved"; what was typed stays
  }
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
