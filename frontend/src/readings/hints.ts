// What a number that is being typed means: the use since the reading before, and what looks odd about it.
import { one } from "../core/dom";
import { language, quantity } from "../core/format";
import { text } from "../core/texts";
import { typedNumber } from "./numbers";
import { values } from "./rows";

const DAY = 86_400_000;
const MUCH = 3;

export function hintAgain(form: HTMLFormElement, row: HTMLElement): void {
  const field = values(row)[0];
  if (field?.value.trim()) hint(form, row, field);
}

/** Use since the reading before, and what looks odd: the server decides, this only tells at once. */
export function hint(form: HTMLFormElement, row: HTMLElement, field: HTMLInputElement): void {
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
