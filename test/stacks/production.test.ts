/** The stacks as they are deployed for the stage `production`. */
import { beforeAll, describe, expect, test } from "vitest";
import { evaluate } from "../../stacks/offline/evaluate.ts";
import type { Evaluation } from "../../stacks/offline/evaluate.ts";
import { CHECKS, ENVIRONMENT, named, statementsOf } from "./checks.ts";
import { deriveNeeds, KNOWN_COMMANDS, PLATFORM_NEEDS } from "./function-needs.ts";
import { MUTATIONS } from "./mutations.ts";

let stack: Evaluation;

beforeAll(async () => {
  stack = await evaluate("production", ENVIRONMENT);
});

test.each(Object.entries(CHECKS))("%s", (_title, assertHolds) => assertHolds(stack));

test("two evaluations make the same resources", () => {
  expect(stack.resources.map(({ type, name }) => `${type} ${name}`).toSorted()).toMatchSnapshot();
});

test.each(Object.entries(MUTATIONS))("a breakage is noticed: %s", (_title, mutate) => {
  const broken = structuredClone(stack);
  mutate(broken);
  expect(Object.values(CHECKS).filter((check) => isBroken(check, broken))).not.toEqual([]);
});

function isBroken(check: (stack: Evaluation) => void, stack: Evaluation): boolean {
  try {
    check(stack);
    return false;
  } catch {
    // A check that fails is what this looks for.
    return true;
  }
}

/** What a function's role grants, in the words of its needs. */
function grantsOf(evaluated: Evaluation, role: string): readonly string[] {
  return statementsOf(named(evaluated, role))
    .flatMap(({ actions, resources, conditions = [] }) => {
      const purpose = conditions.map(({ values }) => ` for ${values}`).join();
      const names = resources.map((arn) => arn.replace(/^(?:[^:]*:){5}/, "").replace(/:\*$/, ""));
      return names.flatMap((name) => actions.map((action) => `${action} on ${name}${purpose}`));
    })
    .toSorted();
}

describe("least privilege", () => {
  test.each([
    ["api", "ApiRole"],
    ["conductor", "ConductorRole"],
    ["deliverer", "DelivererRole"],
    ["schedule", "ScheduleRole"],
  ] as const)("%s may do what its code can issue and Lambda needs, neither more nor less", async (name, role) => {
    const { commands, permissions } = await deriveNeeds(name);
    // A command that no method of a port accounts for: say in function-needs.ts what issues it.
    expect([...commands].filter((command) => !KNOWN_COMMANDS.has(command))).toEqual([]);
    expect(grantsOf(stack, role)).toEqual([...permissions, ...PLATFORM_NEEDS[name]].toSorted());
  });
});
