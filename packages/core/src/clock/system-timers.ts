/** The machine's own timers. */
import type { Timers } from "../ports.ts";

export const systemTimers: Timers = {
  schedule(afterMs, run) {
    const timer = setTimeout(run, afterMs);
    return () => clearTimeout(timer);
  },
};
