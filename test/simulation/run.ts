/**
 * One run from a seed: people use the API while faults strike; then faults stop, and everything must come to rest and be
 * right; then what was late comes, and must change nothing; then everything is deleted, and nothing must be left.
 */
import { limits } from "@jeroboam/core/limits";
import { createChaos } from "./chaos.ts";
import type { Fault, FaultPlan } from "./faults.ts";
import { createFaults, drawPlan } from "./faults.ts";
import { createFleet } from "./fleet.ts";
import { INVARIANTS } from "./invariants/all.ts";
import type { Invariant } from "./invariants/invariant.ts";
import { createScheduler } from "./scheduler.ts";
import { createTrace } from "./trace.ts";
import type { Users } from "./users.ts";
import { createUsers } from "./users.ts";
import type { Gap, World } from "./world.ts";
import { createWorld, streamOf } from "./world.ts";

export interface RunOptions {
  readonly seed: number;
  /** In place of the seed's own. */
  readonly plan?: FaultPlan;
  /** Bays asked for at least, and requests made at most while faults strike. */
  readonly bays?: number;
  readonly requests?: number;
  /** Faults that must have struck before they stop. */
  readonly faults?: number;
  /** Lines of the trace to keep. */
  readonly lines?: number;
  readonly invariants?: readonly Invariant[];
}

export interface RunResult {
  readonly seed: number;
  readonly plan: FaultPlan;
  readonly hash: string;
  readonly steps: number;
  readonly simulatedMs: number;
  readonly bays: number;
  readonly requests: number;
  readonly struck: readonly Fault[];
  readonly gaps: readonly Gap[];
  /** The first promise broken, and how. */
  readonly violation: Violation | undefined;
  readonly lines: readonly string[];
}

export interface Violation {
  readonly id: string;
  readonly how: string;
}

/** What every run must have had, or it showed nothing. */
export const LEAST_BAYS = 8;
export const LEAST_FAULTS = 25;
const REQUESTS = 40;
/** Requests after which too few faults have struck, again and again. */
const HURRY_REQUESTS = 15;
/** However few faults have struck by then. */
const REQUESTS_MOST = 400;
/** Of simulated time and of events, for the time while faults strike. */
const STORM_MS = 12 * 60 * 60_000;
const STEPS = 60_000;
/** Seeds of which one goes on to delete everything. */
const DELETE_EVERY = 3;
/** The longest that anything takes when nothing goes wrong any more: the longest deadline, what is provisional, two ticks. */
const REST_MS = limits.bay.deleteDeadlineMs + limits.bay.deadlineMs + 2 * limits.engine.provisionalMs;

export async function run(options: RunOptions): Promise<RunResult> {
  const { seed, bays = LEAST_BAYS, requests = REQUESTS, lines = 0, invariants = INVARIANTS } = options;
  const plan = options.plan ?? drawPlan(streamOf(seed, 10));
  const scheduler = createScheduler(streamOf(seed, 11));
  const trace = createTrace(scheduler.clock, lines);
  const faults = createFaults(streamOf(seed, 12), plan);
  const world = createWorld({ seed, scheduler, trace, faults });
  let violation: Violation | undefined;
  const broken = (id: string, how: string): void => {
    if (violation) return;
    violation = { id, how };
    trace.add("BROKEN", `${id}: ${how}`);
  };
  world.watch(invariants.map((one) => one.watch(world, (how) => broken(one.id, how))));
  const startMs = scheduler.clock.nowMs();
  const fleet = createFleet({
    net: world.net,
    outside: world.outside,
    random: streamOf(seed, 13),
    replied: (exchange) => world.tell().replied(exchange),
  });
  const users = createUsers({ scheduler, fleet, random: streamOf(seed, 14), people: world.people.all, bays });
  const chaos = createChaos(world, fleet, streamOf(seed, 15));

  let hurryAt = requests;
  const isStormOver = (): boolean => {
    const { counts } = users;
    const isStruck = faults.struck.length >= (options.faults ?? LEAST_FAULTS);
    const isEnough = counts.requests >= requests && counts.bays >= bays && isStruck;
    if (isEnough || counts.requests >= REQUESTS_MOST) users.finish();
    else if (counts.requests >= hurryAt) {
      if (!isStruck) faults.hurry();
      hurryAt += HURRY_REQUESTS;
    }
    return violation !== undefined || users.isDone();
  };
  await phase("storm", isStormOver, STORM_MS);
  chaos.stop();
  faults.stop();
  users.finish();
  world.outages.end();
  world.calm();
  // What Heat never ends is given up at the operation's deadline: half of the runs see that through.
  if (seed % 2 === 0) world.cloud.heal();
  fleet.heal();
  trace.add("world", "faults have stopped");
  if (await phase("rest", () => users.isDone() && isAtRest(world) && !fleet.isBusy(), REST_MS)) {
    world.tell().rested();
    await comeLate();
  }
  if (seed % DELETE_EVERY === 0 && !violation) {
    world.cloud.heal();
    users.deleteAll();
    if (await phase("end", () => users.isDone() && isAtRest(world) && !fleet.isBusy(), REST_MS)) world.tell().emptied();
  }
  return {
    seed,
    plan,
    hash: trace.hash(),
    steps: scheduler.steps,
    simulatedMs: scheduler.clock.nowMs() - startMs,
    ...users.counts,
    struck: faults.struck,
    gaps: [...world.gaps],
    violation,
    lines: trace.lines.slice(lines > 0 ? -lines : 0),
  };

  /** Lets things happen until it is over; anything else is a broken promise of progress. */
  async function phase(name: string, isOver: () => boolean, withinMs: number): Promise<boolean> {
    if (violation) return false;
    const untilMs = scheduler.clock.nowMs() + withinMs;
    const end = await scheduler.run(() => violation !== undefined || isOver(), { untilMs, steps: STEPS });
    if (end === "over") return violation === undefined;
    if (name === "storm" && end === "out of time") return true;
    broken(
      "I6",
      `${name}: ${end} after ${Math.round((scheduler.clock.nowMs() - startMs) / 60_000)} minutes, ${stateOf(world, users)}`,
    );
    return false;
  }

  /** Hints that were held back all the time come when everything is done: they must change nothing. */
  async function comeLate(): Promise<void> {
    const revisions = (): string =>
      [...world.items.values()].map(({ pk, sk, revision }) => `${pk} ${sk} ${revision}`).join();
    const before = revisions();
    world.queue.releaseHeld();
    world.queue.redrive();
    await phase("late", () => world.queue.size() === 0 && !fleet.isBusy(), REST_MS);
    if (revisions() !== before) broken("I4", "hints that came late changed what was settled");
  }
}

function isAtRest({ items, queue }: World): boolean {
  if (queue.size() > 0) return false;
  for (const { indexes } of items.values()) if (indexes.due) return false;
  return true;
}

function stateOf({ items, queue }: World, users: Users): string {
  const due = [...items.values()].filter((item) => item.indexes.due);
  return `users ${users.isDone() ? "done" : "at work"}, ${queue.size()} messages, due: ${due.map(({ pk, sk }) => `${pk} ${sk}`).join(", ")}`;
}
