/**
 * A record: one item of the table that can have work to do. This module promises the shapes (operation, lease, outbox)
 * and their way into and out of the table; who may change them when is the engine's (conduct.ts) and the API's
 * (record-store.ts). What a record's state means is left to its type (a bay, a container resource, a delivery).
 */
import { z } from "zod";
import type { Json, JsonObject } from "../json.ts";
import { limits } from "../limits.ts";
import type { IndexName, Item, Key } from "../table/table.ts";

/** What comes out of a table is JSON through and through: that it is an object is all that is left to see. */
const jsonObject = z.custom<JsonObject>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
);

const operationSchema = z.object({
  id: z.string(),
  kind: z.string(),
  /** The definition's version, pinned by the first claim (0 until then): a deploy in the middle changes nothing. */
  version: z.number().int(),
  /** The name of the step to run next; empty until the first claim. */
  step: z.string(),
  /** When the step was come to; absent in the first, which begins with the operation. */
  stepStartedAtMs: z.number().optional(),
  /** Retries told of so far. */
  retriesTold: z.number().int().optional(),
  /** Claims since the last progress. */
  attempt: z.number().int(),
  /** Throws in a row that were bugs. */
  bugs: z.number().int(),
  startedAtMs: z.number(),
  deadlineAtMs: z.number(),
  /** Why it fails, once it does: from then on only its cleaning steps run. */
  failure: z.string().optional(),
  /** What went wrong last, to name when time runs out. */
  trouble: z.string().optional(),
  /** Events so far: numbers the next one. */
  events: z.number().int(),
  /** How a conductor acts for the project that asked; opaque here. */
  delegation: jsonObject.optional(),
  /** Delegations of operations that this one superseded: to be revoked with its own. */
  inherited: z.array(jsonObject),
  input: jsonObject,
  /** What steps remember between their runs. */
  notes: jsonObject,
});

export type Operation = z.infer<typeof operationSchema>;

const outboxEventSchema = z.object({
  /** Deterministic, so that publishing again changes nothing. */
  id: z.string(),
  type: z.string(),
  atMs: z.number(),
  /** Its place among all events of the record, from 1 without gaps: given when it is first written. */
  sequence: z.number().int().optional(),
  /** Its place among all events of its bay, as text: given with the number (event-order.ts). */
  order: z.string().optional(),
  data: jsonObject,
});

export type OutboxEvent = z.infer<typeof outboxEventSchema>;

const bodySchema = z.object({
  type: z.string(),
  state: z.unknown(),
  operation: operationSchema.optional(),
  dueAtMs: z.number().optional(),
  lease: z.object({ holder: z.string(), untilMs: z.number() }).optional(),
  outbox: z.array(outboxEventSchema),
  /** Somebody outside has said that this operation has something to look at: how often, and when last. */
  nudge: z.object({ operation: z.string(), uses: z.number().int(), atMs: z.number() }).optional(),
  /** Events so far: numbers the next one. */
  eventCount: z.number().int().optional(),
  /** When the last of them was; in the order of events no later one comes before it. */
  lastEventAtMs: z.number().optional(),
  /** The work of removing it is done but for its last events: readers do not see it any more. */
  gone: z.boolean(),
  /** Who wrote this revision: tells a writer whose reply was lost that the write is its own. */
  mark: z.string(),
});

type RecordBody = z.infer<typeof bodySchema>;

/** A record as code sees it. */
export interface WorkRecord<State> extends Omit<RecordBody, "state" | "type"> {
  readonly key: Key;
  readonly revision: number;
  readonly state: State;
}

/** What the table must know of a type of record. */
export interface RecordShape<State> {
  readonly type: string;
  readonly schema: z.ZodType<State>;
  /** Where it stands in the indexes for lists and names (the due index is the engine's). */
  indexes(key: Key, state: State): Partial<Record<Exclude<IndexName, "due">, Key>>;
  /** Its operations are nobody's business: they make no events. */
  readonly isSilent?: true;
  /** When it may vanish by itself, in seconds since the epoch; for ever without it. */
  expiresAtSeconds?(state: State): number;
  /** The bay's record that it hangs on, among whose events its own are ordered, and what tells it from others there. */
  bayOf?(state: State): { readonly key: Key; readonly uuid: string } | undefined;
  /** In whose history its events stand, of its own partition; its own without it. */
  historyKey?(state: State): Key;
  /** What its events tell of it, by the names that callers know. */
  describe?(state: State): JsonObject;
}

/** What the engine must know besides: the work there is for it. */
export interface RecordType<Ports, State> extends RecordShape<State> {
  readonly operations: readonly OperationDefinition<Ports, State>[];
  /**
   * Gives back what a record stood for that is gone to everyone else: before its item goes, and again if that was cut
   * short. Two conductors may do it at once.
   */
  beforeRemoval?(ports: Ports, record: WorkRecord<State>): Promise<void>;
}

/**
 * What a step tells the engine. `changes` are merged over the record's state, `notes` over the operation's notes, in the
 * same write as the progress.
 */
export type StepResult<State> = (
  | { readonly kind: "done" }
  | { readonly kind: "again"; readonly afterMs: number }
  | { readonly kind: "failed"; readonly reason: string }
) & { readonly changes: Partial<State>; readonly notes: JsonObject };

/** The step's work is done: on to the next. */
export function done<State>(changes: Partial<State> = {}, notes: JsonObject = {}): StepResult<State> {
  return { kind: "done", changes, notes };
}

/** All is well, and this step wants to look again after a while. */
export function again<State>(afterMs: number, changes: Partial<State> = {}, notes: JsonObject = {}): StepResult<State> {
  return { kind: "again", afterMs, changes, notes };
}

/** The operation cannot succeed; the reason is for the record's owner to read. */
export function failed<State>(reason: string, changes: Partial<State> = {}): StepResult<State> {
  return { kind: "failed", reason, changes, notes: {} };
}

/** What a step is told of the invocation it runs in. */
export interface StepBudget {
  readonly signal: AbortSignal;
  /** What is left for this and further steps. */
  remainingMs(): number;
}

/**
 * An idempotent chunk of an operation, bounded in time: it may be killed anywhere and run again from its start. It looks
 * before it makes, takes names and ids from the record, and throws only `Transient`.
 */
export interface Step<Ports, State> {
  readonly name: string;
  /** What it has begun is to be ended, however late: the deadline does not count any more. */
  readonly hasNoWayBack?: true;
  run(ports: Ports, record: ActiveRecord<State>, budget: StepBudget): Promise<StepResult<State>>;
}

export type ActiveRecord<State> = WorkRecord<State> & { readonly operation: Operation };

export type OperationOutcome = { readonly kind: "succeeded" } | { readonly kind: "failed"; readonly reason: string };

export type Ending<State> = { readonly kind: "kept"; readonly changes: Partial<State> } | { readonly kind: "removed" };

/** What happens to a record, as a table of contents. Within a version steps are appended, never reordered. */
export interface OperationDefinition<Ports, State> {
  readonly kind: string;
  readonly version: number;
  readonly steps: readonly Step<Ports, State>[];
  /** Cleaning steps: run when the steps are done and when one has failed; what they cannot do is left to the sweeper. */
  readonly always: readonly Step<Ports, State>[];
  /** What becomes of the record when all that is over. */
  end(state: State, outcome: OperationOutcome, nowMs: number): Ending<State>;
}

/** The shard of the due index in which a record stands: the same for everyone, spread evenly. */
export function shardOf(text: string, shards: number): number {
  let hash = 2_166_136_261;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 16_777_619);
  return (hash >>> 0) % shards;
}

/** A time as text whose order is the order of time (milliseconds, 15 digits: until the year 33658). */
export function timeKey(atMs: number): string {
  return String(Math.max(0, Math.floor(atMs))).padStart(15, "0");
}

/** Where something due at that time stands in the due index. */
export function dueIndexKey(key: Key, dueAtMs: number): Key {
  return { pk: `due#${shardOf(key.pk, limits.engine.dueShards)}`, sk: `${timeKey(dueAtMs)}#${key.pk}#${key.sk}` };
}

export function recordToItem<State>(type: RecordShape<State>, record: WorkRecord<State>): Item {
  const { key, revision, state, dueAtMs } = record;
  const body: RecordBody = {
    type: type.type,
    state,
    outbox: record.outbox,
    gone: record.gone,
    mark: record.mark,
    ...(record.nudge && { nudge: record.nudge }),
    ...(record.eventCount !== undefined && { eventCount: record.eventCount }),
    ...(record.lastEventAtMs !== undefined && { lastEventAtMs: record.lastEventAtMs }),
    ...(record.operation && { operation: record.operation }),
    ...(record.lease && { lease: record.lease }),
    ...(dueAtMs !== undefined && { dueAtMs }),
  };
  return {
    ...key,
    revision,
    body: body as unknown as JsonObject,
    indexes: {
      // A record on its way out stands in no list.
      ...(!record.gone && type.indexes(key, state)),
      ...(dueAtMs !== undefined && { due: dueIndexKey(key, dueAtMs) }),
    },
    ...(type.expiresAtSeconds && { expiresAtSeconds: type.expiresAtSeconds(state) }),
  };
}

/** The record in an item; throws (a bug) when the item is not of this type. */
export function recordFromItem<State>(type: RecordShape<State>, item: Item): WorkRecord<State> {
  const { type: found, state, ...rest } = bodySchema.parse(item.body);
  if (found !== type.type) throw new Error(`item ${item.pk} ${item.sk} is a ${found}, not a ${type.type}`);
  return { ...rest, key: { pk: item.pk, sk: item.sk }, revision: item.revision, state: type.schema.parse(state) };
}

/** The type that an item says it is; absent for items that are no records. */
export function typeOfItem(item: Item): string | undefined {
  const type: Json | undefined = item.body["type"];
  return typeof type === "string" && "outbox" in item.body ? type : undefined;
}

/** Who holds the lease on a record, as its item says; absent when nobody does. */
export function leaseHolderOf(item: Item): string | undefined {
  return bodySchema.shape.lease.safeParse(item.body["lease"]).data?.holder;
}
