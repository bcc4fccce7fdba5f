/** A clock that stands still until it is told to move. */
import type { Clock } from "@jeroboam/core/ports";

export interface SimulatedClock extends Clock {
  advance(byMs: number): void;
  advanceTo(atMs: number): void;
}

/** Begins on a fixed day, so that a run looks the same every day. */
export const SIMULATED_START_MS = Date.UTC(2030, 0, 1);

export function createSimulatedClock(startMs: number = SIMULATED_START_MS): SimulatedClock {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    advance(byMs) {
      nowMs += Math.max(0, byMs);
    },
    advanceTo(atMs) {
      nowMs = Math.max(nowMs, atMs);
    },
  };
}
