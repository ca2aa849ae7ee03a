// Answers for the page of the round while there is no network; a program of its own, which imports nothing.
{
  interface Asked extends Event {
    readonly request: Request;
    respondWith(answer: Promise<Response>): void;
  }
  interface Awaited extends Event {
    waitUntil(done: Promise<unknown>): void;
  }
  interface Worker extends EventTarget {
    readonly registration: { readonly scope: string };
    readonly clients: { claim(): Promise<void> };
    skipWaiting(): Promise<void>;
  }
  const worker = self as unknown as Worker;
  const PREFIX = "meterbook-round-";
  const LONGEST = 7 * 24 * 3_600_000; // milliseconds for which a page is shown without the server having been asked

  const kept = async (request: Request): Promise<Response> => {
    // What is kept is one person's, whatever a request says of languages and the like.
    const found = (await caches.match(request, { ignoreVary: true })) ?? (await caches.match(request, { ignoreSearch: true, ignoreVary: true }));
    const day = Date.parse(found?.headers.get("Date") ?? "");
    return found && Date.now() - day < LONGEST ? found : Response.error();
  };

  const drop = async (): Promise<void> => {
    for (const name of await caches.keys()) if (name.startsWith(PREFIX)) await caches.delete(name);
  };

  const page = async (request: Request): Promise<Response> => {
    try {
      const answer = await fetch(request);
      // Who is led to the sign-in page, or let in no more, leaves nothing behind.
      if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) await drop();
      return answer;
    } catch {
      return kept(request);
    }
  };

  const file = async (request: Request): Promise<Response> => (await caches.match(request, { ignoreVary: true })) ?? fetch(request);

  worker.addEventListener("install", (event) => (event as Awaited).waitUntil(worker.skipWaiting()));
  worker.addEventListener("activate", (event) => (event as Awaited).waitUntil(worker.clients.claim()));
  worker.addEventListener("fetch", (event) => {
    const { request } = event as Asked;
    const address = new URL(request.url);
    if (request.method !== "GET" || address.origin !== new URL(worker.registration.scope).origin) return;
    if (request.mode === "navigate") {
      if (address.pathname === new URL(worker.registration.scope).pathname) (event as Asked).respondWith(page(request));
    } else if (address.pathname.startsWith("/static/dist/assets/")) (event as Asked).respondWith(file(request));
    else if (address.pathname.startsWith("/static/")) (event as Asked).respondWith(fetch(request).catch(() => kept(request)));
  });
}
