import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Rejected } from "@jeroboam/core/errors";
import type { Json, JsonObject } from "@jeroboam/core/json";
import type { PatchRules } from "./patch.ts";
import { applyPatch, readPatch } from "./patch.ts";
import { readPythonDict, readPythonList } from "./python-literal.ts";
import { wireTime } from "./time.ts";
import { addresses, boolean, integer, labels } from "./types.ts";

test.each([
  ["[]", []],
  ["[{'key': 'gpu', 'value': None, 'effect': 'NoSchedule'}]", [{ key: "gpu", value: null, effect: "NoSchedule" }]],
  ['[{"a": "1"}, {"b": "2"},]', [{ a: "1" }, { b: "2" }]],
  ["[", undefined],
  ["{'a': 'b'}", undefined],
  ["['a']", undefined],
  ["[{'a': 'b'} {'c': 'd'}]", undefined],
  ["[{'a': 'b'}, ,]", undefined],
  ["[{'a': [1]}]", undefined],
])("a Python list of dicts in a text: %s", (text, list) => {
  expect(readPythonList(text)).toEqual(list);
});

describe("a Python dict in a text", () => {
  test.each([
    ["{}", {}],
    ["{'a': 'b'}", { a: "b" }],
    ["{'a':'b',}", { a: "b" }],
    [`{u'a': "it's", 'n': 1, 'f': -1.5, 't': True, 'x': None}`, { a: "it's", n: 1, f: -1.5, t: true, x: null }],
    ['{"a": "b", "t": true}', { a: "b", t: true }],
    [String.raw`{'a': 'it\'s \u00fc\xfc \\ \n'}`, { a: "it's üü \\ \n" }],
    ["  { 'a' : 'b' }\n", { a: "b" }],
    ["{'{[': '}'}", { "{[": "}" }],
  ])("%s is read", (text, dict) => {
    expect(readPythonDict(text)).toEqual(dict);
  });

  test.each([
    "",
    "{",
    "{'a'}",
    "{'a': 'b'",
    "{'a': 'b' 'c': 'd'}",
    "{'a': {'b': 'c'}}",
    "{'a': [1]}",
    "{1: 'a'}",
    "{'a': yes}",
    "['a']",
    "{'a': 'b'} x",
    "{,}",
    "{'a': 'b',,}",
    "{'a: 'b'}",
    "{'a':: 'b'}",
  ])("%s is none", (text) => {
    expect(readPythonDict(text)).toBeUndefined();
  });

  test("what JSON writes of flat text is read as JSON reads it, whatever the keys", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })), (dict) => {
        const read = readPythonDict(JSON.stringify(dict)) ?? {};
        expect(new Map(Object.entries(read))).toEqual(
          new Map(Object.entries(JSON.parse(JSON.stringify(dict)) as object)),
        );
      }),
    );
  });

  test("the time grows with the text, not faster", () => {
    for (const unit of ["{", "'", "\\", "u'", "{'a':", " ", "'a',"])
      expect(readPythonDict(`{${unit.repeat(100_000)}`)).toBeUndefined();
  });
});

describe("a patch", () => {
  const rules: PatchRules = { internal: ["uuid"], mandatory: ["image"], dicts: ["labels"] };
  const document: JsonObject = { name: "x", size: null, image: "i", labels: { a: "b" } };

  test("of anything at all is taken or refused, touches nothing else and pollutes nothing", () => {
    const path = fc.oneof(
      fc.constantFrom(
        "/name",
        "/size",
        "/labels",
        "/labels/a",
        "/labels/__proto__",
        "/__proto__/x",
        "/constructor/prototype",
        "/uuid",
      ),
      fc.string(),
    );
    const operation = fc.record(
      { op: fc.constantFrom("add", "replace", "remove", "test"), path, value: fc.jsonValue() },
      { requiredKeys: ["op"] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.array(operation, { maxLength: 5 })), (given) => {
        const before = JSON.stringify(document);
        let patched: JsonObject | undefined;
        try {
          patched = applyPatch(document, readPatch(rules, given as Json));
        } catch (thrown) {
          // Refusals are what is to be seen; anything else is a bug.
          if (!(thrown instanceof Rejected) || thrown.status !== 400) throw thrown;
        }
        expect(JSON.stringify(document)).toBe(before);
        expect(Object.keys(patched ?? document)).toEqual(Object.keys(document));
        expect(({} as JsonObject)["x"]).toBeUndefined();
      }),
    );
  });

  test("a label named __proto__ is a label", () => {
    const patched = applyPatch(document, readPatch(rules, [{ op: "add", path: "/labels/__proto__", value: "v" }]));
    expect(Object.entries(patched["labels"] as JsonObject)).toEqual([
      ["a", "b"],
      ["__proto__", "v"],
    ]);
  });
});

describe("types", () => {
  test.each(["true", "True", "YES", "on", "t", "y", "1", 1, true])("%s is true", (word) => {
    expect(boolean.parse(word)).toBe(true);
  });
  test.each(["false", "No", "OFF", "f", "n", "0", 0, false])("%s is false", (word) => {
    expect(boolean.parse(word)).toBe(false);
  });
  test.each(["", "maybe", 2, null, [], {}])("%j is no boolean", (word) => {
    expect(boolean.safeParse(word).success).toBe(false);
  });
  test.each([
    ["7", 7],
    [7, 7],
    [7.9, 7],
    ["+7", 7],
    ["007", 7],
  ])("%j is %d", (value, number) => {
    expect(integer(1).parse(value)).toBe(number);
  });
  test.each(["", "7.5", "7a", "1e3", "0x7", " 7", null, true, [], 1e300, "9".repeat(15), "9".repeat(30)])(
    "%j is no integer in range",
    (value) => {
      expect(integer(1).safeParse(value).success).toBe(false);
    },
  );
  test.each(["1.2.3.4", "1.2.3.4,5.6.7.8", " 1.2.3.4 , 5.6.7.8 ", "255.255.255.255"])("%s are addresses", (value) => {
    expect(addresses.safeParse(value).success).toBe(true);
  });
  test.each(["", "1.2.3", "256.1.1.1", "1.2.3.4,", "1.2.3.4;5.6.7.8", "::1", "a.b.c.d"])("%s are none", (value) => {
    expect(addresses.safeParse(value).success).toBe(false);
  });
  test("labels become text", () => {
    expect(labels.parse({ a: "x", b: true, c: false, d: 3, e: 1.5 })).toEqual({
      a: "x",
      b: "True",
      c: "False",
      d: "3",
      e: "1.5",
    });
  });
  test("times have their offset, and microseconds only when there are any", () => {
    expect(wireTime(Date.parse("2031-05-04T10:20:30Z"))).toBe("2031-05-04T10:20:30+00:00");
    expect(wireTime(Date.parse("2031-05-04T10:20:30.123Z"))).toBe("2031-05-04T10:20:30.123000+00:00");
    expect(wireTime(null)).toBeNull();
  });
});
