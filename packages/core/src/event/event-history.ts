/**
 * The history of what happened: each event of a record's outbox becomes an item beside the record, under a key that
 * follows from the event's id, so that telling it twice changes nothing. Kept for a while, then gone. The same item stands
 * in its project's stream (event-stream.ts) by the time at which it was told, so that who has read up to a moment finds
 * what comes later behind it.
 */
import { z } from "zod";
import { limits } from "../limits.ts";
import type { OutboxEvent } from "../operation/record.ts";
import { timeKey } from "../operation/record.ts";
import type { Item, Key, Position, Table } from "../table/table.ts";
import type { EventSource } from "./event-source.ts";
import { eventSubjectSchema } from "./event-source.ts";

const eventBodySchema = z.object({
  id: z.string(),
  type: z.string(),
  atMs: z.number(),
  sequence: z.number().int().optional(),
  order: z.string().optional(),
  data: z.record(z.string(), z.json()),
  /** The record as it stood when the event was told. */
  subject: eventSubjectSchema.optional(),
});

export type HistoryEvent = z.infer<typeof eventBodySchema>;

/** Events stand in their record's partition behind everything else about it, so that reading the record skips them. */
function historyPrefix(record: Key): string {
  return `~history#${record.sk}#`;
}

/** Partition of the project index: a project's events. */
export function projectEvents(projectId: string): string {
  return `event#${projectId}`;
}

export async function recordHistory(
  table: Table,
  { key, subject }: EventSource,
  events: readonly OutboxEvent[],
  nowMs: number,
): Promise<void> {
  for (const event of events) {
    const { sequence, order, ...rest } = event;
    const places = { ...(sequence !== undefined && { sequence }), ...(order !== undefined && { order }) };
    const body = { ...rest, ...places, ...(subject && { subject }) };
    const item: Item = {
      pk: key.pk,
      sk: `${historyPrefix(key)}${timeKey(event.atMs)}#${event.id}`,
      revision: 1,
      body,
      indexes: subject
        ? { project: { pk: projectEvents(subject.projectId), sk: `${timeKey(nowMs)}#${event.id}` } }
        : {},
      expiresAtSeconds: Math.ceil((event.atMs + limits.event.keepMs) / 1_000),
    };
    // Refused: it was told before.
    await table.put(item, { absent: true });
  }
}

export function eventFromItem(item: Item): HistoryEvent {
  return eventBodySchema.parse(item.body);
}

/** A place in a record's history: behind that event. */
export type HistoryPlace = Pick<HistoryEvent, "id" | "atMs">;

export interface HistoryQuery {
  readonly limit: number;
  readonly descending: boolean;
  readonly after?: HistoryPlace | undefined;
}

/** Whether an event was told of a record since then; `unknown` when too much was to look through. */
export async function isInHistory(
  table: Table,
  record: Key,
  { id, sinceMs }: { readonly id: string; readonly sinceMs: number },
): Promise<boolean | "unknown"> {
  const prefix = historyPrefix(record);
  let after: Position = { pk: record.pk, sk: `${prefix}${timeKey(sinceMs)}`, indexes: {} };
  for (let pages = 0; pages < limits.event.lookBackPages; pages += 1) {
    const page = await table.query(record.pk, { prefix, after });
    if (page.items.some((item) => item.body["id"] === id)) return true;
    if (!page.next) return false;
    after = page.next;
  }
  return "unknown";
}

/** One page of what happened to a record, also one that is gone. */
export async function readHistory(
  table: Table,
  record: Key,
  { limit, descending, after }: HistoryQuery,
): Promise<readonly HistoryEvent[]> {
  const prefix = historyPrefix(record);
  const place = after && { pk: record.pk, sk: `${prefix}${timeKey(after.atMs)}#${after.id}`, indexes: {} };
  const page = await table.query(record.pk, { prefix, limit, descending, ...(place && { after: place }) });
  return page.items.map(eventFromItem);
}
