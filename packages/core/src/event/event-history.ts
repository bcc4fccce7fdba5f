/**
 * The history of what happened to a record, readable by its owner: each event of its outbox becomes an item beside the
 * record, under a key that follows from the event's id, so that publishing twice changes nothing. Kept for a while, then
 * gone. Webhooks and streams read the same events elsewhere.
 */
import { z } from "zod";
import { limits } from "../limits.ts";
import type { OutboxEvent } from "../operation/record.ts";
import { timeKey } from "../operation/record.ts";
import type { Item, Key, Table } from "../table/table.ts";

const eventBodySchema = z.object({
  id: z.string(),
  type: z.string(),
  atMs: z.number(),
  data: z.record(z.string(), z.json()),
});

export type HistoryEvent = z.infer<typeof eventBodySchema>;

/** Events stand in their record's partition behind everything else about it, so that reading the record skips them. */
function historyPrefix(record: Key): string {
  return `~history#${record.sk}#`;
}

export async function recordHistory(table: Table, record: Key, events: readonly OutboxEvent[]): Promise<void> {
  for (const event of events) {
    const item: Item = {
      pk: record.pk,
      sk: `${historyPrefix(record)}${timeKey(event.atMs)}#${event.id}`,
      revision: 1,
      body: event,
      indexes: {},
      expiresAtSeconds: Math.ceil((event.atMs + limits.event.keepMs) / 1_000),
    };
    // Refused: it was told before.
    await table.put(item, { absent: true });
  }
}

/** The newest events first, one page. */
export async function readHistory(table: Table, record: Key, limit: number): Promise<readonly HistoryEvent[]> {
  const page = await table.query(record.pk, { prefix: historyPrefix(record), limit, descending: true });
  return page.items.map((item) => eventBodySchema.parse(item.body));
}
