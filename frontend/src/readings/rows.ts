// The rows of a round: what is typed in one, and what is put back into it.
import { all, one } from "../core/dom";
import type { Unsent } from "./unsent";

export function rowOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>("[data-row]") : null;
}

export function isValue(target: EventTarget | null): target is HTMLInputElement {
  return target instanceof HTMLInputElement && target.dataset["value"] !== undefined;
}

export function values(within: ParentNode): HTMLInputElement[] {
  return all<HTMLInputElement>("input[data-value]", within);
}

/** This will tell whether a number of any register of a row is typed. */
export function isTyped(row: HTMLElement): boolean {
  return registers(row).some((field) => field.value.trim() !== "");
}

/** This will return the register below the one that a number was typed into, while it is empty; null: none is. */
export function nextRegister(row: HTMLElement, field: HTMLInputElement): HTMLInputElement | null {
  const fields = registers(row);
  const place = fields.indexOf(field);
  const following = place < 0 || !field.value.trim() ? undefined : fields[place + 1];
  return following && !following.value.trim() ? following : null;
}

function registers(row: HTMLElement): HTMLInputElement[] {
  return all<HTMLInputElement>("input[data-value], input[data-further]", row);
}

/** This will return what is typed in a row as the server takes it, without the photo. */
export function typedIn(row: HTMLElement): [string, string][] {
  const found: [string, string][] = [];
  for (const field of all<HTMLInputElement | HTMLSelectElement>("input[name], select[name]", row)) {
    const isBox = field.type === "checkbox";
    if (field.type === "file" || (isBox && !(field as HTMLInputElement).checked)) continue;
    found.push([field.name, field.value]);
  }
  return found;
}

export function photoOf(row: HTMLElement): File | null {
  return one<HTMLInputElement>("input[type=file]", row)?.files?.[0] ?? null;
}

/** This will put a photo back into the field of a row that was drawn anew. */
export function putPhoto(row: HTMLElement, photo: File | null): void {
  const field = one<HTMLInputElement>("input[type=file]", row);
  if (!field || !photo) return;
  const carried = new DataTransfer();
  carried.items.add(photo);
  field.files = carried.files;
}

/** This will put a reading that was kept back into its row. */
export function putBack(row: HTMLElement, entry: Unsent): void {
  for (const [name, value] of entry.fields) {
    const field = all<HTMLInputElement>("input[name], select[name]", row).find((each) => each.name === name);
    if (!field) continue;
    if (field.type === "checkbox") field.checked = true;
    else field.value = value;
  }
  putPhoto(row, entry.photo);
}

/** This will put the row as the server drew it in the place of another; null where it sent none. */
export function drawn(row: HTMLElement, html: string): HTMLElement | null {
  const made = document.createElement("template");
  made.innerHTML = html.trim();
  const fresh = made.content.firstElementChild;
  if (!(fresh instanceof HTMLElement)) return null;
  row.replaceWith(fresh);
  return fresh;
}

/** This will say beside a meter that its reading waits on this phone; no words: it does not. */
export function markUnsent(row: HTMLElement, words: string): void {
  const notice = one("[data-unsent]", row);
  const place = one("[data-unsent-words]", row);
  if (!notice || !place) return;
  place.textContent = words;
  notice.hidden = words === "";
  if (words) row.dataset["kept"] = "1";
  else delete row.dataset["kept"];
}

/** This will empty a row whose reading is given up. */
export function emptied(row: HTMLElement): void {
  for (const field of all<HTMLInputElement>("input[name]", row)) {
    if (field.type === "checkbox") field.checked = false;
    else field.value = field.type === "datetime-local" ? field.defaultValue : "";
  }
  for (const each of all(".reading-doubt, .problem[role=alert]", row)) each.remove();
  row.classList.remove("is-odd");
  markUnsent(row, "");
}
