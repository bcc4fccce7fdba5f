/**
 * Whether the nodes of bays are ready, as their engines tell it, in the runs that have nodes fail: one is not for a while,
 * or until it is replaced; now and then many at once, as when a network parts.
 */
import type { Clock } from "@jeroboam/core/ports";
import type { SimulatedCloud } from "./cloud.ts";
import { stackOf } from "./cloud.ts";
import type { Faults } from "./faults.ts";
import { workersOf } from "./members.ts";

/** What an engine told of its workers, whoever heard it. */
export interface Told {
  readonly atMs: number;
  readonly workers: readonly string[];
  readonly notReady: readonly string[];
}

export interface Health {
  /** What was told of each bay, by its uuid. */
  readonly told: ReadonlyMap<string, readonly Told[]>;
  /** The conditions of a bay's workers: `{"node-0.Ready": "True"}`. */
  readonly check: (bayUuid: string) => Readonly<Record<string, string>>;
  /** Whether all workers that a bay has now were told of since then. */
  readonly isTold: (bayUuid: string, sinceMs: number) => boolean;
  /** All that are there are ready, and stay so. */
  readonly heal: () => void;
}

/** As often as the schedule has bays' health checked. */
export const CHECK_MS = 150_000;
const RECOVERS_MOST_MS = 40 * 60_000;
/** Of those that fail, how many are never ready again; how often others fail with them. */
const LASTING = 0.6;
const MANY = 0.15;

export function createHealth(clock: Clock, faults: Faults, cloud: Pick<SimulatedCloud, "stacks">): Health {
  const told = new Map<string, Told[]>();
  /** Until when they are not ready, by their bays and names. */
  const sick = new Map<string, number>();
  const namesOf = (bayUuid: string): readonly string[] => {
    const stack = stackOf(cloud, bayUuid);
    return stack ? workersOf(stack).map(({ name }) => name) : [];
  };
  const isReady = (bayUuid: string, name: string): boolean => (sick.get(`${bayUuid} ${name}`) ?? 0) <= clock.nowMs();
  /** One that fails is seldom followed by another: where many fail nobody is replaced. */
  const fail = (bayUuid: string, names: readonly string[]): void => {
    const areWell = names.length > 0 && names.every((name) => isReady(bayUuid, name));
    const fault = faults.decide("health", () => areWell);
    if (!fault) return;
    const first = Math.floor(fault.choice * names.length);
    const chosen = fault.choice > 1 - MANY ? names : names.slice(first, first + 1);
    const untilMs = fault.force < LASTING ? Infinity : clock.nowMs() + RECOVERS_MOST_MS * (1 - fault.force);
    for (const name of chosen) sick.set(`${bayUuid} ${name}`, untilMs);
  };
  return {
    told,
    check(bayUuid) {
      const names = namesOf(bayUuid);
      fail(bayUuid, names);
      const notReady = names.filter((name) => !isReady(bayUuid, name));
      told.set(bayUuid, [...(told.get(bayUuid) ?? []), { atMs: clock.nowMs(), workers: names, notReady }]);
      return Object.fromEntries(names.map((name) => [`${name}.Ready`, notReady.includes(name) ? "False" : "True"]));
    },
    isTold(bayUuid, sinceMs) {
      const last = told.get(bayUuid)?.at(-1);
      return last !== undefined && last.atMs > sinceMs && last.workers.join() === namesOf(bayUuid).join();
    },
    heal: () => sick.clear(),
  };
}
