/** A clock that stands still until a test moves it. */
import type { Clock } from "@jeroboam/core/ports";

export interface TestClock extends Clock {
  advance(ms: number): void;
}

export function createTestClock(startMs: number): TestClock {
  let nowMs = startMs;
  return { nowMs: () => nowMs, advance: (ms) => void (nowMs += ms) };
}
