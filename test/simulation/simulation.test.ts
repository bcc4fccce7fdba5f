/** The simulation in small, for every test run; `npm run test:simulation` is the whole. */
import { expect, test } from "vitest";
import { run } from "./run.ts";
import { play } from "./script.ts";
import { SCRIPTS } from "./scripts.ts";

/** `SEEDS=3000 npx vitest run test/simulation/simulation.test.ts` asks for more. */
const SEEDS = Number(process.env["SEEDS"] ?? 50);
const FROM = 1_000_000;

/** Fails with what broke and the one command that shows it. */
async function expectUnbroken(seed: number): Promise<void> {
  const { violation } = await run({ seed });
  expect(violation, `npm run sim -- --seed ${seed}`).toBeUndefined();
}

test("no promise is broken, whatever fails when", { timeout: SEEDS * 10_000 }, async () => {
  for (let seed = FROM; seed < FROM + SEEDS; seed += 1) await expectUnbroken(seed);
});

test("a run asks for at least 8 bays and is struck by at least 25 faults", async () => {
  // Keystone is away in the last while users begin, so that faults must hurry.
  for (const seed of [1, 2, 3, 798]) {
    const { bays, struck } = await run({ seed });
    expect(bays).toBeGreaterThanOrEqual(8);
    expect(struck.length).toBeGreaterThanOrEqual(25);
  }
});

test("the same seed runs the same way, to the last character", async () => {
  for (const seed of [4, 5, 6]) {
    const [one, other] = [await run({ seed }), await run({ seed })];
    expect(other).toEqual(one);
  }
  expect((await run({ seed: 7 })).hash).not.toBe((await run({ seed: 8 })).hash);
});

test("a conductor that wakes with what a stack was before its bay was resized keeps none of it", async () => {
  const script = SCRIPTS.find(({ name }) => name === "resizing a bay");
  if (!script) throw new Error("there is no such script");
  // Heat's first answers are those about the creation.
  for (const place of [1, 2, 3, 4, 5, 6]) {
    const asleep = { kind: "paused after", site: "heat", place, force: 0.75, choice: 0 } as const;
    expect((await play(script, [asleep])).violation, `Heat's answer ${place}`).toBeUndefined();
  }
});
