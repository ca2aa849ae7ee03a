import { readJson } from "./dom";

let texts: Record<string, string> | null = null;

/** This will return a translated text by its key, with {name} places filled. The server writes them into the page. */
export function text(key: string, places: Record<string, string | number> = {}): string {
  texts ??= { ...readJson<Record<string, string>>("texts"), ...readJson<Record<string, string>>("page-texts") };
  const found = texts[key] ?? key;
  return found.replace(/\{(\w+)\}/g, (whole, name: string) => String(places[name] ?? whole));
}
