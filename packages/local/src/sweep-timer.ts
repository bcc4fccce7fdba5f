/** The schedule of a process of its own: sweeps again and again, never two at once, until it is stopped. */
import { textOf } from "@jeroboam/core/errors";
import { limits } from "@jeroboam/core/limits";
import { sweep } from "@jeroboam/core/operation/sweep";
import type { SweepPorts } from "@jeroboam/core/operation/sweep";
import type { Log, Timers } from "@jeroboam/core/ports";

export interface SweepTimer {
  /** Resolves when the sweep in hand, if there is one, has ended. */
  stop(): Promise<void>;
}

export function startSweepTimer(ports: SweepPorts & { readonly log: Log; readonly timers: Timers }): SweepTimer {
  let isStopped = false;
  let inHand: Promise<void> = Promise.resolve();
  let cancel = (): void => undefined;
  const schedule = (): void => {
    cancel = ports.timers.schedule(limits.engine.sweepIntervalMs, () => {
      inHand = runOnce().finally(() => {
        if (!isStopped) schedule();
      });
    });
  };
  const runOnce = async (): Promise<void> => {
    try {
      const { hints } = await sweep(ports);
      if (hints > 0) ports.log.write("info", "swept", { hints });
    } catch (thrown) {
      // The table or the queue did not answer: the next sweep reads the same again.
      ports.log.write("warning", "sweep-failed", { reason: textOf(thrown) });
    }
  };
  schedule();
  return {
    stop() {
      isStopped = true;
      cancel();
      return inHand;
    },
  };
}
