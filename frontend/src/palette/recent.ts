// Places that somebody opened from the palette, kept for this tab only: the next person at the same computer sees none.

/** One place as the palette shows it. */
export interface Place {
  href: string;
  title: string;
  detail: string;
}

const MOST = 5;

/** This will return the places opened last, the newest first. */
export function load(key: string): Place[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(key) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isPlace).slice(0, MOST) : [];
  } catch {
    return []; // written by something else, or the browser keeps nothing
  }
}

/** This will put a place first; one that was there moves up. */
export function remember(key: string, place: Place): void {
  const kept = [place, ...load(key).filter((each) => each.href !== place.href)].slice(0, MOST);
  try {
    sessionStorage.setItem(key, JSON.stringify(kept));
  } catch {
    // A browser that keeps nothing offers pages only.
  }
}

function isPlace(value: unknown): value is Place {
  const { href, title, detail } = (value ?? {}) as Partial<Record<keyof Place, unknown>>;
  // Only addresses of this server: nothing else may get into the list.
  return typeof href === "string" && href.startsWith("/") && !href.startsWith("//") && typeof title === "string" && typeof detail === "string";
}
