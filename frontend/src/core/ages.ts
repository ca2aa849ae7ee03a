import { now } from "./clock";
import { all } from "./dom";
import { age } from "./format";
import { text } from "./texts";

/** This will write the age of every `[data-at]` element, and mark its row stale after two of its intervals. */
export function refreshAges(within: ParentNode = document): void {
  const present = now();
  for (const element of all("[data-at]", within)) {
    const at = Date.parse(element.dataset["at"] ?? "");
    if (Number.isNaN(at)) continue;
    const seconds = (present - at) / 1000;
    const shown = age(seconds);
    const wanted = element.dataset["ageText"] ? text(element.dataset["ageText"], { age: shown }) : shown;
    if (element.textContent !== wanted) element.textContent = wanted;
    const limit = Number(element.dataset["staleAfter"]);
    if (limit) markStale(element, seconds > limit);
  }
}

function markStale(element: HTMLElement, isStale: boolean): void {
  const row = element.closest<HTMLElement>("[data-row]") ?? element;
  if (row.classList.contains("stale") === isStale) return;
  row.classList.toggle("stale", isStale);
  for (const mark of all("[data-fresh-mark]", row)) mark.hidden = isStale;
  for (const mark of all("[data-stale-mark]", row)) mark.hidden = !isStale;
}

/** This will keep all ages on the page up to date, once a second. */
export function startAges(): void {
  refreshAges();
  window.setInterval(refreshAges, 1000);
}
