import { expect, test } from "vitest";
import { Transient } from "@jeroboam/core/errors";
import { limits } from "@jeroboam/core/limits";
import { createMemoryTable } from "@jeroboam/core/table/memory-table";
import type { Table } from "@jeroboam/core/table/table";
import { JOB_NAMES } from "@jeroboam/core/reconciliation/job-names";
import { listJobs } from "@jeroboam/core/reconciliation/job";
import { startSweepTimer } from "./sweep-timer.ts";

/** Timers that run what is waiting when told to, one at a time. */
function createManualTimers() {
  const waiting: { readonly afterMs: number; readonly run: () => void }[] = [];
  return {
    waiting,
    schedule(afterMs: number, run: () => void) {
      const entry = { afterMs, run };
      waiting.push(entry);
      return () => void waiting.splice(waiting.indexOf(entry), 1);
    },
    fire: () => waiting.shift()?.run(),
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function build(table: Table) {
  const timers = createManualTimers();
  const events: string[] = [];
  const sent: string[] = [];
  const ports = {
    timers,
    table,
    random: { uuid: () => "round", fraction: () => 0.5, bytes: () => new Uint8Array() },
    clock: { nowMs: () => 1_900_000_000_000 },
    queue: { send: (keys: readonly { pk: string }[]) => Promise.resolve(void sent.push(...keys.map(({ pk }) => pk))) },
    log: { write: (_level: string, event: string) => void events.push(event) },
  };
  return { timers, events, sent, timer: startSweepTimer(ports) };
}

test("sweeps once an interval, the next only after the one before has ended", async () => {
  const table = createMemoryTable({ clock: { nowMs: () => 1_900_000_000_000 } });
  await table.put(
    { pk: "bay#1", sk: "hot", revision: 1, body: {}, indexes: { due: { pk: "due#0", sk: "000000000000000#bay#1" } } },
    { absent: true },
  );
  const { timers, sent, events } = build(table);
  expect(timers.waiting.map(({ afterMs }) => afterMs)).toEqual([limits.engine.sweepIntervalMs]);
  timers.fire();
  expect(timers.waiting).toHaveLength(0);
  await settle();
  expect(sent).toEqual(["bay#1"]);
  // Jobs that are new are introduced by it; the first of their rounds are due later.
  expect((await listJobs(table)).map(({ state }) => state.name).toSorted()).toEqual([...JOB_NAMES].toSorted());
  expect(events).toEqual(["swept"]);
  expect(timers.waiting).toHaveLength(1);
});

test("goes on after a sweep that failed, and ends when stopped", async () => {
  const broken = { queryIndex: () => Promise.reject(new Transient("no answer")) } as unknown as Table;
  const { timers, events, timer } = build(broken);
  timers.fire();
  await settle();
  expect(events).toEqual(["sweep-failed"]);
  expect(timers.waiting).toHaveLength(1);
  await timer.stop();
  expect(timers.waiting).toHaveLength(0);
});
