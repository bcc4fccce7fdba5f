/** A clock and its timers that stand still until a test moves them. */
import { setImmediate as turn } from "node:timers/promises";
import type { Clock, Timers } from "@jeroboam/core/ports";

export interface TestTime {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Lets so much time pass: runs what is due in the order of its time, and what that set off. */
  advance(ms: number): Promise<void>;
  /** Timers that wait. */
  waiting(): number;
}

export function createTestTime(startMs = 0): TestTime {
  let nowMs = startMs;
  let waiting: { readonly atMs: number; readonly run: () => void }[] = [];
  const timers: Timers = {
    schedule: (afterMs, run) => {
      const timer = { atMs: nowMs + Math.max(0, afterMs), run };
      waiting = [...waiting, timer].sort((one, other) => one.atMs - other.atMs);
      return () => void (waiting = waiting.filter((other) => other !== timer));
    },
  };
  const advance = async (ms: number): Promise<void> => {
    const endMs = nowMs + ms;
    await turn();
    for (let next = waiting[0]; next && next.atMs <= endMs; next = waiting[0]) {
      waiting = waiting.slice(1);
      nowMs = next.atMs;
      next.run();
      await turn();
    }
    nowMs = endMs;
    await turn();
  };
  return { clock: { nowMs: () => nowMs }, timers, advance, waiting: () => waiting.length };
}
