import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { plainSha256, sha256 } from "../src/verify/sha256";

it.each([0, 1, 55, 56, 63, 64, 65, 1_000])("hashes %i bytes as others do", async (length) => {
  const content = Uint8Array.from({ length }, (_none, place) => (place * 31) % 256);

  const expected = createHash("sha256").update(content).digest("hex");

  expect(plainSha256(content)).toBe(expected);
  expect(await sha256(content)).toBe(expected);
});
