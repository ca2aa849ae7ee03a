// A place is moved with the mouse by dropping it onto another one: that opens the form of the move, filled in.
import { all } from "../core/dom";

const KIND = "application/x-meterbook-place";

/** This will let rows with `data-place` be dragged onto each other; `data-base` is the address of the editor. */
export function mount(element: HTMLElement): () => void {
  const rows = all("[data-place]", element);
  const rowOf = (event: Event): HTMLElement | null =>
    event.target instanceof Element ? event.target.closest<HTMLElement>("[data-place]") : null;
  let dragged: HTMLElement | null = null;

  const fits = (row: HTMLElement | null): row is HTMLElement =>
    row !== null && dragged !== null && row !== dragged && !dragged.parentElement?.contains(row);
  const mark = (row: HTMLElement | null): void => {
    for (const each of all(".drop", element)) if (each !== row) each.classList.remove("drop");
    row?.classList.add("drop");
  };
  const start = (event: DragEvent): void => {
    const row = rowOf(event);
    if (!row || row.dataset.place === "top") return;
    dragged = row;
    event.dataTransfer?.setData(KIND, row.dataset.place ?? "");
    if (event.dataTransfer) event.dataTransfer.effectAllowed = "move";
  };
  const over = (event: DragEvent): void => {
    const row = rowOf(event);
    if (!fits(row)) return mark(null);
    event.preventDefault();
    mark(row);
  };
  const drop = (event: DragEvent): void => {
    const row = rowOf(event);
    if (!fits(row) || !dragged) return;
    event.preventDefault();
    const wanted = new URLSearchParams({ place: dragged.dataset.place ?? "", do: "move", to: row.dataset.place ?? "" });
    window.location.assign(`${element.dataset.base ?? ""}?${wanted}`);
  };
  const end = (): void => {
    dragged = null;
    mark(null);
  };

  for (const row of rows) {
    row.draggable = row.dataset.place !== "top";
    // A link is dragged as its address otherwise.
    for (const link of all("a", row)) link.draggable = false;
  }
  element.addEventListener("dragstart", start);
  element.addEventListener("dragover", over);
  element.addEventListener("drop", drop);
  element.addEventListener("dragend", end);
  return () => {
    element.removeEventListener("dragstart", start);
    element.removeEventListener("dragover", over);
    element.removeEventListener("drop", drop);
    element.removeEventListener("dragend", end);
  };
}
