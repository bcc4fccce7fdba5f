/** A conductor as a process of its own: any number of them, over shared stores. Each also sweeps, once a minute. */
import { hostname } from "node:os";
import { createBatchHandler } from "@jeroboam/conductor/batch";
import type { ReconciliationSettings } from "@jeroboam/conductor/ports";
import { systemTimers } from "@jeroboam/core/clock/system-timers";
import { sweep } from "@jeroboam/core/operation/sweep";
import { CONDUCTOR_BINARY, createReport } from "@jeroboam/core/service-record/service-record";
import { pollSqsQueue } from "@jeroboam/core/queue/sqs-poller";
import { compose } from "./compose.ts";
import { loadConfiguredCloud } from "./configured-cloud.ts";
import { openSharedProcess } from "./shared-process.ts";
import type { SharedOptions } from "./shared-process.ts";
import { createStopping } from "./stop-in-order.ts";
import { startSweepTimer } from "./sweep-timer.ts";

export interface ConductorProcessOptions extends SharedOptions {
  /** The API as bays' nodes reach it. */
  readonly publicUrl: string;
  readonly removes: ReconciliationSettings["removes"];
}

/** Throws StartRefused when the cloud cannot be used. */
export async function startConductor(options: ConductorProcessOptions): Promise<{ stop(): Promise<void> }> {
  const cloud = await loadConfiguredCloud();
  const { stores, adapters, name } = await openSharedProcess(options);
  const { log, random } = adapters;
  const ports = compose(adapters, { cloud, apiUrl: options.publicUrl }).conductor({ removes: options.removes });
  const stopping = createStopping(systemTimers);
  const report = createReport(adapters, { host: hostname(), binary: CONDUCTOR_BINARY });
  await report();
  const handler = createBatchHandler(ports, { name, report, stopping: stopping.asked, signal: stopping.cut });
  const { queueClient: client } = stores;
  const polling = pollSqsQueue({ client, queueUrl: options.queueUrl, handler, log, random, signal: stopping.asked });
  const sweepTimer = startSweepTimer({ ...adapters, timers: systemTimers, report });
  return {
    async stop() {
      await Promise.all([sweepTimer.stop(), stopping.stop(() => polling)]);
      stores.close();
    },
  };
}

/** One sweep, for schedules of one's own. */
export async function sweepOnce(options: SharedOptions): Promise<{ readonly hints: number }> {
  const { stores, adapters } = await openSharedProcess(options);
  try {
    return await sweep(adapters);
  } finally {
    stores.close();
  }
}
