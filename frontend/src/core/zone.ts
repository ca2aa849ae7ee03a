import { all } from "./dom";

/** This will write the browser's time zone into a field that asks for it and is empty; the person may change it. */
export function proposeZone(): void {
  for (const field of all<HTMLInputElement>("[data-propose-zone] input")) {
    if (!field.value) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
  }
}
