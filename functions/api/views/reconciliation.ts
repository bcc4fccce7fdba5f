/** What administrators see of a job of reconciliation: when it runs, and what its last or present round found. */
import type { WorkRecord } from "@jeroboam/core/operation/record";
import { isDryRun } from "@jeroboam/core/reconciliation/job";
import type { Finding, Job, Report } from "@jeroboam/core/reconciliation/job";
import { wireTime } from "../wire/time.ts";

export function viewJob({ state: job, operation }: WorkRecord<Job>, report: Report | undefined): object {
  return {
    name: job.name,
    next_at: wireTime(job.nextAtMs),
    state: operation ? "running" : "waiting",
    round: operation
      ? { ...viewRound(operation.startedAtMs, isDryRun(operation), report), ended_at: null, failure: null }
      : job.lastRound && {
          ...viewRound(job.lastRound.startedAtMs, job.lastRound.isDryRun, report),
          ended_at: wireTime(job.lastRound.endedAtMs),
          failure: job.lastRound.failure,
        },
  };
}

function viewRound(startedAtMs: number, isDry: boolean, report: Report | undefined): object {
  return {
    started_at: wireTime(startedAtMs),
    dry_run: isDry,
    counts: report?.counts ?? {},
    findings: (report?.findings ?? []).map(viewFinding),
  };
}

function viewFinding({ what, outcome, projectId, bayId, detail }: Finding): object {
  return { what, outcome, project_id: projectId, bay_id: bayId, detail };
}
