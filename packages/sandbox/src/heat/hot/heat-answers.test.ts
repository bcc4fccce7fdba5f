/**
 * What Heat's own template engine (release 19.0.0, run in process) answers to some hundreds of templates: each function in each version,
 * each parameter type and constraint, each refusal. heat-answers.json holds a template a line with the outputs or the error text.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { toText } from "../../json.ts";
import type { JsonMap } from "../../json.ts";
import { createTestCloud } from "../../test-cloud.ts";

interface Case {
  template: string | JsonMap;
  parameters?: JsonMap;
  files?: JsonMap;
  environment?: JsonMap;
  outputs?: JsonMap;
  error?: string;
}

const cases = JSON.parse(readFileSync(new URL("heat-answers.json", import.meta.url), "utf8")) as Case[];

/** What the templates that are one expression see. */
const parameters: JsonMap = {
  s: { type: "string", default: "abc" },
  n: { type: "number", default: 5 },
  f: { type: "number", default: 1.5 },
  l: { type: "comma_delimited_list", default: "a, b,c" },
  j: { type: "json", default: { k: [1, 2, { z: "y" }], m: { a: null, b: true } } },
  b: { type: "boolean", default: "yes" },
  e: { type: "string", default: "" },
};
const conditions: JsonMap = {
  c: { equals: [{ get_param: "s" }, "abc"] },
  d: { not: { equals: [{ get_param: "n" }, 5] } },
};

function completed({ template, files = { abc: "file of abc" }, ...rest }: Case): JsonMap {
  const { outputs: _, error: __, ...more } = rest;
  const isExpression = typeof template === "object" && template["parameters"] === undefined;
  if (!isExpression) return { ...more, files, template };
  const hasConditions =
    toText(template["heat_template_version"]) >= "2016-10-14" && template["conditions"] === undefined;
  return { ...more, files, template: { ...template, parameters, ...(hasConditions && { conditions }) } };
}

test("Heat's answers to templates are ours", async () => {
  const cloud = createTestCloud({ options: { stacksPerProject: cases.length } });
  const heat = await cloud.heat("demo");
  const differences: unknown[] = [];
  for (const [index, one] of cases.entries()) {
    const name = `case${index}`;
    const made = await heat.send("POST", "/stacks", { stack_name: name, ...completed(one) });
    const stack = made.status === 201 ? await heat.show(name) : undefined;
    const outputs: { output_key: string; output_value: unknown; output_error?: string }[] = stack?.outputs ?? [];
    // What an output has against its value is told when it is asked for, beside the output.
    const error = outputs.find((output) => output.output_error !== undefined)?.output_error ?? made.body.error?.message;
    const expected = one.error ?? one.outputs;
    const actual = error ?? Object.fromEntries(outputs.map((output) => [output.output_key, output.output_value]));
    const isSame =
      typeof actual === "string"
        ? actual === expected || actual.endsWith(`not in valid format: ${one.error ?? ""}`)
        : JSON.stringify(actual) === JSON.stringify(expected);
    if (!isSame) differences.push({ one, actual });
  }
  expect(differences).toEqual([]);
  expect(cases.length).toBeGreaterThan(450);
});
