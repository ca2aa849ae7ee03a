import { describe, expect, it } from "vitest";
import { age, number, quantity } from "../src/core/format";

const plain = (text: string): string => text.replaceAll("\u00a0", " ");

describe("number", () => {
  it("writes the locale's separators, as the server does", () => {
    expect(number(284309.21, 2, "en")).toBe("284,309.21");
    expect(number(284309.21, 2, "es")).toBe("284.309,21");
    expect(number(1234, 0, "es")).toBe("1.234");
  });

  it("writes a real minus and a dash for nothing", () => {
    expect(number(-12.4, 1, "en")).toBe("\u221212.4");
    expect(number(null, 1, "en")).toBe("–");
  });
});

describe("age", () => {
  it("takes the largest fitting unit, as the server does", () => {
    expect([0, 99, 100, 5399, 5400, 172_800, -5].map((seconds) => plain(age(seconds)))).toEqual(["0 s", "99 s", "2 min", "90 min", "2 h", "2 d", "0 s"]);
  });
});

describe("quantity", () => {
  it("holds number and unit together", () => {
    globalThis.document = { documentElement: { lang: "en" } } as unknown as Document;
    expect(quantity(4.2, "kW", 1)).toBe("4.2\u00a0kW");
  });
});
