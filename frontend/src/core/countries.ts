import { all } from "./dom";

/** This will write the names of countries, in the language of the page, over their codes in a choice, and sort them. */
export function nameCountries(): void {
  const language = document.documentElement.lang || "en";
  const names = new Intl.DisplayNames([language], { type: "region" });
  for (const choice of all<HTMLSelectElement>('[data-countries] select[name="country"]')) {
    const options = Array.from(choice.options).filter((each) => each.value);
    for (const each of options) each.textContent = names.of(each.value) ?? each.value;
    options.sort((one, other) => (one.textContent ?? "").localeCompare(other.textContent ?? "", language));
    choice.append(...options);
  }
}
