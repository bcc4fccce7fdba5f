/**
 * Writing a record under optimistic concurrency: the one place where a record's revision goes up. A write whose reply
 * was lost is recognised by its mark, so that nobody takes its own success for another's.
 */
import { Transient } from "../errors.ts";
import type { Random } from "../ports.ts";
import type { Condition, Key, Table } from "../table/table.ts";
import { eventCountOf, orderKey, orderWithin } from "./event-order.ts";
import type { RecordShape, WorkRecord } from "./record.ts";
import { recordFromItem, recordToItem } from "./record.ts";

export interface WritePorts {
  readonly table: Table;
  readonly random: Random;
}

export type RecordWrite<State> =
  | { readonly kind: "written"; readonly record: WorkRecord<State> }
  /** Somebody else wrote first; `current` is what stands there now (absent: nothing). */
  | { readonly kind: "refused"; readonly current: WorkRecord<State> | undefined };

/** Stores the record over the revision it was read at (0: it must not exist). Throws Transient when nobody can tell. */
export async function writeRecord<State>(
  ports: WritePorts,
  type: RecordShape<State>,
  record: WorkRecord<State>,
): Promise<RecordWrite<State>> {
  const written = {
    ...(await numbered(ports.table, type, record)),
    revision: record.revision + 1,
    mark: ports.random.uuid(),
  };
  const condition: Condition = record.revision === 0 ? { absent: true } : { revision: record.revision };
  let trouble: Transient | undefined;
  try {
    if ((await ports.table.put(recordToItem(type, written), condition)) === "written")
      return { kind: "written", record: written };
  } catch (thrown) {
    // The write may have happened although its reply did not arrive: look.
    if (!(thrown instanceof Transient)) throw thrown;
    trouble = thrown;
  }
  const current = await readRecord(ports.table, type, record.key);
  if (current?.mark === written.mark) return { kind: "written", record: written };
  if (trouble && (current?.revision ?? 0) === record.revision) throw trouble;
  return { kind: "refused", current };
}

/** New events get their numbers with the write that makes them the record's: nobody else's can have the same. */
async function numbered<State>(
  table: Table,
  type: RecordShape<State>,
  record: WorkRecord<State>,
): Promise<WorkRecord<State>> {
  if (record.outbox.every((event) => event.sequence !== undefined)) return record;
  const bay = type.bayOf?.(record.state);
  const count = bay && (await eventCountOf(table, bay.key));
  let { eventCount = 0, lastEventAtMs = 0 } = record;
  const outbox = record.outbox.map((event) => {
    if (event.sequence !== undefined) return event;
    const sequence = (eventCount += 1);
    lastEventAtMs = Math.max(lastEventAtMs, event.atMs);
    const order =
      bay && count !== undefined
        ? orderWithin({ count, atMs: lastEventAtMs, sequence, uuid: bay.uuid })
        : orderKey(sequence);
    return { ...event, sequence, order };
  });
  return { ...record, outbox, eventCount, ...(bay && { lastEventAtMs }) };
}

/** The record as it stands, `gone` ones included; absent when there is none. */
export async function readRecord<State>(
  table: Table,
  type: RecordShape<State>,
  key: Key,
): Promise<WorkRecord<State> | undefined> {
  const item = await table.get(key);
  return item && recordFromItem(type, item);
}
