/** The stacks as they are deployed for the stage `production`. */
import { beforeAll, expect, test } from "vitest";
import { evaluate } from "../../stacks/offline/evaluate.ts";
import type { Evaluation } from "../../stacks/offline/evaluate.ts";
import { CHECKS, ENVIRONMENT } from "./checks.ts";
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
