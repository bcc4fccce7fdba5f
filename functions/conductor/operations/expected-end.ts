/**
 * How long a stack's work usually takes: learnt from what it took before, of bays of the same model (or of node groups, all
 * alike), so that polling is close where the end is near and seldom where it is far. A guess: when it is wrong, or
 * missing, only the moment at which an end is noticed changes.
 */
import { limits } from "@jeroboam/core/limits";
import type { ActiveRecord, Operation } from "@jeroboam/core/operation/record";
import type { Item, Key, Table } from "@jeroboam/core/table/table";
import { z } from "zod";

const schema = z.object({ averageMs: z.number(), times: z.number().int() });

function keyOf(of: string, operation: Pick<Operation, "kind">): Key {
  return { pk: `expectation#${of}`, sk: operation.kind };
}

/** Milliseconds from the operation's beginning to its end, as it noted them when it first asked; 0: nobody knows. */
export async function expectedMs(table: Table, of: string, operation: Operation): Promise<number> {
  const noted = operation.notes[NOTE];
  if (typeof noted === "number") return noted;
  const item = await table.get(keyOf(of, operation));
  return item ? Math.round(schema.parse(item.body).averageMs) : 0;
}

/** Where an operation notes what it expects. */
export const NOTE = "expectedMs";

/** What this one took counts for a fifth of what is expected of the next, the first ones for more. */
export async function learnEnd(
  table: Table,
  of: string,
  operation: Pick<Operation, "kind" | "startedAtMs">,
  nowMs: number,
): Promise<void> {
  const key = keyOf(of, operation);
  const found = await table.get(key);
  const { averageMs, times } = found ? schema.parse(found.body) : { averageMs: 0, times: 0 };
  const tookMs = nowMs - operation.startedAtMs;
  const share = Math.max(1 / (times + 1), 1 / 5);
  const item: Item = {
    ...key,
    revision: (found?.revision ?? 0) + 1,
    body: { averageMs: averageMs + (tookMs - averageMs) * share, times: Math.min(times + 1, 1_000) },
    indexes: {},
    expiresAtSeconds: Math.ceil((nowMs + limits.bay.expectationKeepMs) / 1_000),
  };
  // Refused: another one ended just now, and taught as much.
  await table.put(item, found ? { revision: found.revision } : { absent: true });
}

/** With the calls of a look an end is noticed within a second. Queues that count in seconds (SQS) make it one. */
const EAGER_MS = 400;
const LEAST_MS = 1_000;
const MOST_MS = 10_000;
/** Near the expected end; with the call itself an end is noticed within 5 s. */
const NEAR_MS = 4_000;
/** Which part of the expected time is near its end. */
const NEAR_FROM = 0.75;
const NEAR_UNTIL = 1.5;

/**
 * Polling slows down with the operation's age: a tenth of it, between one second and ten, but close to the expected end,
 * and for a while after somebody has said that there is something to see.
 */
export function pollAfterMs(
  nowMs: number,
  { id, startedAtMs, notes }: Pick<Operation, "id" | "startedAtMs" | "notes">,
  nudge?: ActiveRecord<unknown>["nudge"],
): number {
  const toldAgoMs = nudge?.operation === id ? nowMs - nudge.atMs : Infinity;
  if (toldAgoMs < limits.callback.keenMs) return toldAgoMs < limits.callback.eagerMs ? EAGER_MS : LEAST_MS;
  const ageMs = nowMs - startedAtMs;
  const byAgeMs = Math.min(MOST_MS, Math.max(LEAST_MS, Math.floor(ageMs / 10)));
  const expected = Number(notes[NOTE] ?? 0);
  if (expected === 0 || ageMs > expected * NEAR_UNTIL) return byAgeMs;
  const untilNearMs = expected * NEAR_FROM - ageMs;
  return untilNearMs > 0 ? Math.min(byAgeMs, Math.max(LEAST_MS, Math.ceil(untilNearMs))) : Math.min(byAgeMs, NEAR_MS);
}
