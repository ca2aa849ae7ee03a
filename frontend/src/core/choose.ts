import { all, one } from "./dom";

/**
 * This will keep the number of chosen rows and the box that chooses all of a page in step; without it boxes still work.
 *
 * A form with a name (data-choose="run-…") keeps its rows over paging, filters and reloading, for the tab: those of other
 * pages go along in one field (data-chosen-elsewhere). What was decided about them (data-choose-done) is forgotten.
 */
export function startChoosing(): void {
  document.addEventListener("change", (event) => {
    if (!(event.target instanceof HTMLInputElement)) return;
    const form = event.target.closest<HTMLFormElement>("form[data-choose]");
    if (!form) return;
    if (event.target.dataset["chooseAll"] !== undefined) for (const each of boxes(form)) each.checked = event.target.checked;
    keep(form);
    show(form);
  });
  document.addEventListener("submit", (event) => {
    if (event.target instanceof HTMLFormElement) forget(event.target.dataset["chooseDone"] ?? "");
  });
  document.addEventListener("reset", (event) => {
    const form = event.target;
    // The boxes are empty only after the event.
    if (!(form instanceof HTMLFormElement) || !form.matches("form[data-choose]")) return;
    forget(nameOf(form));
    window.setTimeout(() => show(form));
  });
  document.addEventListener("htmx:afterSettle", restoreAll);
  // A page that comes back from the browser's memory keeps its boxes.
  window.addEventListener("pageshow", restoreAll);
}

function restoreAll(): void {
  for (const form of all<HTMLFormElement>("form[data-choose]")) {
    const kept = read(nameOf(form));
    for (const each of boxes(form)) each.checked ||= kept.has(each.value);
    show(form);
  }
}

function boxes(form: HTMLFormElement): HTMLInputElement[] {
  return all<HTMLInputElement>('tbody .pick input[type="checkbox"]', form);
}

function nameOf(form: HTMLFormElement): string {
  return form.dataset["choose"] ?? "";
}

function read(name: string): Set<string> {
  if (!name) return new Set();
  try {
    const kept: unknown = JSON.parse(window.sessionStorage.getItem(`chosen:${name}`) ?? "[]");
    return new Set(Array.isArray(kept) ? kept.map(String) : []);
  } catch {
    return new Set(); // no room is given to this page, or another program wrote there
  }
}

function keep(form: HTMLFormElement): void {
  const name = nameOf(form);
  if (!name) return;
  const kept = read(name);
  for (const each of boxes(form)) {
    if (each.checked) kept.add(each.value);
    else kept.delete(each.value);
  }
  try {
    window.sessionStorage.setItem(`chosen:${name}`, JSON.stringify([...kept]));
  } catch {
    return; // boxes of this page work all the same
  }
}

function forget(name: string): void {
  if (!name) return;
  try {
    window.sessionStorage.removeItem(`chosen:${name}`);
  } catch {
    return;
  }
}

function show(form: HTMLFormElement): void {
  const every = boxes(form);
  const count = every.filter((each) => each.checked).length;
  const here = new Set(every.map((each) => each.value));
  const elsewhere = [...read(nameOf(form))].filter((each) => !here.has(each));
  const field = one<HTMLInputElement>("[data-chosen-elsewhere]", form);
  if (field) field.value = elsewhere.join(",");
  const sum = count + (field ? elsewhere.length : 0);
  form.toggleAttribute("data-some", sum > 0);
  const said = one("[data-chosen]", form);
  if (said) said.textContent = String(sum);
  const master = one<HTMLInputElement>("[data-choose-all]", form);
  if (!master) return;
  master.checked = count > 0 && count === every.length;
  master.indeterminate = count > 0 && count < every.length;
}
