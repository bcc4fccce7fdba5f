/** A world at rest with one bay in it, in which one may run rounds of reconciliation, one after the other. */
import type { CertificateMaker, ConductorPorts } from "@jeroboam/conductor/ports";
import { RECORD_TYPES } from "@jeroboam/conductor/record-types";
import { limits } from "@jeroboam/core/limits";
import { conduct } from "@jeroboam/core/operation/conduct";
import type { JobName, Report } from "@jeroboam/core/reconciliation/job";
import { listJobs, readReport, startRound } from "@jeroboam/core/reconciliation/job";
import { expect } from "vitest";
import type { BayActs, BayWorld } from "../faults/bay-world.ts";
import { actsOn, createBayWorld } from "../faults/bay-world.ts";
import { createGate } from "../faults/gate.ts";
import { PLAIN_DELIVERY } from "../simulated/queue.ts";

/** How long its stack is in progress. */
export const STACK_MS = 12_000;

export async function reportOf(world: BayWorld, name: JobName): Promise<Report> {
  const job = (await listJobs(world.table)).find(({ state }) => state.name === name);
  const report = await readReport(world.table, name, job?.state.lastRound?.id ?? "");
  if (!report) throw new Error(`the job ${name} has no report`);
  return report.report;
}

/** With certificates that are none, unless they are made. */
export async function settledWorld(certificates?: (ports: ConductorPorts) => CertificateMaker): Promise<{
  world: BayWorld;
  acts: BayActs;
  readonly settle: () => Promise<void>;
  readonly round: (name: JobName, isDryRun?: boolean) => Promise<Report>;
}> {
  const gate = createGate(undefined);
  gate.disarm();
  const world = createBayWorld(gate, PLAIN_DELIVERY, { stackMs: STACK_MS });
  if (certificates) Object.assign(world.ports, { certificates: certificates(world.ports) });
  const acts = actsOn(world);
  const settle = async (): Promise<void> => {
    for (let turns = 0; turns < 1_000; turns += 1) {
      const due = world.table.items().filter((item) => item.indexes.due);
      if (due.length === 0) return;
      const budget = { endsAtMs: world.clock.nowMs() + limits.engine.budgetMs, signal: new AbortController().signal };
      for (const item of due) await conduct({ ports: world.ports, name: "one", types: RECORD_TYPES }, item, budget);
      world.clock.advance(1_000);
    }
    throw new Error("it does not come to rest");
  };
  await acts.create(2);
  await settle();
  return {
    world,
    acts,
    settle,
    async round(name, isDryRun = false) {
      expect(await startRound(world.ports, name, { isDryRun })).toBe("started");
      await settle();
      return await reportOf(world, name);
    },
  };
}
