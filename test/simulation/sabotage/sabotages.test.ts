/** The list of sabotages fits the code as it is; that the simulation catches them is `npm run test:sabotage`. */
import { expect, test } from "vitest";
import { sabotaged } from "./loader.ts";
import { SABOTAGES } from "./sabotages.ts";

test("there are at least 40 sabotages, each of its own name", () => {
  expect(new Set(SABOTAGES.map(({ name }) => name)).size).toBe(SABOTAGES.length);
  expect(SABOTAGES.length).toBeGreaterThanOrEqual(40);
});

test.each(SABOTAGES)("the code that is sabotaged by '$name' is where it was", (bug) => {
  expect(() => sabotaged(bug)).not.toThrow();
});
