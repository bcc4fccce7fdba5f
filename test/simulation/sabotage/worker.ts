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
  readonly id: string;
  readonly how: string;
}

export type Verdict = Caught | { readonly kind: "missed" };

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
  return { kind: "missed" };
}

process.once("message", (task) => {
  void hunt(task as Task).then((verdict) => process.send?.(verdict, () => process.disconnect()));
});
