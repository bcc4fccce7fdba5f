/**
 * Stopping conductors: they are asked first (no further step begins), and the calls of the steps that then take too long
 * are cut. What was cut is due again, and the next process goes on with it.
 */
import { limits } from "@jeroboam/core/limits";
import type { Timers } from "@jeroboam/core/ports";

export interface Stopping {
  /** Fires when no further step shall begin. */
  readonly asked: AbortSignal;
  /** Fires when calls shall end at once. */
  readonly cut: AbortSignal;
  /** Asks, and waits for the end of what is in hand, which `finish` tells. */
  stop(finish: () => Promise<void>): Promise<void>;
}

export function createStopping(timers: Timers): Stopping {
  const [ask, cut] = [new AbortController(), new AbortController()];
  return {
    asked: ask.signal,
    cut: cut.signal,
    async stop(finish) {
      ask.abort();
      const cancel = timers.schedule(limits.process.stepsStopMs, () => cut.abort());
      try {
        await finish();
      } finally {
        cancel();
      }
    },
  };
}
