/**
 * Which conductors there are, by what was seen of them: each writes its own item, at most once a minute and only while
 * it works, so that idle ones cost nothing. Up is who was seen within three minutes (bay-era sheet 3.10); who was not
 * seen for a month is forgotten. A failure to report is logged and changes nothing else.
 */
import { z } from "zod";
import { textOf } from "../errors.ts";
import { limits } from "../limits.ts";
import type { Clock, Log } from "../ports.ts";
import type { Item, Table } from "../table/table.ts";

const serviceSchema = z.object({
  /** Numbers them from 1, as Magnum's table does. */
  id: z.number().int(),
  host: z.string(),
  binary: z.string(),
  reportCount: z.number().int(),
  createdAtMs: z.number(),
  seenAtMs: z.number(),
});
export type ServiceRecord = z.infer<typeof serviceSchema>;

/** Conductors' name among services, in every Magnum. */
export const CONDUCTOR_BINARY = "magnum-conductor";

const PARTITION = "service#all";
const NUMBERS = "service#numbers";

export interface ReportPorts {
  readonly table: Table;
  readonly clock: Clock;
  readonly log: Log;
}

/** Says that this process is at work; to be called as often as it likes. */
export type Report = () => Promise<void>;

export function createReport(ports: ReportPorts, self: Pick<ServiceRecord, "host" | "binary">): Report {
  let nextAtMs = 0;
  return async () => {
    const nowMs = ports.clock.nowMs();
    if (nowMs < nextAtMs) return;
    nextAtMs = nowMs + limits.service.reportMs;
    try {
      await write(ports.table, self, nowMs);
    } catch (thrown) {
      // Whoever reports has better things to do: the next report tells.
      ports.log.write("warning", "report-failed", { host: self.host, reason: textOf(thrown) });
    }
  };
}

async function write(table: Table, self: Pick<ServiceRecord, "host" | "binary">, nowMs: number): Promise<void> {
  const key = { pk: PARTITION, sk: `${self.binary}#${self.host}` };
  const found = await table.get(key);
  const before = found && serviceSchema.parse(found.body);
  const record: ServiceRecord = {
    ...self,
    id: before?.id ?? (await takeNumber(table)),
    reportCount: (before?.reportCount ?? 0) + 1,
    createdAtMs: before?.createdAtMs ?? nowMs,
    seenAtMs: nowMs,
  };
  const expiresAtSeconds = Math.ceil((nowMs + limits.service.keepMs) / 1_000);
  const item: Item = { ...key, revision: (found?.revision ?? 0) + 1, body: record, indexes: {}, expiresAtSeconds };
  // Refused: another process of the same name was seen just now.
  await table.put(item, found ? { revision: found.revision } : { absent: true });
}

/** The least that nobody took. */
async function takeNumber(table: Table): Promise<number> {
  for (let number = 1; number <= limits.service.records; number += 1) {
    const item = { pk: NUMBERS, sk: String(number), revision: 1, body: {}, indexes: {} };
    if ((await table.put(item, { absent: true })) === "written") return number;
  }
  throw new Error(`there are more than ${limits.service.records} services`);
}

/** By number. */
export async function listServices(table: Table): Promise<readonly ServiceRecord[]> {
  const { items } = await table.query(PARTITION, { limit: limits.service.records });
  return items.map((item) => serviceSchema.parse(item.body)).toSorted((one, other) => one.id - other.id);
}

export function isUp({ seenAtMs }: ServiceRecord, nowMs: number): boolean {
  return nowMs - seenAtMs <= limits.service.downMs;
}
