/**
 * Beginning an operation that its caller may ask for again, under the same Idempotency-Key (idempotency-key.ts): its id
 * follows from the key, and whoever asks again finds it, running, superseded or long ended, and begins nothing.
 *
 * What tells is its first event, `<id>.0`: it is written with the operation, into the record's outbox, and leaves that for
 * the record's history alone. So a record read first and its history read after miss no operation that was begun before.
 */
import { Rejected, Transient } from "../errors.ts";
import { isInHistory } from "../event/event-history.ts";
import { historyKeyOf } from "../event/event-source.ts";
import type { HeldKey } from "../idempotency/idempotency-key.ts";
import { limits } from "../limits.ts";
import type { Clock } from "../ports.ts";
import { startEventId } from "./operation.ts";
import type { RecordShape, WorkRecord } from "./record.ts";
import type { Change, Changed, Inserted, StorePorts } from "./record-store.ts";
import { changeRecord, findRecord, insertRecord } from "./record-store.ts";
import type { Key, Table } from "../table/table.ts";

/** What a request under a key begins: the same each time that it is asked for. */
export type KeyedRequestEffect = Omit<HeldKey, "item">;

/** Of whoever slept so long that another may have gone on with the same request: nothing is begun by it any more. */
export function tookTooLong(): Transient {
  return new Transient("the request took so long that another may have gone on with it");
}

/**
 * Changes a record by `decide`, which begins an operation of that id; at most once for a key. Nor is it begun again where the
 * answer to its write was lost, whatever has become of it by the time that the record is looked at again.
 */
export function beginOperation<State, Refusal>(
  ports: StorePorts & { readonly clock: Clock },
  { shape, key }: { readonly shape: RecordShape<State>; readonly key: Key },
  keyed: KeyedRequestEffect | undefined,
  decide: (record: WorkRecord<State>, id: string) => Change<State, Refusal>,
): Promise<Changed<State, Refusal>> {
  const id = keyed?.uuid ?? ports.random.uuid();
  let known = keyed;
  return changeRecord(ports, shape, key, async (current) => {
    if (known && (await wasBegun(ports.table, shape, current, known))) return { kind: "keep" };
    const nowMs = ports.clock.nowMs();
    known ??= begunAt(id, nowMs);
    // Another may have begun it meanwhile, and what it did may have been changed again.
    if (nowMs >= known.untilMs) throw tookTooLong();
    return decide(current, id);
  });
}

/**
 * Stores a new record with the operation that it begins. A record that stands there with that operation begun is this one:
 * the answer to its write was lost, and a conductor has gone on with it before anybody looked.
 */
export async function insertBegun<State>(
  ports: StorePorts,
  shape: RecordShape<State>,
  record: WorkRecord<State>,
): Promise<Inserted<State>> {
  const inserted = await insertRecord(ports, shape, record);
  if (inserted.kind === "inserted" || !record.operation) return inserted;
  const standing = await findRecord(ports.table, shape, record.key);
  const begun = begunAt(record.operation.id, record.operation.startedAtMs);
  const isOwn = standing !== undefined && (await wasBegun(ports.table, shape, standing, begun));
  return isOwn ? { kind: "inserted", record: standing } : inserted;
}

/** What was begun under no key, for whoever did not hear of it. */
function begunAt(uuid: string, startedAtMs: number): KeyedRequestEffect {
  return { uuid, startedAtMs, untilMs: Infinity, isRepeat: true };
}

/** Whether a request that came before under the same key has begun its operation on this record. */
export async function wasBegun<State>(
  table: Table,
  shape: RecordShape<State>,
  record: WorkRecord<State>,
  keyed: KeyedRequestEffect,
): Promise<boolean> {
  const first = startEventId(keyed.uuid);
  if (record.operation?.id === keyed.uuid || record.outbox.some(({ id }) => id === first)) return true;
  return keyed.isRepeat && isInPast(table, historyKeyOf(shape, record), keyed);
}

/** Whether the history of a record, which may be gone, tells of the operation of that key. */
export async function isInPast(
  table: Table,
  history: Key,
  { uuid, startedAtMs }: KeyedRequestEffect,
): Promise<boolean> {
  const sinceMs = startedAtMs - limits.idempotency.clockSkewMs;
  const found = await isInHistory(table, history, { id: startEventId(uuid), sinceMs });
  if (found === "unknown")
    throw new Rejected(
      409,
      "Too much has happened since this Idempotency-Key was first used to tell what became of it.",
    );
  return found;
}
