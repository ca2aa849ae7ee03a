import { all, csrfToken, one } from "./dom";
import { text } from "./texts";

type Act = (trigger: HTMLElement) => void;

const acts: Record<string, Act> = {
  navigation: toggleNavigation,
  alarms: toggleAlarms,
  find: openPalette,
  theme: chooseTheme,
  password: showPassword,
  copy: (trigger) => void copy(trigger),
  table: toggleTable,
};

function toggleNavigation(): void {
  const isOpen = document.body.classList.toggle("nav-open");
  one(".burger")?.setAttribute("aria-expanded", String(isOpen));
}

function toggleAlarms(trigger: HTMLElement): void {
  const isOpen = trigger.closest(".alarms")?.classList.toggle("open") ?? false;
  trigger.setAttribute("aria-expanded", String(isOpen));
}

export function openPalette(): void {
  const palette = one<HTMLDialogElement>("dialog.palette");
  if (!palette || palette.open) return;
  palette.showModal();
  one<HTMLInputElement>("input", palette)?.select();
}

/** The choice is kept by the server (cookie, and the account when signed in), so that no page flashes. */
function chooseTheme(trigger: HTMLElement): void {
  const choice = trigger.dataset["theme"] ?? "auto";
  const root = document.documentElement;
  root.dataset["theme"] = choice;
  root.dispatchEvent(new CustomEvent("meterbook:choose-theme"));
  for (const each of all('[data-act="theme"]')) each.setAttribute("aria-pressed", String(each.dataset["theme"] === choice));
  const body = new URLSearchParams({ theme: choice });
  void fetch(trigger.dataset["href"] ?? "", { method: "POST", body, headers: { "X-CSRFToken": csrfToken(), "X-Requested-With": "fetch" } });
  closeMenus();
}

function showPassword(trigger: HTMLElement): void {
  const field = one<HTMLInputElement>(`#${trigger.dataset["for"]}`);
  if (!field) return;
  const isShown = field.type === "password";
  field.type = isShown ? "text" : "password";
  trigger.setAttribute("aria-pressed", String(isShown));
}

async function copy(trigger: HTMLElement): Promise<void> {
  await navigator.clipboard.writeText(trigger.dataset["copy"] ?? "");
  const label = one("span", trigger) ?? trigger;
  const before = label.textContent;
  label.textContent = text("copied");
  window.setTimeout(() => (label.textContent = before), 1600);
}

function toggleTable(trigger: HTMLElement): void {
  const table = document.getElementById(trigger.getAttribute("aria-controls") ?? "");
  if (!table) return;
  const isShown = table.classList.toggle("visually-hidden") === false;
  trigger.setAttribute("aria-expanded", String(isShown));
  if (isShown) table.scrollIntoView({ block: "nearest" });
}

function closeMenus(except?: Node | null): void {
  for (const menu of all<HTMLDetailsElement>("details.menu[open]")) if (!except || !menu.contains(except)) menu.open = false;
}

/** This will make the frame's buttons, menus and shortcuts work. */
export function startShell(): void {
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    closeMenus(target);
    const trigger = target?.closest<HTMLElement>("[data-act]");
    if (trigger) acts[trigger.dataset["act"] ?? ""]?.(trigger);
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openPalette();
    }
    if (event.key === "Escape") {
      document.body.classList.remove("nav-open");
      closeMenus();
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target instanceof HTMLSelectElement && event.target.dataset["go"] !== undefined) location.assign(event.target.value);
  });
  one("dialog.palette")?.addEventListener("click", (event) => {
    if (event.target instanceof HTMLDialogElement) event.target.close();
  });
}
