/**
 * Rounds of reconciliation by hand, over shared stores: begun and conducted by this process, beside whatever conductors
 * there are, until they are over.
 */
import { DEFAULT_WEBHOOK_SETTINGS } from "@jeroboam/core/webhook/webhook-settings";
import { RECORD_TYPES } from "@jeroboam/conductor/record-types";
import type { ConductorPorts, ReconciliationSettings } from "@jeroboam/conductor/ports";
import { systemTimers } from "@jeroboam/core/clock/system-timers";
import { limits } from "@jeroboam/core/limits";
import type { Engine } from "@jeroboam/core/operation/conduct";
import { conduct } from "@jeroboam/core/operation/conduct";
import type { JobName, Report } from "@jeroboam/core/reconciliation/job";
import { jobKey, listJobs, readReport, startRound } from "@jeroboam/core/reconciliation/job";
import { loadBayTypes } from "./bay-types.ts";
import { compose } from "./compose.ts";
import { loadConfiguredCloud } from "./configured-cloud.ts";
import { openSharedProcess } from "./shared-process.ts";
import type { SharedOptions } from "./shared-process.ts";

export interface ReconcileOptions extends SharedOptions {
  readonly publicUrl: string;
  readonly removes: ReconciliationSettings["removes"];
  readonly jobs: readonly JobName[];
  readonly isDryRun: boolean;
}

export interface Reconciled {
  readonly job: JobName;
  /** Why the round did not come to its end. */
  readonly failure: string | null;
  readonly report: Report | undefined;
}

/** Between looks at a round that another conductor works on. */
const LOOK_AGAIN_MS = 500;

export async function reconcileOnce(options: ReconcileOptions): Promise<readonly Reconciled[]> {
  const cloud = await loadConfiguredCloud();
  const { stores, adapters, name } = await openSharedProcess(options);
  try {
    const bayTypes = await loadBayTypes();
    const ports = compose(adapters, {
      cloud,
      bayTypes,
      webhooks: DEFAULT_WEBHOOK_SETTINGS,
      apiUrl: options.publicUrl,
    }).conductor({ removes: options.removes });
    const engine = { ports, name, types: RECORD_TYPES };
    const reconciled: Reconciled[] = [];
    for (const job of options.jobs) {
      // One that goes on already is waited for, and another begun behind it.
      while ((await startRound(ports, job, options)) === "running") await untilOver(engine, job);
      reconciled.push(await untilOver(engine, job));
    }
    return reconciled;
  } finally {
    stores.close();
  }
}

async function untilOver(engine: Engine<ConductorPorts>, job: JobName): Promise<Reconciled> {
  const { ports } = engine;
  const roundId = await roundOf(ports, job);
  for (;;) {
    const endsAtMs = ports.clock.nowMs() + limits.engine.budgetMs;
    await conduct(engine, jobKey(job), { endsAtMs, signal: new AbortController().signal });
    const record = (await listJobs(ports.table)).find(({ state }) => state.name === job);
    if (!record?.operation || record.operation.id !== roundId) {
      const report = roundId === undefined ? undefined : await readReport(ports.table, job, roundId);
      return { job, failure: record?.state.lastRound?.failure ?? null, report: report?.report };
    }
    await new Promise<void>((resolve) => void systemTimers.schedule(LOOK_AGAIN_MS, resolve));
  }
}

async function roundOf({ table }: ConductorPorts, job: JobName): Promise<string | undefined> {
  return (await listJobs(table)).find(({ state }) => state.name === job)?.operation?.id;
}
