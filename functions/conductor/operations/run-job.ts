/**
 * What happens when a round of reconciliation runs: page after page, each bounded, until the job says that it is over.
 * What a page found and where the next begins are one write, so that a page which runs twice is counted once.
 */
import { limits } from "@jeroboam/core/limits";
import type { OperationDefinition, RecordType, Step } from "@jeroboam/core/operation/record";
import { again, done } from "@jeroboam/core/operation/record";
import type { Finding, Job, Report, StoredReport } from "@jeroboam/core/reconciliation/job";
import { isDryRun, jobShape, nextRoundAtMs, readReport, writeReport } from "@jeroboam/core/reconciliation/job";
import type { ConductorPorts } from "../ports.ts";
import { JOBS } from "../reconciliation/jobs.ts";
import type { JobPage } from "../reconciliation/page.ts";

const runPage: Step<ConductorPorts, Job> = {
  name: "run-page",
  async run(ports, { state: job, operation }, { signal }) {
    const stored = (await readReport(ports.table, job.name, operation.id)) ?? {
      revision: 0,
      report: {
        job: job.name,
        isDryRun: isDryRun(operation),
        startedAtMs: operation.startedAtMs,
        cursor: null,
        isOver: false,
        counts: {},
        findings: [],
      },
    };
    if (stored.report.isOver) return done();
    const { cursor } = stored.report;
    const page = await JOBS[job.name](ports, { cursor, isDryRun: isDryRun(operation), roundId: operation.id, signal });
    await writeReport(ports.table, operation.id, { ...stored, report: withPage(stored, page) });
    return page.next === null ? done() : again(0);
  },
};

function withPage({ report }: StoredReport, { next, counts, findings }: JobPage): Report {
  const total = { ...report.counts };
  for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
  for (const { what } of findings) total[what] = (total[what] ?? 0) + 1;
  return {
    ...report,
    cursor: next,
    isOver: next === null,
    counts: total,
    findings: [...report.findings, ...findings.map(cut)].slice(0, limits.reconciliation.findings),
  };
}

function cut(finding: Finding): Finding {
  return { ...finding, detail: finding.detail.slice(0, limits.reconciliation.findingChars) };
}

/** At the end the next round is set, unless this one only looked. Chance is the round's own: repeating it sets the same. */
const setNext: Step<ConductorPorts, Job> = {
  name: "set-next",
  run({ clock, random, log }, { state: job, operation }) {
    log.write("info", "reconciled", { job: job.name, round: operation.id, failure: operation.failure ?? null });
    const nowMs = clock.nowMs();
    const round = {
      id: operation.id,
      isDryRun: isDryRun(operation),
      startedAtMs: operation.startedAtMs,
      endedAtMs: nowMs,
      failure: operation.failure ?? null,
    };
    const nextAtMs = isDryRun(operation) ? job.nextAtMs : nextRoundAtMs(job.name, nowMs, random.fraction());
    return Promise.resolve(done({ lastRound: round, nextAtMs }));
  },
};

const run: OperationDefinition<ConductorPorts, Job> = {
  kind: "run",
  version: 1,
  steps: [runPage],
  always: [setNext],
  end: () => ({ kind: "kept", changes: {} }),
};

export const jobType: RecordType<ConductorPorts, Job> = { ...jobShape, operations: [run] };
