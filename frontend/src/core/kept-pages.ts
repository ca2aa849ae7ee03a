// Pages that the browser may open without network: kept for the person who is signed in, dropped at sign-out.
const PREFIX = "meterbook-round-";

/** This will drop kept pages when the person signs out, and on the pages of those who are not signed in. */
export function startForgetting(): void {
  document.addEventListener("submit", (event) => {
    // Not `form.action`: a field of that name would stand in its place.
    const action = event.target instanceof HTMLFormElement ? event.target.getAttribute("action") : null;
    if (action === "/accounts/logout/") void dropKept("");
  });
  if (location.pathname.startsWith("/accounts/") && !document.querySelector(".frame-grid")) void dropKept("");
}

/** This will drop what is kept for others than this person; "" stands for nobody. */
export async function dropKept(person: string): Promise<void> {
  if (!("caches" in window)) return;
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== PREFIX + person) await caches.delete(name);
  }
}

/** This will keep a page and the files that it uses, in the place of the one before. False: it cannot. */
export async function keepPage(person: string, page: string, worker: string): Promise<boolean> {
  if (!("caches" in window) || !("serviceWorker" in navigator)) return false;
  await navigator.serviceWorker.register(worker);
  const answer = await fetch(page, { cache: "no-store" });
  if (!answer.ok || answer.redirected) return false;
  const files = performance.getEntriesByType("resource").map((each) => each.name);
  const own = files.filter((each) => each.startsWith(`${location.origin}/static/`));
  const cache = await caches.open(PREFIX + person);
  const known = await cache.keys();
  const missing = own.filter((each) => !known.some((request) => request.url === each));
  await Promise.all([...new Set(missing)].map((each) => cache.add(each)));
  await cache.put(page, answer);
  const target = new URL(page, location.href).href;
  for (const request of known) {
    const isOther = request.url !== target && !request.url.startsWith(`${location.origin}/static/`);
    if (isOther) await cache.delete(request);
  }
  await navigator.serviceWorker.ready;
  return true;
}
