/**
 * Jobs of reconciliation: what is compared with the world on a schedule of its own. Each is a record with an operation
 * like any other, so that conductors work on it in bounded steps, a crash costs one step, and no two work on it at once.
 * The schedule begins a round when one is due (`startDueJobs`: one read, and a write for each that is); administrators
 * begin one by hand, also as a dry run that only tells. What a round found stands in its report.
 *
 * What the jobs do is left to the conductor.
 */
import { z } from "zod";
import { limits } from "../limits.ts";
import { withOperation } from "../operation/operation.ts";
import type { Operation, RecordShape, WorkRecord } from "../operation/record.ts";
import { recordFromItem } from "../operation/record.ts";
import type { StorePorts } from "../operation/record-store.ts";
import { changeRecord, insertRecord, newRecord } from "../operation/record-store.ts";
import type { Clock } from "../ports.ts";
import type { Item, Key, Table } from "../table/table.ts";
import { collect } from "../table/table.ts";
import { JOB_NAMES } from "./job-names.ts";

export const jobNameSchema = z.enum(JOB_NAMES);
export type JobName = z.infer<typeof jobNameSchema>;

const EVERY_MS: Readonly<Record<JobName, number>> = {
  drift: limits.reconciliation.driftEveryMs,
  "left-overs": limits.reconciliation.leftOversEveryMs,
  "certificate-expiry": limits.reconciliation.expiryEveryMs,
  seals: limits.reconciliation.sealsEveryMs,
};

const roundSchema = z.object({
  /** Names its report. */
  id: z.string(),
  isDryRun: z.boolean(),
  startedAtMs: z.number(),
  endedAtMs: z.number(),
  /** Why it did not come to its end. */
  failure: z.string().nullable(),
});

export const jobSchema = z.object({
  name: jobNameSchema,
  /** When the schedule begins the next round. */
  nextAtMs: z.number(),
  lastRound: roundSchema.nullable(),
});
export type Job = z.infer<typeof jobSchema>;

const PARTITION = "reconciliation";
const PREFIX = "job#";

export function jobKey(name: JobName): Key {
  return { pk: PARTITION, sk: `${PREFIX}${name}` };
}

export const jobShape: RecordShape<Job> = { type: "job", schema: jobSchema, indexes: () => ({}), isSilent: true };

export interface JobPorts extends StorePorts {
  readonly clock: Clock;
}

/** When a round that begins now is to be followed by the next: its interval, a little spread. */
export function nextRoundAtMs(name: JobName, nowMs: number, fraction: number): number {
  const { jitter } = limits.reconciliation;
  return Math.round(nowMs + EVERY_MS[name] * (1 - jitter + 2 * jitter * fraction));
}

/** All that there are. */
export async function listJobs(table: Table): Promise<readonly WorkRecord<Job>[]> {
  const read = (range: object) => table.query(PARTITION, range);
  const { items } = await collect(read, { prefix: PREFIX }, JOB_NAMES.length * 2);
  return items.map((item) => recordFromItem(jobShape, item)).filter(({ state }) => JOB_NAMES.includes(state.name));
}

/** Begins the rounds that are due, and the first of jobs that never ran; how many it began. */
export async function startDueJobs(ports: JobPorts): Promise<{ readonly started: number }> {
  const nowMs = ports.clock.nowMs();
  const known = new Map((await listJobs(ports.table)).map((record) => [record.state.name, record]));
  let started = 0;
  for (const name of JOB_NAMES) {
    const record = known.get(name);
    if (record && (record.operation || record.state.nextAtMs > nowMs)) continue;
    const begun = record ? await startRound(ports, name, {}) : await introduce(ports, name);
    if (begun === "started") started += 1;
  }
  return { started };
}

/** A job that is new here begins somewhere within its first interval: not all at once. */
async function introduce(ports: JobPorts, name: JobName): Promise<"known"> {
  const firstAtMs = ports.clock.nowMs() + Math.round(EVERY_MS[name] * ports.random.fraction());
  await insertRecord(ports, jobShape, newRecord(jobKey(name), { name, nextAtMs: firstAtMs, lastRound: null }));
  return "known";
}

/** Begins a round now, unless one goes on. */
export async function startRound(
  ports: JobPorts,
  name: JobName,
  { isDryRun = false }: { readonly isDryRun?: boolean },
): Promise<"started" | "running"> {
  const nowMs = ports.clock.nowMs();
  const id = ports.random.uuid();
  const deadlineAtMs = nowMs + limits.reconciliation.roundDeadlineMs;
  const begin = (record: WorkRecord<Job>): WorkRecord<Job> =>
    withOperation(jobShape, record, { id, kind: "run", nowMs, deadlineAtMs, input: { isDryRun } }, {});
  const changed = await changeRecord<Job, "running">(ports, jobShape, jobKey(name), (record) =>
    record.operation ? { kind: "refuse", refusal: "running" } : { kind: "write", record: begin(record) },
  );
  if (changed.kind === "refused") return "running";
  if (changed.kind === "changed" || changed.kind === "kept") return "started";
  const fresh = newRecord(jobKey(name), { name, nextAtMs: nowMs, lastRound: null });
  return (await insertRecord(ports, jobShape, begin(fresh))).kind === "inserted" ? "started" : "running";
}

export function isDryRun({ input }: Operation): boolean {
  return input["isDryRun"] === true;
}

const findingSchema = z.object({
  /** `stack-changed`, `stack-orphaned`, … */
  what: z.string(),
  /** `told`: nothing was done. `would`: a dry run would have done it otherwise. */
  outcome: z.enum(["done", "told", "would"]),
  projectId: z.string().nullable(),
  /** Of the bay, where it is about one. */
  bayId: z.string().nullable(),
  detail: z.string(),
});
export type Finding = z.infer<typeof findingSchema>;

/** What a round has found so far, and where it goes on. */
const reportSchema = z.object({
  job: jobNameSchema,
  isDryRun: z.boolean(),
  startedAtMs: z.number(),
  /** The job's own; null: the round is over, or has not begun. */
  cursor: z.record(z.string(), z.json()).nullable(),
  isOver: z.boolean(),
  counts: z.record(z.string(), z.number()),
  findings: z.array(findingSchema),
});
export type Report = z.infer<typeof reportSchema>;

export interface StoredReport {
  readonly report: Report;
  readonly revision: number;
}

function reportKey(name: JobName, roundId: string): Key {
  return { pk: `${PARTITION}#${name}`, sk: `report#${roundId}` };
}

export async function readReport(table: Table, name: JobName, roundId: string): Promise<StoredReport | undefined> {
  const item = await table.get(reportKey(name, roundId));
  return item && { report: reportSchema.parse(item.body), revision: item.revision };
}

/** Refused: another conductor was quicker, whose page counts. */
export async function writeReport(
  table: Table,
  roundId: string,
  { report, revision }: StoredReport,
): Promise<"written" | "refused"> {
  const item: Item = {
    ...reportKey(report.job, roundId),
    revision: revision + 1,
    body: report,
    indexes: {},
    expiresAtSeconds: Math.ceil((report.startedAtMs + limits.reconciliation.reportKeepMs) / 1_000),
  };
  return await table.put(item, revision === 0 ? { absent: true } : { revision });
}
