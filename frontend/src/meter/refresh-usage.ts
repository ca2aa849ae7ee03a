// The usage of a period follows the server in place: nothing that somebody points at, scrolls or types in is replaced.
import { all, one } from "../core/dom";
import { mountIslands, unmountIslands } from "../core/islands";
import { fetchPart } from "./refresh";
import { NEWS, type UsageData } from "./usage-data";

/** This will fetch the usage part again and bring what differs onto the page; the same digest means that nothing does. */
export async function refreshUsage(address: string): Promise<void> {
  const shown = one("#meter-usage [data-digest]");
  const part = await fetchPart(`${address}${location.search}`);
  const fresh = part && one("[data-digest]", part);
  if (!shown?.isConnected || !fresh || fresh.dataset["digest"] === shown.dataset["digest"]) return;
  const isDone = fresh.dataset["shape"] === shown.dataset["shape"] ? follow(shown, fresh) : await replace(shown, fresh);
  if (isDone) shown.dataset["digest"] = fresh.dataset["digest"];
}

/** Parts by their name, and the chart by its data. False: a part is in use and waits for the next notice. */
function follow(shown: HTMLElement, fresh: HTMLElement): boolean {
  const parts = new Map(all("[data-part]", fresh).map((each) => [each.dataset["part"], each]));
  let isDone = true;
  for (const old of all("[data-part]", shown)) {
    const now = parts.get(old.dataset["part"]);
    if (!now || now.innerHTML === old.innerHTML) continue;
    if (isInUse(old)) isDone = false;
    else old.replaceChildren(...imported(now));
  }
  redraw(shown, fresh);
  return isDone;
}

function redraw(shown: HTMLElement, fresh: HTMLElement): void {
  const [chart, drawn] = [one("[data-island=usage]", shown), one("[data-island=usage]", fresh)];
  const [data, text] = [one("#usage-data", shown), one("#usage-data", fresh)?.textContent];
  if (!chart || !drawn || !data || !text) return;
  chart.setAttribute("aria-label", drawn.getAttribute("aria-label") ?? "");
  data.textContent = text;
  chart.dispatchEvent(new CustomEvent<UsageData>(NEWS, { detail: JSON.parse(text) as UsageData }));
}

/** The first usage of an empty period: there was no chart yet. */
async function replace(shown: HTMLElement, fresh: HTMLElement): Promise<boolean> {
  if (isInUse(shown)) return false;
  unmountIslands(shown);
  shown.dataset["shape"] = fresh.dataset["shape"];
  shown.replaceChildren(...imported(fresh));
  await mountIslands(shown);
  return true;
}

function isInUse(part: HTMLElement): boolean {
  return part.querySelector("details[open]") !== null || part.contains(document.activeElement);
}

function imported(part: HTMLElement): Node[] {
  return [...part.childNodes].map((each) => document.importNode(each, true));
}
