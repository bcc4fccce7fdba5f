/** Order keys: everything that is told of a bay has one order, whoever tells it and whatever the clocks say. */
import { expect, test } from "vitest";
import { z } from "zod";
import { createMemoryTable } from "../table/memory-table.ts";
import { compareKeys } from "../table/range.ts";
import type { RecordShape, WorkRecord } from "./record.ts";
import { newRecord } from "./record-store.ts";
import { writeRecord } from "./record-write.ts";

const BAY = { pk: "bay#b", sk: "p#bay" };
const bays: RecordShape<object> = { type: "bay", schema: z.object({}), indexes: () => ({}) };
const pods: RecordShape<{ uuid: string }> = {
  type: "pod",
  schema: z.object({ uuid: z.string() }),
  indexes: () => ({}),
  bayOf: ({ uuid }) => ({ key: BAY, uuid }),
};

function createTelling() {
  let marks = 0;
  const table = createMemoryTable({ clock: { nowMs: () => 0 } });
  const ports = {
    table,
    random: { uuid: () => `mark-${(marks += 1)}`, fraction: () => 0, bytes: () => new Uint8Array() },
  };
  const tell = async <State>(shape: RecordShape<State>, record: WorkRecord<State>, id: string, atMs: number) => {
    const event = { id, type: "x", atMs, data: {} };
    const write = await writeRecord(ports, shape, { ...record, outbox: [...record.outbox, event] });
    if (write.kind === "refused") throw new Error("refused");
    return write.record;
  };
  return { table, tell };
}

function inOrder(...records: readonly WorkRecord<unknown>[]): readonly string[] {
  const events = records.flatMap(({ outbox }) => outbox);
  return events.toSorted((one, other) => compareKeys(one.order ?? "", other.order ?? "")).map(({ id }) => id);
}

test("what a pod tells stands behind what its bay had told, and before what it tells later", async () => {
  const { table, tell } = createTelling();
  let bay = await tell(bays, newRecord(BAY, {}), "bay begins", 1_000);
  bay = await tell(bays, bay, "bay is made", 2_000);
  const writes = table.counts.put;
  let pod = await tell(pods, newRecord({ pk: "pod#1", sk: "p" }, { uuid: "1" }), "pod begins", 3_000);
  // An event costs no write but its record's.
  expect(table.counts.put - writes).toBe(1);
  bay = await tell(bays, bay, "bay is resized", 4_000);
  pod = await tell(pods, pod, "pod is made", 5_000);
  const other = await tell(pods, newRecord({ pk: "pod#2", sk: "p" }, { uuid: "2" }), "another pod", 5_000);
  bay = await tell(bays, bay, "bay goes", 6_000);
  expect(inOrder(pod, other, bay)).toEqual([
    "bay begins",
    "bay is made",
    "pod begins",
    "bay is resized",
    "another pod",
    "pod is made",
    "bay goes",
  ]);
});

test("clocks that differ change the order of nothing that one record tells, nor that its bay tells", async () => {
  const { tell } = createTelling();
  let bay = await tell(bays, newRecord(BAY, {}), "bay begins", 900_000);
  let pod = await tell(pods, newRecord({ pk: "pod#1", sk: "p" }, { uuid: "1" }), "first", 500_000);
  pod = await tell(pods, pod, "second", 100_000);
  pod = await tell(pods, pod, "third", 300_000);
  bay = await tell(bays, bay, "bay goes on", 0);
  expect(inOrder(bay, pod)).toEqual(["bay begins", "first", "second", "third", "bay goes on"]);
});

test("what is told of a bay that is gone comes last", async () => {
  const { table, tell } = createTelling();
  const bay = await tell(bays, newRecord(BAY, {}), "bay goes", 1_000);
  await table.remove(BAY, bay.revision);
  const pod = await tell(pods, newRecord({ pk: "pod#1", sk: "p" }, { uuid: "1" }), "pod goes", 500);
  expect(inOrder(pod, bay)).toEqual(["bay goes", "pod goes"]);
});
