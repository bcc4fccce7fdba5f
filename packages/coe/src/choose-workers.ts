/**
 * Which workers go when a bay or a node group shrinks: those that were named, else those with the least to do as the
 * bay's engine says. Masters are no workers of the stack's group, so none can be chosen. A name that fits no worker chooses
 * nothing at all: Heat would take any other instead (autoscaler issues 7776, 1690).
 */
import type { Worker } from "./bay-type.ts";
import type { NodeLoad } from "./engines/container-engine.ts";

export interface Shrinking {
  /** The workers that there are. */
  readonly workers: readonly Worker[];
  /** How many are to be left. */
  readonly remaining: number;
  /** Server ids, indexes in Heat's group, or nodes' names, as the caller gave them; whatever else goes, these do. */
  readonly named: readonly string[];
  /** What the engine says; empty where it does not. */
  readonly loads: readonly NodeLoad[];
}

export type ChosenWorkers =
  | { readonly kind: "chosen"; readonly workers: readonly Worker[] }
  /** These fit no worker of the bay. */
  | { readonly kind: "unknown"; readonly named: readonly string[] };

/** More may be named than go by the count: they all go, for then they are replaced (cluster sheet 27). */
export function chooseWorkers({ workers, remaining, named, loads }: Shrinking): ChosenWorkers {
  const found = named.map((one) => workers.find((worker) => isCalled(worker, one)));
  const unknown = named.filter((_, position) => found[position] === undefined);
  if (unknown.length > 0) return { kind: "unknown", named: unknown };
  const going = new Set(found.filter((worker) => worker !== undefined));
  const others = workers.filter((worker) => !going.has(worker)).toSorted(byLeastToDo(loads));
  const more = Math.max(0, workers.length - remaining - going.size);
  return { kind: "chosen", workers: [...going, ...others.slice(0, more)] };
}

function isCalled({ index, serverId, name }: Worker, called: string): boolean {
  return called === index || called === name || (serverId !== null && called.toLowerCase() === serverId.toLowerCase());
}

/** A worker that never got a server has nothing to do; of workers that have as much to do, the newest goes first. */
function byLeastToDo(loads: readonly NodeLoad[]) {
  const units = new Map(loads.map((load) => [load.name, load.units]));
  const unitsOf = ({ serverId, name, privateAddress }: Worker): number =>
    serverId === null ? -1 : (units.get(name ?? "") ?? units.get(privateAddress ?? "") ?? 0);
  return (one: Worker, other: Worker): number =>
    unitsOf(one) - unitsOf(other) || Number(other.index) - Number(one.index);
}
