import { all } from "./dom";

/** Forms that people fill in; those that sign in or ask for a password are typed again in a moment, and
 * those that say `data-warns` warn by themselves. */
const FILLED_IN = "form[method=post][novalidate]:not([data-warns], :has(input[type=password]))";
const AGAIN = 5_000; // milliseconds after which a form that answered with a file may be sent once more

/**
 * This will warn who leaves a page on which something was typed and not sent, and keep a second click from sending a
 * form twice. A form that came back with something wrong in it, or that says so (`data-unsaved`), is not kept yet.
 */
export function startSending(): void {
  const typed = new Set(all<HTMLFormElement>(FILLED_IN).filter((form) => form.matches("[data-unsaved], :has(.problem)")));
  const sent = new Set<HTMLFormElement>();

  document.addEventListener("input", (event) => {
    const form = event.target instanceof Element ? event.target.closest<HTMLFormElement>(FILLED_IN) : null;
    if (form) typed.add(form);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !(form instanceof HTMLFormElement)) return;
    typed.delete(form);
    if (form.method !== "post") return;
    if (sent.has(form)) {
      event.preventDefault();
      return;
    }
    sent.add(form);
    setTimeout(() => sent.delete(form), AGAIN);
  });
  addEventListener("pageshow", () => sent.clear());
  addEventListener("beforeunload", (event) => {
    if ([...typed].some((form) => form.isConnected)) event.preventDefault();
  });
}
