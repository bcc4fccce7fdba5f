/**
 * /v1/actions/reconcile (ours): administrators begin rounds of reconciliation by hand and read what rounds found. A round
 * is a conductor's work like any other: asking for one stores it, and the reply says where to look.
 */
import { Rejected } from "@jeroboam/core/errors";
import type { Json } from "@jeroboam/core/json";
import { JOB_NAMES } from "@jeroboam/core/reconciliation/job-names";
import { jobNameSchema, listJobs, readReport, startRound } from "@jeroboam/core/reconciliation/job";
import type { JobName } from "@jeroboam/core/reconciliation/job";
import { z } from "zod";
import type { Route } from "../route.ts";
import { defineRoute } from "../route.ts";
import { viewJob } from "../views/reconciliation.ts";
import { readAttributes } from "../wire/attributes.ts";
import { boolean, oneOf } from "../wire/types.ts";
import { describeBody } from "../wire/reader.ts";

const PATH = "/v1/actions/reconcile";

const wish = {
  argument: "reconcile",
  schema: z.object({
    jobs: z
      .array(oneOf(jobNameSchema), { error: "Value should be a list" })
      .min(1, { error: "Value should name a job" })
      .max(JOB_NAMES.length, { error: `Value should have at most ${JOB_NAMES.length} entries` })
      .default([...JOB_NAMES]),
    dry_run: boolean.default(false),
  }),
  readOnly: [],
};

interface Wish {
  readonly jobs: readonly JobName[];
  readonly isDryRun: boolean;
}

function readWish(given: Json | undefined): Wish {
  const { jobs, dry_run: isDryRun } = readAttributes(wish, given ?? {});
  return { jobs: [...new Set(jobs)], isDryRun };
}

export const reconciliation: readonly Route[] = [
  defineRoute({
    method: "POST",
    path: PATH,
    rule: "reconciliation:run",
    body: describeBody({ kind: "object", schema: wish.schema, mayBeAbsent: true }, readWish),
    answers: { 202: "roundsBegun" },
    async run({ ports, base }, { body: { jobs, isDryRun } }) {
      const begun = await Promise.all(
        jobs.map(async (name) => ({ name, outcome: await startRound(ports, name, { isDryRun }) })),
      );
      const running = begun.filter(({ outcome }) => outcome === "running").map(({ name }) => name);
      if (running.length === jobs.length)
        throw new Rejected(409, `A round of ${running.join(", ")} goes on already. Look at it with GET ${PATH}.`);
      const started = begun.filter(({ outcome }) => outcome === "started").map(({ name }) => name);
      return { status: 202, body: { started, running }, headers: { Location: `${base}${PATH}` } };
    },
  }),
  defineRoute({
    method: "GET",
    path: PATH,
    rule: "reconciliation:get",
    answers: { 200: { list: "job", key: "jobs" } },
    async run({ ports }) {
      const jobs = await listJobs(ports.table);
      const shown = jobs.map(async (record) => {
        const roundId = record.operation?.id ?? record.state.lastRound?.id;
        const stored = roundId === undefined ? undefined : await readReport(ports.table, record.state.name, roundId);
        return viewJob(record, stored?.report);
      });
      return { status: 200, body: { jobs: await Promise.all(shown) } };
    },
  }),
];
