/** A process with one bug in it: runs seed after seed until a promise is broken, and tells which and at which seed. */
import { sabotage } from "./loader.ts";
import { SABOTAGES } from "./sabotages.ts";

export interface Task {
  readonly name: string;
  readonly seeds: number;
}

export interface Caught {
  readonly kind: "caught";
  /** Seeds that it took. */
  readonly seeds: number;
  /** Where seeds did not catch it: the part of the exhaustive ones that did. */
  readonly part?: string;
  readonly id: string;
  readonly how: string;
}

export type Verdict = Caught | { readonly kind: "missed" };

/** Of one race. */
const ORDERS_MOST = 2_000;

async function hunt({ name, seeds }: Task): Promise<Verdict> {
  const bug = SABOTAGES.find((one) => one.name === name);
  if (!bug) throw new Error(`there is no sabotage ${name}`);
  sabotage(bug);
  const { run } = await import("../run.ts");
  for (let seed = 1; seed <= seeds; seed += 1) {
    const violation = await run({ seed }).then(
      (result) => result.violation,
      // Code that throws where nothing may throw ends the run: as good as any watcher.
      (thrown: unknown) => ({ id: "crash", how: thrown instanceof Error ? thrown.message : String(thrown) }),
    );
    if (violation) return { kind: "caught", seeds: seed, ...violation };
  }
  return (await huntEverywhere(seeds)) ?? { kind: "missed" };
}

/** Chance may take long to bring together what is needed: every order and every moment is tried then. */
async function huntEverywhere(seeds: number): Promise<Caught | undefined> {
  const [{ runRace }, { RACES }, { strikeEveryMoment }, { SCRIPTS }] = await Promise.all([
    import("../interleavings.ts"),
    import("../races.ts"),
    import("../moments.ts"),
    import("../scripts.ts"),
  ]);
  const crash = (thrown: unknown) => ({ id: "crash", how: thrown instanceof Error ? thrown.message : String(thrown) });
  for (const race of RACES) {
    const violation = await runRace(race, { most: ORDERS_MOST }).then((result) => result.violation, crash);
    if (violation) return { kind: "caught", seeds, part: race.name, ...violation };
  }
  for (const script of SCRIPTS) {
    const violation = await strikeEveryMoment(script, { first: true }).then(
      ({ broken: [first] }) => first?.violation,
      crash,
    );
    if (violation) return { kind: "caught", seeds, part: script.name, ...violation };
  }
  return undefined;
}

process.once("message", (task) => {
  void hunt(task as Task).then((verdict) => process.send?.(verdict, () => process.disconnect()));
});
