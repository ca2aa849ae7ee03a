import { one } from "./dom";

/** What in a row answers a click itself. */
const OWN = "a, button, input, select, textarea, label, summary, details, [data-act]";

/** This will let a click anywhere in a row open what the row's link leads to; marking text in it opens nothing. */
export function startRows(): void {
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || !(event.target instanceof Element) || event.target.closest(OWN)) return;
    const row = event.target.closest<HTMLElement>(".grid-table tbody tr");
    const link = row && one<HTMLAnchorElement>("a.row-link", row);
    if (!link || getSelection()?.isCollapsed === false) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey) window.open(link.href, "_blank", "noopener");
    else link.click();
  });
}
