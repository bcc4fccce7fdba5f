/**
 * How the API and the schedule touch records: insert one, read one, change one. Each is a single conditional write
 * (the commit point), after which a hint is sent; a hint that is lost is only late.
 */
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import type { Log, Random } from "../ports.ts";
import type { Queue } from "../queue/queue.ts";
import type { Key, Table } from "../table/table.ts";
import type { RecordShape, WorkRecord } from "./record.ts";
import { readRecord, writeRecord } from "./record-write.ts";

export interface StorePorts {
  readonly table: Table;
  readonly queue: Queue;
  readonly random: Random;
  readonly log: Log;
}

/** A record that is not in the table yet. */
export function newRecord<State>(key: Key, state: State): WorkRecord<State> {
  return { key, revision: 0, state, outbox: [], gone: false, mark: "" };
}

/** The record, unless there is none or it is on its way out. */
export async function findRecord<State>(
  table: Table,
  type: RecordShape<State>,
  key: Key,
): Promise<WorkRecord<State> | undefined> {
  const record = await readRecord(table, type, key);
  return record?.gone ? undefined : record;
}

export type Inserted<State> =
  | { readonly kind: "inserted"; readonly record: WorkRecord<State> }
  | { readonly kind: "exists" };

/** Stores a new record: the commit point of a creation. */
export async function insertRecord<State>(
  ports: StorePorts,
  type: RecordShape<State>,
  record: WorkRecord<State>,
): Promise<Inserted<State>> {
  const write = await writeRecord(ports, type, record);
  if (write.kind === "refused") return { kind: "exists" };
  await hintAt(ports, write.record);
  return { kind: "inserted", record: write.record };
}

export type Change<State, Refusal> =
  | { readonly kind: "write"; readonly record: WorkRecord<State> }
  | { readonly kind: "keep" }
  | { readonly kind: "refuse"; readonly refusal: Refusal };

export type Changed<State, Refusal> =
  | { readonly kind: "changed" | "kept"; readonly record: WorkRecord<State> }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "absent" };

/** Reads, decides, writes; when somebody wrote between, reads and decides again. */
export async function changeRecord<State, Refusal>(
  ports: StorePorts,
  type: RecordShape<State>,
  key: Key,
  decide: (record: WorkRecord<State>) => Change<State, Refusal> | Promise<Change<State, Refusal>>,
): Promise<Changed<State, Refusal>> {
  let record = await findRecord(ports.table, type, key);
  for (let tries = 0; tries < limits.engine.commitRetries * 4; tries += 1) {
    if (!record) return { kind: "absent" };
    const change = await decide(record);
    if (change.kind === "refuse") return { kind: "refused", refusal: change.refusal };
    if (change.kind === "keep") return { kind: "kept", record };
    const write = await writeRecord(ports, type, change.record);
    if (write.kind === "written") {
      await hintAt(ports, write.record);
      return { kind: "changed", record: write.record };
    }
    record = write.current?.gone ? undefined : write.current;
  }
  throw new Transient(`record ${key.pk} is being changed by others all the time`);
}

/** After the commit nothing may fail any more: what is lost here is found by the sweep. */
async function hintAt<State>(ports: StorePorts, record: WorkRecord<State>): Promise<void> {
  if (record.dueAtMs === undefined) return;
  try {
    await ports.queue.send([record.key]);
  } catch (thrown) {
    if (!(thrown instanceof Transient)) throw thrown;
    ports.log.write("warning", "hint-not-sent", { key: record.key.pk, reason: thrown.message });
  }
}
