// The palette: what is typed is looked for on the server, the arrows choose, Enter opens. A combobox with a list, so that
// screen readers say the chosen line while the focus stays where one types.
import { all, one } from "../core/dom";
import { load, remember, type Place } from "./recent";

const PAUSE = 120; // ms without a key before the server is asked

/** This will make the palette work; the shell opens it. */
export function mount(element: HTMLElement): () => void {
  const dialog = element as HTMLDialogElement;
  const input = one<HTMLInputElement>("input", dialog)!;
  const list = one("#palette-found", dialog)!;
  const note = one(".palette-note", dialog)!;
  const address = dialog.dataset["href"] ?? "";
  const store = `meterbook:places:${address}:${dialog.dataset["owner"]}`;
  let waiting = 0;
  let asked: AbortController | null = null;

  const options = (): HTMLAnchorElement[] => all<HTMLAnchorElement>('[role="option"]', list);

  const choose = (option: HTMLAnchorElement | undefined): void => {
    for (const each of options()) each.setAttribute("aria-selected", String(each === option));
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };

  const show = (html: string, words: string): void => {
    list.innerHTML = html;
    if (!words) showRecent(dialog, list, load(store));
    const found = options();
    found.forEach((each, place) => (each.id = `palette-option-${place}`));
    input.setAttribute("aria-expanded", String(found.length > 0));
    choose(found[0]);
    note.textContent = found.length ? (note.dataset["found"] ?? "").replace("{count}", String(found.length)) : (note.dataset["empty"] ?? "");
    note.classList.toggle("visually-hidden", found.length > 0);
    dialog.dataset["shown"] = words;
  };

  const ask = async (): Promise<void> => {
    const words = input.value.trim();
    asked?.abort();
    asked = new AbortController();
    try {
      const answer = await fetch(`${address}?${new URLSearchParams({ q: words })}`, {
        headers: { "X-Requested-With": "fetch" },
        signal: asked.signal,
      });
      if (answer.status === 401) location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      show(await answer.text(), words);
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      note.textContent = note.dataset["failed"] ?? "";
      note.classList.remove("visually-hidden");
    }
  };

  const type = (): void => {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => void ask(), PAUSE);
  };

  const open = (option: HTMLAnchorElement): void => {
    remember(store, {
      href: option.getAttribute("href") ?? "",
      title: one(".palette-title", option)?.textContent ?? "",
      detail: one(".muted", option)?.textContent ?? "",
    });
  };

  const press = (event: KeyboardEvent): void => {
    const found = options();
    const place = found.findIndex((each) => each.getAttribute("aria-selected") === "true");
    const steps: Record<string, number> = { ArrowDown: place + 1, ArrowUp: place - 1, PageDown: place + 6, PageUp: place - 6 };
    if (event.key in steps && found.length) {
      event.preventDefault();
      const wanted = steps[event.key] ?? 0;
      const isStep = event.key.startsWith("Arrow");
      choose(found[isStep ? (wanted + found.length) % found.length : Math.min(Math.max(wanted, 0), found.length - 1)]);
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      // What was typed after the list was fetched is not in it yet: Enter waits for the newer list.
      if (dialog.dataset["shown"] === input.value.trim()) found[place]?.click();
      else {
        window.clearTimeout(waiting);
        void ask().then(() => options()[0]?.click());
      }
    }
  };

  const click = (event: MouseEvent): void => {
    if (!(event.target instanceof Element)) return;
    if (event.target.closest("[data-palette-close]")) dialog.close();
    const option = event.target.closest<HTMLAnchorElement>('[role="option"]');
    if (option) {
      open(option);
      if (!event.ctrlKey && !event.metaKey) dialog.close();
    }
  };

  const focus = (): void => {
    if (dialog.open && (dialog.dataset["shown"] !== input.value.trim() || !input.value)) void ask();
  };

  input.addEventListener("input", type);
  input.addEventListener("keydown", press);
  input.addEventListener("focus", focus);
  list.addEventListener("pointermove", (event) => choose((event.target as Element).closest<HTMLAnchorElement>('[role="option"]') ?? undefined));
  dialog.addEventListener("click", click);
  focus();
  return () => asked?.abort();
}

function showRecent(dialog: HTMLElement, list: HTMLElement, places: readonly Place[]): void {
  const group = one<HTMLTemplateElement>("[data-palette-recent]", dialog)?.content.firstElementChild?.cloneNode(true);
  const option = one<HTMLTemplateElement>("[data-palette-option]", dialog)?.content.firstElementChild;
  if (!places.length || !(group instanceof HTMLElement) || !option) return;
  for (const place of places) {
    const made = option.cloneNode(true) as HTMLAnchorElement;
    made.href = place.href;
    one(".palette-title", made)!.textContent = place.title;
    one(".muted", made)!.textContent = place.detail;
    group.append(made);
  }
  list.prepend(group);
}
