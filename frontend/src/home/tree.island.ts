// The arrows walk through the tree: up and down over what is shown, right opens a place, left closes it or goes up.
import { all } from "../core/dom";

/** This will let the arrow keys, Home and End move among `[data-tree-item]`. */
export function mount(element: HTMLElement): () => void {
  const walk = (event: KeyboardEvent): void => {
    const items = all("[data-tree-item]", element).filter((each) => each.getClientRects().length > 0);
    const place = items.indexOf(event.target as HTMLElement);
    const here = items[place];
    if (!here || event.altKey || event.ctrlKey || event.metaKey) return;
    const owner = here.closest("details");
    const isHead = here.tagName === "SUMMARY";
    const steps: Record<string, () => HTMLElement | null | undefined> = {
      ArrowDown: () => items[place + 1],
      ArrowUp: () => items[place - 1],
      Home: () => items[0],
      End: () => items[items.length - 1],
      ArrowRight: () => {
        if (!isHead || !owner) return null;
        if (owner.open) return items[place + 1];
        owner.open = true;
        return here;
      },
      ArrowLeft: () => {
        if (isHead && owner?.open) {
          owner.open = false;
          return here;
        }
        const outer = isHead ? owner?.parentElement?.closest("details") : owner;
        return outer?.querySelector<HTMLElement>("summary");
      },
    };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    step()?.focus();
  };
  element.addEventListener("keydown", walk);
  return () => element.removeEventListener("keydown", walk);
}
