/**
 * The order of everything that is told of one bay: by the bay itself and by what hangs on it. A bay's own events are
 * numbered by the writes that make them. Those of a node group or a container resource are numbered within the number that
 * their bay has come to when they are written: behind all that the bay had told by then, before all that it tells later.
 * So nothing but the record itself is written for an event, whoever else writes at the same time.
 *
 * Order keys are compared as text. Two records of one bay between the same two events of it stand by time, as conductors'
 * clocks have it; the events of one record stand as they were written, whatever the clocks say.
 */
import type { Key, Table } from "../table/table.ts";
import { z } from "zod";
import { timeKey } from "./record.ts";

const DIGITS = 10;
/** What is still told of a bay that is gone comes behind everything. */
const BEHIND_ALL = 10 ** DIGITS - 1;

/** Of an event that has a number of its own, and belongs to no other record. */
export function orderKey(sequence: number): string {
  return String(sequence).padStart(DIGITS, "0");
}

export interface Within {
  /** The bay's number when the event is written. */
  readonly count: number;
  /** Never before that of the record's event before. */
  readonly atMs: number;
  /** The event's number among its record's. */
  readonly sequence: number;
  /** Of the record: no two records have the same key. */
  readonly uuid: string;
}

export function orderWithin({ count, atMs, sequence, uuid }: Within): string {
  return `${orderKey(count)}.${timeKey(atMs)}.${orderKey(sequence)}.${uuid}`;
}

const countSchema = z.object({ eventCount: z.number().int().default(0) });

/** How many events the record has told, or will when its outbox is told. */
export async function eventCountOf(table: Table, key: Key): Promise<number> {
  const item = await table.get(key);
  return item ? countSchema.parse(item.body).eventCount : BEHIND_ALL;
}
