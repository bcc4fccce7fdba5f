/**
 * Conductor steps a second: records whose operation has ten steps that do nothing, conducted over the embedded table as in
 * the local process. So it is the engine's and the table's cost alone: a claim, then a durable commit a step, events told.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { recordHistory } from "@jeroboam/core/event/event-history";
import { limits } from "@jeroboam/core/limits";
import type { EnginePorts } from "@jeroboam/core/operation/conduct";
import { conduct } from "@jeroboam/core/operation/conduct";
import { withOperation } from "@jeroboam/core/operation/operation";
import type { RecordType } from "@jeroboam/core/operation/record";
import { done } from "@jeroboam/core/operation/record";
import { insertRecord, newRecord } from "@jeroboam/core/operation/record-store";
import { systemRandom } from "@jeroboam/core/random/system-random";
import { openSqliteTable } from "@jeroboam/core/table/sqlite-table";
import { z } from "zod";

const STEPS = 10;

export interface ConductorFigures {
  readonly stepsPerSecond: number;
  readonly cpuMicrosPerStep: number;
}

/** Conducts so many records, as many at a time as one process takes. */
export async function measureConductor(records: number): Promise<ConductorFigures> {
  const folder = mkdtempSync(join(tmpdir(), "jeroboam-bench-"));
  const table = openSqliteTable({ path: join(folder, "table.sqlite"), clock: systemClock });
  const ports: EnginePorts = {
    clock: systemClock,
    random: systemRandom,
    log: { write: () => undefined },
    table,
    queue: { send: () => Promise.resolve() },
    publish: (source, events) => recordHistory(table, source, events, systemClock.nowMs()),
    discard: () => Promise.resolve(),
  };
  const idle = Array.from({ length: STEPS }, (_, place) => ({
    name: `step-${place}`,
    run: () => Promise.resolve(done()),
  }));
  const type: RecordType<EnginePorts, { status: string }> = {
    type: "bench",
    schema: z.object({ status: z.string() }),
    indexes: (key) => ({ project: { pk: "project#p1", sk: key.pk } }),
    operations: [{ kind: "work", version: 1, steps: idle, always: [], end: () => ({ kind: "kept", changes: {} }) }],
  };
  const keys = Array.from({ length: records }, (_, place) => ({ pk: `bench#${place}`, sk: "hot" }));
  const nowMs = Date.now();
  await Promise.all(
    keys.map((key) => {
      const request = { id: `operation-${key.pk}`, kind: "work", nowMs, deadlineAtMs: nowMs + 3_600_000 };
      return insertRecord(ports, type, withOperation(type, newRecord(key, { status: "new" }), request, {}));
    }),
  );
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: limits.queue.batchesInHand * limits.queue.batchMessages }, conductThem));
  const seconds = (performance.now() - startedMs) / 1_000;
  const cpu = process.cpuUsage(cpuBefore);
  await table.close();
  rmSync(folder, { recursive: true });
  const steps = records * STEPS;
  return { stepsPerSecond: steps / seconds, cpuMicrosPerStep: (cpu.user + cpu.system) / steps };

  async function conductThem(): Promise<void> {
    const signal = new AbortController().signal;
    for (let key = keys.pop(); key; key = keys.pop()) {
      const budget = { endsAtMs: Date.now() + limits.engine.budgetMs, signal };
      const { kind } = await conduct({ ports, name: "bench", types: [type] }, key, budget);
      if (kind !== "ended") throw new Error(`a bench record was ${kind}`);
    }
  }
}
