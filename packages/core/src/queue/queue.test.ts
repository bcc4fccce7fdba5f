import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeHint, encodeHint } from "./queue.ts";

describe("a hint's text", () => {
  test("is ASCII, and gives back the key", () => {
    const unit = fc.integer({ min: 0, max: 0xff_ff }).map((code) => String.fromCharCode(code));
    const part = fc.string({ unit, minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(part, part, (pk, sk) => {
        const text = encodeHint({ pk, sk });
        expect(text).toMatch(/^[ -~]+$/);
        expect(decodeHint(text)).toEqual({ pk, sk });
      }),
    );
  });

  const strangers = ["", "{", "null", "[]", '"text"', '{"pk":"a"}', '{"pk":"a","sk":""}', '{"pk":1,"sk":"b"}'];
  test.each([...strangers, '{"pk":"a","sk":"b","more":1}', encodeHint({ pk: "x".repeat(1_025), sk: "b" })])(
    "any other text is no hint: %.40s",
    (text) => {
      expect(decodeHint(text)).toBeUndefined();
    },
  );
});
