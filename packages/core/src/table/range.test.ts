import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareKeys, endOfPrefix, planRead, sideOf } from "./range.ts";

/** Texts near the places where the two orders of text differ. */
const point = fc.oneof(
  fc.constantFrom(0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff),
  fc.integer({ min: 0, max: 0x10_ff_ff }).filter((code) => code < 0xd8_00 || code > 0xdf_ff),
);
const text = fc.string({ unit: point.map((code) => String.fromCodePoint(code)), maxLength: 8 });

describe("the order of keys", () => {
  test("is the order of their UTF-8 bytes", () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        const bytes = Buffer.compare(Buffer.from(one), Buffer.from(other));
        expect(Math.sign(compareKeys(one, other))).toBe(bytes);
      }),
    );
  });

  test("a prefix ends just above the last text that begins with it", () => {
    fc.assert(
      fc.property(text, text, (prefix, other) => {
        const end = endOfPrefix(prefix);
        const inside = compareKeys(other, prefix) >= 0 && (end === undefined || compareKeys(other, end) < 0);
        expect(inside).toBe(other.startsWith(prefix));
      }),
    );
    expect(endOfPrefix("a\ud7ff")).toBe("a\ue000");
    expect(endOfPrefix("a\u{10ffff}")).toBe("b");
    expect(endOfPrefix("\u{10ffff}")).toBeUndefined();
  });

  test("a plan's span holds exactly the keys that the range asks for", () => {
    const key = fc.string({ unit: fc.constantFrom("a", "b", "é", "🍾"), maxLength: 3 });
    fc.assert(
      fc.property(key, key, key, (prefix, upTo, sk) => {
        const plan = planRead("p", { prefix, upTo });
        const wanted = sk.startsWith(prefix) && compareKeys(sk, upTo) <= 0 && sk !== "";
        const planned = plan !== undefined && sk !== "" && sideOf(plan.span, sk) === "inside";
        expect(planned).toBe(wanted);
      }),
    );
  });
});
