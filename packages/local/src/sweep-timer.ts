/** The schedule of a process of its own: sweeps again and again, never two at once, until it is stopped. */
import { textOf } from "@jeroboam/core/errors";
import { limits } from "@jeroboam/core/limits";
import { sweep } from "@jeroboam/core/operation/sweep";
import type { SweepPorts } from "@jeroboam/core/operation/sweep";
import type { Report } from "@jeroboam/core/service-record/service-record";
import type { Log, Timers } from "@jeroboam/core/ports";

export interface SweepTimer {
  /** Resolves when the sweep in hand, if there is one, has ended. */
  stop(): Promise<void>;
}

export interface SweepTimerPorts extends SweepPorts {
  readonly log: Log;
  readonly timers: Timers;
  /** Says that this process is at work. */
  readonly report?: Report;
}

export function startSweepTimer(ports: SweepTimerPorts): SweepTimer {
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
      await ports.report?.();
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
