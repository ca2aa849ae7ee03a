// Loaded before anything is painted (a classic script): the theme is right from the first frame.
{
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = (): void => {
    const choice = root.dataset.theme ?? "auto";
    root.dataset.bsTheme = choice === "auto" ? (dark.matches ? "dark" : "light") : choice;
    root.dispatchEvent(new CustomEvent("meterbook:theme", { bubbles: true }));
  };
  dark.addEventListener("change", apply);
  root.addEventListener("meterbook:choose-theme", apply);
  apply();
}
