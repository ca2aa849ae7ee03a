const NO_BREAK = "\u00a0";
const made = new Map<string, Intl.NumberFormat>();

/** This will return the language of the page. */
export function language(): string {
  return document.documentElement.lang || "en";
}

/** This will write a number as the server does: thousands grouped, the locale's separators, U+2212 for minus. */
export function number(value: number | null | undefined, decimals = 0, locale = language()): string {
  if (value == null) return "–";
  const key = `${locale}/${decimals}`;
  let format = made.get(key);
  if (!format) {
    format = new Intl.NumberFormat(locale, {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
      useGrouping: "always" as unknown as boolean,
    });
    made.set(key, format);
  }
  return format.format(value).replace("-", "\u2212");
}

/** This will write a number with its unit, held together by a no-break space. */
export function quantity(value: number | null | undefined, unit: string, decimals = 0): string {
  return value == null ? "–" : `${number(value, decimals)}${NO_BREAK}${unit}`;
}

/** This will write an age given in seconds in the largest fitting unit: "4 s", "3 min", "2 h", "5 d". */
export function age(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 100) return `${whole}${NO_BREAK}s`;
  if (whole < 5_400) return `${Math.round(whole / 60)}${NO_BREAK}min`;
  if (whole < 172_800) return `${Math.round(whole / 3_600)}${NO_BREAK}h`;
  return `${Math.round(whole / 86_400)}${NO_BREAK}d`;
}
