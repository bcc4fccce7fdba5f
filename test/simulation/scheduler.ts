/**
 * Simulated time and the order of everything. Whatever the code under test waits for is an event here: the scheduler
 * takes the earliest (chance decides between equals), lets it happen, and then waits until all code that it set going
 * waits for an event again. So one thread of events, drawn from a seed, drives a whole fleet, and the same seed drives it
 * the same way. Code between two awaits is synchronous and runs undisturbed, as it does in production.
 */
import type { Clock, Random } from "@jeroboam/core/ports";
import { SIMULATED_START_MS } from "../simulated/clock.ts";

export interface Scheduler {
  /** True time, which no process sees: theirs are skewed. */
  readonly clock: Clock;
  /** Events that have happened. */
  readonly steps: number;
  after(delayMs: number, run: () => void): void;
  /** Counts code that runs and waits for no event of ours yet: nothing else happens until it does. */
  stir(by: 1 | -1): void;
  /** Lets things happen until `isOver`; tells what ended it. */
  run(isOver: () => boolean, bounds: RunBounds): Promise<RunEnd>;
}

export interface RunBounds {
  readonly untilMs: number;
  readonly steps: number;
}

/** `idle`: nothing is going to happen any more. */
export type RunEnd = "over" | "idle" | "out of time" | "out of steps";

interface Event {
  readonly atMs: number;
  readonly tie: number;
  readonly run: () => void;
}

/** Turns of waiting for code under test before it is taken to wait for something real. */
const TURNS = 20;
const SLOW_TURNS = 2_000;

export function createScheduler(random: Pick<Random, "fraction">, startMs = SIMULATED_START_MS): Scheduler {
  const events: Event[] = [];
  let nowMs = startMs;
  let steps = 0;
  let stirring = 0;

  /** All promises that can move have moved when a tick queued behind them runs. */
  async function settle(): Promise<void> {
    for (let turn = 0; ; turn += 1) {
      await new Promise<void>((resolve) => process.nextTick(resolve));
      if (stirring === 0) return;
      if (turn > TURNS) await new Promise<void>((resolve) => setImmediate(resolve));
      if (turn > SLOW_TURNS) throw new Error("code under test waits for something outside of the simulation");
    }
  }

  return {
    clock: { nowMs: () => nowMs },
    get steps() {
      return steps;
    },
    after(delayMs, run) {
      push(events, { atMs: nowMs + Math.max(0, Math.ceil(delayMs)), tie: random.fraction(), run });
    },
    stir(by) {
      stirring += by;
    },
    async run(isOver, bounds) {
      await settle();
      const lastStep = steps + bounds.steps;
      for (;;) {
        if (isOver()) return "over";
        if (steps >= lastStep) return "out of steps";
        const next = pop(events);
        if (!next) return "idle";
        if (next.atMs > bounds.untilMs) {
          push(events, next);
          return "out of time";
        }
        nowMs = next.atMs;
        steps += 1;
        next.run();
        await settle();
      }
    },
  };
}

function isBefore(one: Event, other: Event): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.tie < other.tie);
}

/** A binary heap: the earliest event stands first. */
function push(heap: Event[], event: Event): void {
  let at = heap.length;
  heap.push(event);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent]!;
    if (!isBefore(event, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = event;
}

function pop(heap: Event[]): Event | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (!first || !last || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
    const below = heap[child]!;
    if (!isBefore(below, last)) break;
    heap[at] = below;
    at = child;
  }
  heap[at] = last;
  return first;
}
