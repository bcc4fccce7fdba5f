/**
 * A project's events in the order in which they were told, from a place on: for those who cannot receive. A cursor names a
 * place; who asks again with the cursor of the answer before misses nothing and sees nothing twice. What was told within
 * the last two seconds is held back, because an index may show a later write before an earlier one.
 */
import { z } from "zod";
import { limits } from "../limits.ts";
import { timeKey } from "../operation/record.ts";
import { isStorableKey } from "../table/range.ts";
import type { Position, Table } from "../table/table.ts";
import { matchesEvent } from "./event-filter.ts";
import type { HistoryEvent } from "./event-history.ts";
import { eventFromItem, projectEvents } from "./event-history.ts";

export interface StreamQuery {
  readonly projectId: string;
  readonly after: StreamCursor;
  /** At least 1. */
  readonly limit: number;
  readonly types?: readonly string[];
  readonly bayUuid?: string;
}

/** A place in the stream: behind this item, or behind all that was told before a time. */
export interface StreamCursor {
  readonly pk: string;
  readonly sk: string;
  readonly indexSk: string;
}

export interface StreamEvent {
  readonly event: HistoryEvent;
  /** The place behind it. */
  readonly cursor: StreamCursor;
}

export interface StreamPage {
  readonly events: readonly StreamEvent[];
  /** Where to go on. */
  readonly cursor: StreamCursor;
  /** There is more now. */
  readonly hasMore: boolean;
}

/** Everything told at that time or later. */
export function cursorAt(atMs: number): StreamCursor {
  return { pk: "~", sk: "~", indexSk: `${timeKey(atMs - 1)}#~` };
}

const cursorSchema = z.tuple([z.string(), z.string(), z.string().regex(/^\d{15}#/)]);

export function encodeCursor({ pk, sk, indexSk }: StreamCursor): string {
  return Buffer.from(JSON.stringify([pk, sk, indexSk])).toString("base64url");
}

/** Absent: the text is no cursor of ours. */
export function decodeCursor(text: string): StreamCursor | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  } catch {
    // Not ours, or cut short: the caller says so.
    return undefined;
  }
  const read = cursorSchema.safeParse(value);
  if (!read.success) return undefined;
  const [pk, sk, indexSk] = read.data;
  const isPlace = isStorableKey({ pk, sk }) && isStorableKey({ pk, sk: indexSk });
  return isPlace ? { pk, sk, indexSk } : undefined;
}

/** One page: what fits the filter among the next events. A page may be empty and yet move the cursor on. */
export async function readStream(
  table: Table,
  { projectId, after, limit, types = ["*"], bayUuid }: StreamQuery,
  nowMs: number,
): Promise<StreamPage> {
  const partition = projectEvents(projectId);
  const from: Position = { pk: after.pk, sk: after.sk, indexes: { project: { pk: partition, sk: after.indexSk } } };
  const page = await table.queryIndex("project", partition, {
    after: from,
    upTo: `${timeKey(nowMs - limits.event.settleMs)}~`,
    limit: limits.event.pageItems,
  });
  const events: StreamEvent[] = [];
  let cursor = after;
  for (const item of page.items) {
    if (events.length === limit) return { events, cursor, hasMore: true };
    cursor = { pk: item.pk, sk: item.sk, indexSk: item.indexes.project?.sk ?? "" };
    const event = eventFromItem(item);
    const isOfBay = bayUuid === undefined || event.subject?.bayUuid === bayUuid;
    if (isOfBay && matchesEvent(types, event.type)) events.push({ event, cursor });
  }
  return { events, cursor, hasMore: page.next !== undefined };
}
