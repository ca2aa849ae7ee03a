import { all, readJson } from "./dom";

/** What an island's module exports: draw the data into the element, and say how to clean up. */
export interface Island {
  mount(element: HTMLElement, data: unknown): (() => void) | void;
}

// An island is a file `<name>.island.ts` beside this folder; its name is what `data-island` says.
const files = import.meta.glob<Island>("../*/*.island.ts");
const islands = new Map(Object.entries(files).map(([path, load]) => [path.replace(/^.*\/|\.island\.ts$/g, ""), load]));

const mounted = new WeakMap<HTMLElement, () => void>();

/** This will start each `[data-island]` once; its data is the JSON whose id `data-source` names. */
export async function mountIslands(within: ParentNode = document): Promise<void> {
  const found = all("[data-island]", within);
  if (within instanceof HTMLElement && within.dataset["island"]) found.unshift(within);
  for (const element of found) {
    if (mounted.has(element)) continue;
    const load = islands.get(element.dataset["island"] ?? "");
    if (!load) throw new Error(`No island is named ${element.dataset["island"]}`);
    mounted.set(element, () => undefined);
    const island = await load();
    const clean = island.mount(element, readJson(element.dataset["source"] ?? ""));
    if (clean) mounted.set(element, clean);
  }
}

/** This will let islands in a part of the page that goes away (the part itself included) release what they hold. */
export function unmountIslands(within: Element): void {
  const found = all("[data-island]", within);
  if (within instanceof HTMLElement && within.dataset["island"]) found.push(within);
  for (const element of found) {
    mounted.get(element)?.();
    mounted.delete(element);
  }
}
