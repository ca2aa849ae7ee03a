// Draws the preview anew while a tariff is written, and takes the reader to what a button changed.
import { one } from "../core/dom";
import { text } from "../core/texts";

const PATIENCE = 500; // milliseconds without a key

/** This will watch a form: `data-preview` is where its preview is made, `data-place` the part that was changed. */
export function mount(element: HTMLElement): () => void {
  const form = element as HTMLFormElement;
  const shown = one("#preview", form);
  let waiting = 0;
  let running: AbortController | null = null;

  const renew = async (): Promise<void> => {
    if (!shown) return;
    running?.abort();
    const own = (running = new AbortController());
    shown.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.dataset["preview"] ?? "", {
        method: "POST",
        body: new FormData(form),
        headers: { "X-Requested-With": "fetch" },
        signal: own.signal,
      });
      if (!answer.ok) throw new Error(String(answer.status));
      shown.innerHTML = await answer.text();
    } catch {
      if (own.signal.aborted) return; // a later one is under way
      shown.textContent = text("paint_failed");
    }
    shown.setAttribute("aria-busy", "false");
  };
  const typed = (): void => {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => void renew(), PATIENCE);
  };
  const chosen = (event: Event): void => {
    if (!(event.target instanceof HTMLSelectElement) || event.target.dataset["submits"] === undefined) return;
    const place = event.target.closest<HTMLElement>("[id].tf-part")?.id ?? "";
    form.requestSubmit(submitter(form, `update:${place}`));
  };
  const followed = (event: Event): void => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("#problems a") : null;
    if (!link) return;
    event.preventDefault();
    reach(link.hash.slice(1));
  };

  form.addEventListener("input", typed);
  form.addEventListener("change", chosen);
  form.addEventListener("click", followed);
  const place = form.dataset["place"];
  if (place) reach(place);
  else one("#problems", form)?.focus();
  return () => {
    window.clearTimeout(waiting);
    running?.abort();
    form.removeEventListener("input", typed);
    form.removeEventListener("change", chosen);
    form.removeEventListener("click", followed);
  };
}

function submitter(form: HTMLFormElement, wanted: string): HTMLButtonElement {
  const made = document.createElement("button");
  made.name = "do";
  made.value = wanted;
  made.hidden = true;
  form.append(made);
  return made;
}

/** Fields that the painter stands for are hidden: the painter itself is shown instead. */
function reach(id: string): void {
  const found = document.getElementById(id);
  const target = found && found.getClientRects().length > 0 ? found : document.getElementById("f-calendar");
  target?.scrollIntoView({ block: "center" });
  const field = target?.matches("input, select, textarea") ? target : one("input:not([type=hidden]), select", target ?? undefined);
  (field ?? target)?.focus({ preventScroll: true });
}

