/** Which orders of calls are left out: none that ends otherwise. */
import { expect, test } from "vitest";
import { runRace } from "./interleavings.ts";
import { RACES } from "./races.ts";

/** So small that every order of every call can be run. */
const SMALL = [
  "a bay is resized twice at once",
  "a bay is deleted twice at once",
  "a bay is resized and deleted at once",
];

test.each(SMALL)("%s: the orders that are run end in all the ways that there are", async (name) => {
  const race = RACES.find((one) => one.name === name);
  if (!race) throw new Error("there is no such race");
  const [reduced, whole] = [await runRace(race), await runRace(race, { touch: () => true })];
  expect(reduced.isWhole && whole.isWhole).toBe(true);
  expect(reduced.orders).toBeLessThan(whole.orders);
  expect(reduced.cut).toBe(0);
  expect([...reduced.ends].sort()).toEqual([...whole.ends].sort());
});
