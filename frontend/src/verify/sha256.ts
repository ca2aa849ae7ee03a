const ROUNDS = 64;
const BLOCK = 64;

/** The first 32 bits of the fractional part of a root of a prime (FIPS 180-4). */
function fraction(value: number, root: number): number {
  const whole = Math.pow(value, root);
  return ((whole - Math.floor(whole)) * 0x1_0000_0000) | 0;
}

function primes(count: number): number[] {
  const found: number[] = [];
  for (let each = 2; found.length < count; each += 1) if (found.every((prime) => each % prime !== 0)) found.push(each);
  return found;
}

const KNOWN = primes(ROUNDS);
const K = KNOWN.map((prime) => fraction(prime, 1 / 3));
const START = KNOWN.slice(0, 8).map((prime) => fraction(prime, 1 / 2));

const turned = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

/** The message, a one, zeros, and its length in bits: a multiple of 64 bytes. */
function padded(content: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil((content.length + 9) / BLOCK) * BLOCK);
  whole.set(content);
  whole[content.length] = 0x80;
  const view = new DataView(whole.buffer);
  view.setUint32(whole.length - 8, Math.floor(content.length / 0x2000_0000));
  view.setUint32(whole.length - 4, (content.length << 3) >>> 0);
  return whole;
}

function schedule(view: DataView, offset: number, words: Int32Array): void {
  for (let each = 0; each < 16; each += 1) words[each] = view.getInt32(offset + each * 4);
  for (let each = 16; each < ROUNDS; each += 1) {
    const two = words[each - 2] ?? 0;
    const fifteen = words[each - 15] ?? 0;
    const low = turned(fifteen, 7) ^ turned(fifteen, 18) ^ (fifteen >>> 3);
    const high = turned(two, 17) ^ turned(two, 19) ^ (two >>> 10);
    words[each] = (words[each - 16] ?? 0) + low + (words[each - 7] ?? 0) + high;
  }
}

function mixed(state: number[], words: Int32Array): number[] {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let each = 0; each < ROUNDS; each += 1) {
    const upper = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
    const first = (h + upper + ((e & f) ^ (~e & g)) + (K[each] ?? 0) + (words[each] ?? 0)) | 0;
    const lower = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
    const second = (lower + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  return [a, b, c, d, e, f, g, h].map((word, place) => (word + (state[place] ?? 0)) | 0);
}

/** This will return the SHA-256 of bytes in hexadecimal, without Web Crypto: pages over plain HTTP have none. */
export function plainSha256(content: Uint8Array): string {
  const whole = padded(content);
  const view = new DataView(whole.buffer);
  const words = new Int32Array(ROUNDS);
  let state = START;
  for (let offset = 0; offset < whole.length; offset += BLOCK) {
    schedule(view, offset, words);
    state = mixed(state, words);
  }
  return state.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

/** This will return the SHA-256 of bytes in hexadecimal. */
export async function sha256(content: Uint8Array<ArrayBuffer>): Promise<string> {
  if (!globalThis.crypto?.subtle) return plainSha256(content);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
