/**
 * From a run that breaks a promise to the shortest one that does: the conditions without which it still breaks are taken
 * away, then as many of the faults as can be, first in large parts, then one by one. What is left is the story to read.
 */
import type { Fault, FaultPlan } from "./faults.ts";
import type { RunResult } from "./run.ts";
import { run } from "./run.ts";

/** Runs that shrinking may take. */
const TRIES = 250;

export interface Shrunk {
  readonly plan: FaultPlan;
  readonly result: RunResult;
  readonly tries: number;
}

export async function shrink(broken: RunResult): Promise<Shrunk> {
  const { seed, violation } = broken;
  let tries = 0;
  let best: Shrunk = { plan: { ...broken.plan, faults: broken.struck }, result: broken, tries };
  const attempt = async (plan: FaultPlan): Promise<boolean> => {
    if (tries >= TRIES) return false;
    tries += 1;
    const result = await run({ seed, plan });
    if (result.violation?.id !== violation?.id) return false;
    best = { plan: { ...plan, faults: result.struck }, result, tries };
    return true;
  };
  // What chance had is written down: the same faults at the same places.
  if (!(await attempt(best.plan))) return best;
  for (const condition of best.plan.conditions)
    await attempt({ ...best.plan, conditions: new Set([...best.plan.conditions].filter((one) => one !== condition)) });
  for (let size = Math.ceil(faultsOf(best).length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < faultsOf(best).length;) {
      const left = [...faultsOf(best).slice(0, from), ...faultsOf(best).slice(from + size)];
      if (!(await attempt({ ...best.plan, faults: left }))) from += size;
    }
  }
  return { ...best, tries };
}

function faultsOf({ plan }: Shrunk): readonly Fault[] {
  return plan.faults ?? [];
}

/** One fault, for people. */
export function describeFault({ kind, site, place, force }: Fault): string {
  return `${kind} (${site} ${place}, force ${force.toFixed(2)})`;
}
