/** The stacks as they are deployed for any stage but `production`. */
import { beforeAll, test } from "vitest";
import { evaluate } from "../../stacks/offline/evaluate.ts";
import type { Evaluation } from "../../stacks/offline/evaluate.ts";
import { CHECKS, ENVIRONMENT } from "./checks.ts";

let stack: Evaluation;

beforeAll(async () => {
  stack = await evaluate("dev", ENVIRONMENT);
});

test.each(Object.entries(CHECKS))("%s", (_title, assertHolds) => assertHolds(stack));
