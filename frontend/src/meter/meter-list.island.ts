// The meter list stays true without a reload, and is walked by keys.
import { all, one } from "../core/dom";
import { fetchPart, onSeries, renew } from "./refresh";

interface Data {
  series: number[];
  rows: string;
}

/** Values of the shown rows are read again at most so often, the counts of the filters less: they look at all meters. */
const ROWS_PAUSE = 2_000;
const COUNTS_PAUSE = 15_000;

/** This will keep the shown rows and the counts in step with the server, and let J, K and the arrows move. */
export function mount(element: HTMLElement, given: unknown): () => void {
  const { series, rows } = given as Data;
  const take = async (address: string): Promise<void> => {
    const part = await fetchPart(address);
    if (part) renew(part);
  };
  const stops = [
    onSeries(series, ROWS_PAUSE, () => take(rows)),
    onSeries(series, COUNTS_PAUSE, () => take(location.href)),
  ];
  const press = (event: KeyboardEvent): void => move(element, event);
  document.addEventListener("keydown", press);
  element.dataset["keys"] = ""; // from here on they work
  return () => {
    for (const stop of stops) stop();
    document.removeEventListener("keydown", press);
  };
}

function move(element: HTMLElement, event: KeyboardEvent): void {
  const target = event.target instanceof HTMLElement ? event.target : null;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (target?.closest("input:not(.pick *), select, textarea, dialog, details.menu, [contenteditable]")) return;
  const row = document.activeElement?.closest(".meter-list tbody tr");
  const step = stepOf(event.key, Boolean(target?.closest(".meter-list tbody")));
  if (event.key === "/") {
    event.preventDefault();
    one<HTMLInputElement>("input[type=search]", element)?.select();
  } else if (event.key === "x" && row) {
    event.preventDefault();
    one<HTMLInputElement>(".pick input", row)?.click();
  } else if (step) {
    const links = all<HTMLAnchorElement>(".meter-list .row-link", element);
    const place = links.findIndex((link) => link.closest("tr") === row);
    const next = links[place < 0 ? (step > 0 ? 0 : links.length - 1) : place + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}

/** J and K move from anywhere; the arrows only inside the table, because elsewhere they scroll. */
function stepOf(key: string, isInside: boolean): number {
  if (key === "j" || (isInside && key === "ArrowDown")) return 1;
  if (key === "k" || (isInside && key === "ArrowUp")) return -1;
  return 0;
}
