import { all, one } from "./dom";

/** This will keep the number of chosen rows and the box that chooses all of a page in step; without it boxes still work. */
export function startChoosing(): void {
  document.addEventListener("change", (event) => {
    if (!(event.target instanceof HTMLInputElement)) return;
    const form = event.target.closest<HTMLFormElement>("form[data-choose]");
    if (!form) return;
    if (event.target.dataset["chooseAll"] !== undefined) for (const each of boxes(form)) each.checked = event.target.checked;
    show(form);
  });
  document.addEventListener("reset", (event) => {
    const form = event.target;
    // The boxes are empty only after the event.
    if (form instanceof HTMLFormElement && form.matches("form[data-choose]")) window.setTimeout(() => show(form));
  });
  // A page that comes back from the browser's memory keeps its boxes.
  window.addEventListener("pageshow", () => {
    for (const form of all<HTMLFormElement>("form[data-choose]")) show(form);
  });
}

function boxes(form: HTMLFormElement): HTMLInputElement[] {
  return all<HTMLInputElement>('tbody .pick input[type="checkbox"]', form);
}

function show(form: HTMLFormElement): void {
  const every = boxes(form);
  const count = every.filter((each) => each.checked).length;
  const said = one("[data-chosen]", form);
  if (said) said.textContent = String(count);
  const master = one<HTMLInputElement>("[data-choose-all]", form);
  if (!master) return;
  master.checked = count > 0 && count === every.length;
  master.indeterminate = count > 0 && count < every.length;
}
