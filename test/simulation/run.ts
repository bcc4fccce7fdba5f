/**
 * One run from a seed: people use the API while faults strike; then faults stop, and everything must come to rest and be
 * right; then what was late comes, and must change nothing; then everything is deleted, and nothing must be left.
 */
import { createChaos } from "./chaos.ts";
import type { Fault, FaultPlan } from "./faults.ts";
import { drawPlan } from "./faults.ts";
import type { Invariant } from "./invariants/invariant.ts";
import { createNodes } from "./nodes.ts";
import type { Violation } from "./stage.ts";
import { createStage } from "./stage.ts";
import { createUsers } from "./users.ts";
import type { Gap } from "./world.ts";
import { streamOf } from "./world.ts";

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

/** What nodes of bays come to. */
const FOLLOWED = ["rotations", "upgrades"] as const;
/** What every run must have had, or it showed nothing. */
export const LEAST_BAYS = 8;
export const LEAST_FAULTS = 25;
const REQUESTS = 40;
/** Requests after which too few faults have struck, again and again. */
const HURRY_REQUESTS = 15;
/** After which whoever is away comes back: who waits for Keystone for hours makes no bays. */
const PATIENCE_REQUESTS = 400;
/** Of simulated time, for the time while faults strike. */
const STORM_MS = 12 * 60 * 60_000;
/** So long nodes fail at least, whatever users do: none is replaced before it has failed for long. */
const WATCHED_MS = 60 * 60_000;
/** Seeds of which one goes on to delete everything. */
const DELETE_EVERY = 3;

export async function run(options: RunOptions): Promise<RunResult> {
  const { seed, bays = LEAST_BAYS, requests = REQUESTS, lines = 0, invariants } = options;
  const plan = options.plan ?? drawPlan(streamOf(seed, 10));
  const stage = createStage({
    seed,
    plan,
    lines,
    isHashed: true,
    ...(invariants && { invariants }),
    isDone: () => users.isDone(),
  });
  const { scheduler, trace, faults, world, fleet, phase } = stage;
  const startMs = scheduler.clock.nowMs();
  const users = createUsers({
    scheduler,
    fleet,
    random: streamOf(seed, 14),
    people: world.people.all,
    bays,
    conditions: plan.conditions,
  });
  const isFollowed = FOLLOWED.some((condition) => plan.conditions.has(condition));
  if (isFollowed) createNodes(world, fleet, streamOf(seed, 16));
  const chaos = createChaos(world, fleet, streamOf(seed, 15));

  const leastMs = plan.conditions.has("nodes fail") ? WATCHED_MS : 0;
  let hurryAt = requests;
  const isStormOver = (): boolean => {
    const { counts } = users;
    const isStruck = faults.struck.length >= (options.faults ?? LEAST_FAULTS);
    const isEnough = counts.requests >= requests && counts.bays >= bays && isStruck;
    if (isEnough) users.finish();
    else if (counts.requests >= hurryAt) {
      if (!isStruck) faults.hurry();
      if (counts.requests >= PATIENCE_REQUESTS) world.outages.end();
      hurryAt += HURRY_REQUESTS;
    }
    if (!users.isDone()) return false;
    // Nodes go on failing in a world that is quieter: else no bay would be left.
    chaos.stop();
    return scheduler.clock.nowMs() >= startMs + leastMs;
  };
  await phase("storm", isStormOver, STORM_MS);
  chaos.stop();
  users.finish();
  // What Heat never ends is given up at the operation's deadline: half of the runs see that through. An operation that
  // waits for nodes has many hours.
  if (seed % 2 === 0 || isFollowed) world.cloud.heal();
  stage.calm();
  if (await phase("rest", stage.isAtRest)) {
    world.tell().rested();
    await stage.comeLate();
  }
  if (seed % DELETE_EVERY === 0 && !stage.violation()) {
    world.cloud.heal();
    users.deleteAll();
    if (await phase("end", stage.isAtRest)) world.tell().emptied();
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
    violation: stage.violation(),
    lines: trace.lines.slice(lines > 0 ? -lines : 0),
  };
}
