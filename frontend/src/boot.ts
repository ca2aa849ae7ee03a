// Loaded before anything is painted (a classic script): the theme is right from the first frame.
{
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let isPrinting = false;
  const apply = (): void => {
    const choice = isPrinting ? "light" : (root.dataset.theme ?? "auto");
    root.dataset.bsTheme = choice === "auto" ? (dark.matches ? "dark" : "light") : choice;
    root.dispatchEvent(new CustomEvent("meterbook:theme", { bubbles: true }));
  };
  const print = (begins: boolean): void => {
    isPrinting = begins; // paper is white
    apply();
  };
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));
  dark.addEventListener("change", apply);
  root.addEventListener("meterbook:choose-theme", apply);
  apply();
}
