// The product's clock: the server's, which a demo may run faster than real time.
const opened = performance.now();

interface Anchor {
  at: number;
  speed: number;
}

let anchor: Anchor | null = null;

function readAnchor(): Anchor {
  const { now, speed } = document.body.dataset;
  return { at: now ? Date.parse(now) : Date.now(), speed: Number(speed ?? "1") || 1 };
}

/** This will return the product's time in milliseconds since 1970. */
export function now(): number {
  anchor ??= readAnchor();
  return anchor.at + (performance.now() - opened) * anchor.speed;
}
