/**
 * Where events come from: a record, as it stands when its events are told. Whose it is and which bay it belongs to are
 * read from the record itself; records without a project (there are such in tests alone) are told to nobody.
 */
import { z } from "zod";
import type { JsonObject } from "../json.ts";
import type { OutboxEvent, RecordShape, WorkRecord } from "../operation/record.ts";
import type { Key } from "../table/table.ts";

/** Tells the world of events; telling one twice (same id) must change nothing. */
export type Publish = (source: EventSource, events: readonly OutboxEvent[]) => Promise<void>;

export interface EventSource {
  /** The record in whose history they stand: for most their own. */
  readonly key: Key;
  /** Absent: the record is nobody's. */
  readonly subject: EventSubject | undefined;
}

export const eventSubjectSchema = z.object({
  /** The record's type: `bay`. */
  type: z.string(),
  uuid: z.string(),
  projectId: z.string(),
  userId: z.string(),
  /** The bay that it is, or that it hangs on. */
  bayUuid: z.string().nullable(),
  /** What is told of it. */
  description: z.record(z.string(), z.json()),
});
export type EventSubject = z.infer<typeof eventSubjectSchema>;

const ownedSchema = z.object({
  uuid: z.string(),
  projectId: z.string(),
  /** Of some records nobody knows who made them: node groups, for one. */
  userId: z.string().default(""),
  bayUuid: z.string().optional(),
  name: z.string().nullable().optional(),
  status: z.string().nullable().optional(),
});

export function historyKeyOf<State>(
  shape: RecordShape<State>,
  { key, state }: Pick<WorkRecord<State>, "key" | "state">,
): Key {
  return shape.historyKey?.(state) ?? key;
}

export function eventSource<State>(shape: RecordShape<State>, record: WorkRecord<State>): EventSource {
  const { state } = record;
  const key = historyKeyOf(shape, record);
  const owned = ownedSchema.safeParse(state);
  if (!owned.success) return { key, subject: undefined };
  const { uuid, projectId, userId, name = null, status = null, bayUuid } = owned.data;
  const description: JsonObject = shape.describe?.(state) ?? { uuid, name, status };
  const ownBay = shape.type === "bay" ? uuid : null;
  return { key, subject: { type: shape.type, uuid, projectId, userId, bayUuid: bayUuid ?? ownBay, description } };
}
