/** The schedule of a process of its own: sweeps and begins what jobs are due, again and again, never two at once, until it is stopped. */
import { textOf } from "@jeroboam/core/errors";
import { limits } from "@jeroboam/core/limits";
import { sweep } from "@jeroboam/core/operation/sweep";
import type { SweepPorts } from "@jeroboam/core/operation/sweep";
import type { JobPorts } from "@jeroboam/core/reconciliation/job";
import { startDueJobs } from "@jeroboam/core/reconciliation/job";
import type { Report } from "@jeroboam/core/service-record/service-record";
import type { Log, Timers } from "@jeroboam/core/ports";

export interface SweepTimer {
  /** Resolves when the sweep in hand, if there is one, has ended. */
  stop(): Promise<void>;
}

export interface SweepTimerPorts extends SweepPorts, JobPorts {
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
      const { started } = await startDueJobs(ports);
      if (hints + started > 0) ports.log.write("info", "swept", { hints, started });
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
