import { describe, expect, test } from "vitest";
import { evaluate, parseRule, PolicySyntaxError, rulesIn } from "./policy-language.ts";
import type { TargetValues } from "./policy-language.ts";

const credentials = {
  user_id: "alice",
  project_id: "p",
  roles: ["Member", "reader"],
  is_admin: false,
  system_scope: undefined,
  token: { domain: { id: "d" }, groups: [{ id: "g1" }, { id: "g2" }] },
};
const target: TargetValues = { project_id: "p", user_id: "bob", public: true, nothing: null, role: "member" };

const rules: Record<string, string> = { yes: "@", no: "!", member: "role:member", owner: "project_id:%(project_id)s" };
const decide = (rule: Parameters<typeof parseRule>[0]): boolean =>
  evaluate(parseRule(rule), {
    credentials,
    target,
    ruleOf: (name) => (rules[name] === undefined ? undefined : parseRule(rules[name])),
  });

describe("checks", () => {
  const cases: [string, boolean][] = [
    ["", true],
    ["   ", true],
    ["@", true],
    ["!", false],
    ["role:member", true],
    ["role:MEMBER", true],
    ["role:mem", false],
    ["role:admin", false],
    ["role:%(role)s", true],
    ["rule:yes", true],
    ["rule:no", false],
    ["rule:unknown", false],
    ["project_id:%(project_id)s", true],
    ["user_id:%(user_id)s", false],
    ["user_id:alice", true],
    ["is_admin:True", false],
    ["is_admin:False", true],
    ["True:%(public)s", true],
    ["False:%(public)s", false],
    ["'True':%(public)s", true],
    ['"p":%(project_id)s', true],
    ["None:%(nothing)s", true],
    ["'literal':literal", true],
    ["token.domain.id:d", true],
    ["token.domain.name:d", false],
    ["token.groups.id:g2", true],
    ["token.groups.id:g3", false],
    ["project_id:prefix-%(project_id)s", false],
    ["user_id:%(missing)s", false],
    ["missing:%(nothing)s", false],
    ["system_scope:None", false],
    ["constructor:%(project_id)s", false],
    ["project_id:%(toString)s", false],
  ];
  test.each(cases)("%s is %s", (rule, expected) => {
    expect(decide(rule)).toBe(expected);
  });
});

describe("words that join checks", () => {
  const cases: [string, boolean][] = [
    ["not @", false],
    ["not not @", true],
    ["@ and !", false],
    ["! or @", true],
    ["@ or ! and !", true],
    ["! and ! or @", true],
    ["not ! and @", true],
    ["not (@ and !)", true],
    ["(! or @) and !", false],
    ["((rule:member)) and ((project_id:%(project_id)s))", true],
    ["(rule:no) or ((rule:member) and (rule:owner))", true],
    ["@ AND NOT !", true],
    ["@\n and\t@", true],
  ];
  test.each(cases)("%s is %s", (rule, expected) => {
    expect(decide(rule)).toBe(expected);
  });
});

test("the old form is any of lists of all", () => {
  expect(decide([])).toBe(true);
  expect(decide([["@", "!"], ["rule:member"]])).toBe(true);
  expect(decide([["@", "!"], "rule:no"])).toBe(false);
  expect(decide([[]])).toBe(true);
});

describe("what cannot be read is an error, never a rule that lets somebody in", () => {
  const cases = ["(", ")", "(@", "@)", "@ @", "and", "@ and", "not", "@ or", "word", ":value", "http://x/%(a)s", "()"];
  test.each(cases)("%s", (rule) => {
    expect(() => parseRule(rule)).toThrow(PolicySyntaxError);
  });
});

test("a check tells the rules it leans on", () => {
  expect(rulesIn(parseRule("not rule:a and (rule:b or role:c) or @"))).toEqual(["a", "b"]);
});
