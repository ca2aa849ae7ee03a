// Whether the server answers. What the browser says of the network is not enough: it may be one that leads nowhere.
let hasFailed = false;

/** This will note that the server answered, or that it did not. */
export function noteAnswer(isThere: boolean): void {
  hasFailed = !isThere;
}

/** This will tell whether the server can be reached, as far as is known. */
export function isReachable(): boolean {
  return navigator.onLine && !hasFailed;
}

/** This will ask the server for a small file, and note whether it came. */
export async function probe(address: string): Promise<void> {
  await fetch(address, { cache: "no-store" }).then(() => noteAnswer(true), () => noteAnswer(false));
}
