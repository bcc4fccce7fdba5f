/** A conductor as a process of its own: any number of them, over shared stores. Each also sweeps, once a minute. */
import { hostname } from "node:os";
import { ALL_TYPES } from "@jeroboam/conductor/all-types";
import { createBatchHandler } from "@jeroboam/conductor/batch";
import type { ReconciliationSettings } from "@jeroboam/conductor/ports";
import { systemTimers } from "@jeroboam/core/clock/system-timers";
import { sweep } from "@jeroboam/core/operation/sweep";
import { CONDUCTOR_BINARY, createReport } from "@jeroboam/core/service-record/service-record";
import { pollSqsQueue } from "@jeroboam/core/queue/sqs-poller";
import { DEFAULT_WEBHOOK_SETTINGS } from "@jeroboam/core/webhook/webhook-settings";
import { loadBayTypes } from "./bay-types.ts";
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
  const bayTypes = await loadBayTypes();
  const { stores, adapters, name } = await openSharedProcess(options);
  const { log, random } = adapters;
  const composed = compose(adapters, {
    cloud,
    bayTypes,
    apiUrl: options.publicUrl,
    webhooks: options.webhooks ?? DEFAULT_WEBHOOK_SETTINGS,
  });
  const ports = { ...composed.deliveries(), ...composed.conductor({ removes: options.removes }) };
  const stopping = createStopping(systemTimers);
  const report = createReport(adapters, { host: hostname(), binary: CONDUCTOR_BINARY });
  await report();
  // Either queue's messages are understood, so that one queue for both will do.
  const common = { name, report, stopping: stopping.asked, signal: stopping.cut };
  const handler = createBatchHandler(ports, { ...common, types: ALL_TYPES });
  const { queueClient: client } = stores;
  const queueUrls = [options.queueUrl, ...(options.deliveriesQueueUrl ? [options.deliveriesQueueUrl] : [])];
  const polling = Promise.all(
    queueUrls.map((queueUrl) => pollSqsQueue({ client, queueUrl, handler, log, random, signal: stopping.asked })),
  ).then(() => undefined);
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
