/**
 * What every run stands on, whoever acts in it: a world, a fleet, those who watch, and the ways to let things happen
 * until something is so. The first promise that is broken ends it.
 */
import type { HealthWatch } from "@jeroboam/core/bay/health-watch";
import { healthWatchShape } from "@jeroboam/core/bay/health-watch";
import type { EngineWatch } from "@jeroboam/core/container/engine-watch";
import { engineWatchShape } from "@jeroboam/core/container/engine-watch";
import type { Pod } from "@jeroboam/core/container/resource";
import { resourceShapes } from "@jeroboam/core/container/resource";
import { limits } from "@jeroboam/core/limits";
import type { Item } from "@jeroboam/core/table/table";
import type { Beginning } from "./beginning.ts";
import type { FaultPlan, Faults } from "./faults.ts";
import { createFaults } from "./faults.ts";
import type { Fleet } from "./fleet.ts";
import { createFleet } from "./fleet.ts";
import { INVARIANTS } from "./invariants/all.ts";
import type { Invariant } from "./invariants/invariant.ts";
import type { Scheduler } from "./scheduler.ts";
import { createScheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";
import { createTrace } from "./trace.ts";
import type { World } from "./world.ts";
import { createWorld, specificationOf, streamOf } from "./world.ts";

export interface Violation {
  readonly id: string;
  readonly how: string;
}

export interface StageOptions {
  readonly seed: number;
  readonly plan: FaultPlan;
  /** Lines of the trace to keep. */
  readonly lines?: number;
  /** Somebody wants the trace's hash. */
  readonly isHashed?: boolean;
  readonly invariants?: readonly Invariant[];
  /** How long Heat is at work on a stack; absent: as chance has it. */
  readonly stackMs?: number;
  /** What was before; absent: nothing. */
  readonly beginning?: Beginning | undefined;
  /** Whoever acts: what they still mean to do is not over. */
  readonly isDone: () => boolean;
}

export interface Stage {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly faults: Faults;
  readonly world: World;
  readonly fleet: Fleet;
  /** The first promise broken, and how. */
  readonly violation: () => Violation | undefined;
  readonly broken: (id: string, how: string) => void;
  /** Lets things happen until it is over; anything else is a broken promise of progress. False: a promise is broken. */
  readonly phase: (name: string, isOver: () => boolean, withinMs?: number) => Promise<boolean>;
  /** No work is due, and no message is under way. */
  readonly hasNoWork: () => boolean;
  /** Besides, nobody has anything to do any more. */
  readonly isAtRest: () => boolean;
  /** From now on nothing fails; whoever sleeps wakes. */
  readonly calm: () => void;
  /** Hints that were held back all the time come when everything is done: they must change nothing. */
  readonly comeLate: () => Promise<void>;
}

/** Events of one phase. */
const STEPS = 60_000;
/** The longest that anything takes when nothing goes wrong any more: the longest deadline, what is provisional, two ticks. */
export const REST_MS = limits.bay.deleteDeadlineMs + limits.bay.deadlineMs + 2 * limits.engine.provisionalMs;

export function createStage(options: StageOptions): Stage {
  const { seed, plan, lines = 0, isHashed = false, invariants = INVARIANTS, stackMs, beginning, isDone } = options;
  const scheduler = createScheduler(streamOf(seed, 11), beginning?.nowMs);
  const trace = createTrace(scheduler.clock, { kept: lines, isHashed });
  const faults = createFaults(streamOf(seed, 12), plan, beginning?.places);
  const world = createWorld({ seed, scheduler, trace, faults, stackMs, beginning });
  let violation: Violation | undefined;
  const broken = (id: string, how: string): void => {
    if (violation) return;
    violation = { id, how };
    trace.add("BROKEN", `${id}: ${how}`);
  };
  world.watch(invariants.map((one) => one.watch(world, (how) => broken(one.id, how))));
  beginning?.retell(world.tell());
  // Of what was before, each looked at it as it stands now: whether a promise was broken then was seen then.
  violation = undefined;
  const startMs = scheduler.clock.nowMs();
  const fleet = createFleet({
    net: world.net,
    outside: world.outside,
    random: streamOf(seed, 13),
    asked: (asked) => world.tell().asked(asked),
    replied: (exchange) => world.tell().replied(exchange),
  });
  const stage: Stage = {
    scheduler,
    trace,
    faults,
    world,
    fleet,
    broken,
    violation: () => violation,
    hasNoWork: () => hasNoWork(world),
    isAtRest: () => isDone() && !fleet.isBusy() && hasNoWork(world) && isHealthKnown(world),
    calm() {
      faults.stop();
      world.outages.end();
      world.calm();
      fleet.heal();
      trace.add("world", "faults have stopped");
    },
    async phase(name, isOver, withinMs = REST_MS) {
      if (violation) return false;
      const untilMs = scheduler.clock.nowMs() + withinMs;
      const end = await scheduler.run(() => violation !== undefined || isOver(), { untilMs, steps: STEPS });
      if (end === "over") return violation === undefined;
      if (name === "storm" && end === "out of time") return true;
      const minutes = Math.round((scheduler.clock.nowMs() - startMs) / 60_000);
      broken("I6", `${name}: ${end} after ${minutes} minutes, ${stateOf(world, isDone())}`);
      return false;
    },
    async comeLate() {
      fleet.endRounds();
      // A sweep that is under way may have begun a round of reconciliation.
      if (!(await stage.phase("last round", () => !fleet.isSweeping() && stage.isAtRest()))) return;
      const before = revisionsOf(world);
      world.queue.releaseHeld();
      world.queue.redrive();
      await stage.phase("late", () => world.queue.size() === 0 && !fleet.isBusy());
      const changed = [...revisionsOf(world)].find((revision) => !before.has(revision));
      if (changed !== undefined) broken("I4", `hints that came late changed what was settled: ${changed}`);
    },
  };
  return stage;
}

function hasNoWork(world: World): boolean {
  if (world.queue.size() > 0) return false;
  for (const item of world.items.values()) if (item.indexes.due && !isWatch(world, item)) return false;
  return true;
}

/** Whose health is checked has been looked at since nothing fails any more: what became of nodes is told. */
function isHealthKnown(world: World): boolean {
  const { health, items, scheduler } = world;
  const calmAtMs = scheduler.clock.nowMs() - world.calmForMs();
  if (!health) return true;
  return [...items.values()].every(({ body }) => {
    if (body["type"] !== healthWatchShape.type) return true;
    const { bayUuid } = body["state"] as HealthWatch;
    return !specificationOf(world, bayUuid)?.apiAddress || health.isTold(bayUuid, calmAtMs);
  });
}

/** Of all but what goes on by schedule. */
function revisionsOf(world: World): ReadonlySet<string> {
  const isSettled = (item: Item): boolean => !isWatch(world, item) && !item.pk.startsWith("reconciliation");
  const settled = [...world.items.values()].filter(isSettled);
  return new Set(settled.map((item) => `${item.pk} ${item.sk} ${settledPartOf(item)}`));
}

/** Looks at a bay's engine go on, and write of a pod what they see. */
function settledPartOf({ body, revision }: Item): string {
  if (body["type"] !== resourceShapes.pod.type) return String(revision);
  const { images, isMade, isDeleting, failure } = body["state"] as Pod;
  return JSON.stringify([images, isMade, isDeleting, failure]);
}

/**
 * As long as pods hang on a bay its engine is looked at by schedule, and its nodes where they may fail. Of a bay that is
 * gone, a watch has an end.
 */
function isWatch({ history }: World, { body }: Item): boolean {
  if (body["type"] === engineWatchShape.type)
    return history.current((body["state"] as EngineWatch).bayUuid) !== undefined;
  return body["type"] === healthWatchShape.type && !(body["state"] as HealthWatch).repair?.decided;
}

function stateOf({ items, queue }: World, isDone: boolean): string {
  const due = [...items.values()].filter((item) => item.indexes.due);
  return `users ${isDone ? "done" : "at work"}, ${queue.size()} messages, due: ${due.map(({ pk, sk }) => `${pk} ${sk}`).join(", ")}`;
}
