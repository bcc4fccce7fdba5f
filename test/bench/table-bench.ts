/**
 * Measures a table: `node test/bench/table-bench.ts [sqlite|memory|dynamodb] [seconds]`. Prints operations a second and
 * the CPU time of one (client and server, where the server is dynalite in this process). Items have about 1 KB and stand
 * in four indexes. DynamoDB's figures are those of dynalite over loopback, not of the service.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { createMemoryTable } from "@jeroboam/core/table/memory-table";
import { systemRandom } from "@jeroboam/core/random/system-random";
import { ensureTable } from "@jeroboam/core/table/dynamodb-schema";
import { createDynamoDbTable } from "@jeroboam/core/table/dynamodb-table";
import { openSqliteTable } from "@jeroboam/core/table/sqlite-table";
import type { Item, Table } from "@jeroboam/core/table/table";
import { dropTable, startDynamoDb } from "../services/dynamodb.ts";

interface Opened {
  readonly table: Table;
  readonly close: () => Promise<void>;
}

const openers: Readonly<Record<string, () => Promise<Opened>>> = {
  memory: async () => ({ table: createMemoryTable({ clock: systemClock }), close: async () => {} }),
  sqlite: async () => {
    const folder = mkdtempSync(join(tmpdir(), "jeroboam-bench-"));
    const table = openSqliteTable({ path: join(folder, "table.db"), clock: systemClock });
    const close = async (): Promise<void> => {
      await table.close();
      rmSync(folder, { recursive: true });
    };
    return { table, close };
  },
  dynamodb: async () => {
    const service = await startDynamoDb();
    const client = service.connect();
    const tableName = `jeroboam-bench-${crypto.randomUUID()}`;
    await ensureTable(client, tableName, service.wait);
    const table = createDynamoDbTable({ client, tableName, clock: systemClock, random: systemRandom });
    const close = async (): Promise<void> => {
      await dropTable(client, tableName);
      client.destroy();
      await service.close();
    };
    return { table, close };
  },
};

const [, , name = "sqlite", seconds = "3"] = process.argv;
const opener = openers[name];
if (!opener) throw new Error(`no table ${name}: ${Object.keys(openers).join(", ")}`);
const { table, close } = await opener();
const items = await fill(2_000);
const any = (): Item => items[Math.floor(Math.random() * items.length)] as Item;
for (const concurrency of [1, 32]) {
  await measure("put (new)", concurrency, () => table.put(newItem(`fresh-${crypto.randomUUID()}`), { absent: true }));
  await measure("put (next revision)", concurrency, async () => {
    const key = any();
    const item = await table.get(key);
    if (item) await table.put({ ...item, revision: item.revision + 1 }, { revision: item.revision });
  });
  await measure("get", concurrency, () => table.get(any()));
  await measure("query of 2", concurrency, () => table.query(any().pk));
  await measure("index page of 100", concurrency, () => table.queryIndex("project", "project-1", { limit: 100 }));
}
await close();

function newItem(id: string): Item {
  const number = Math.floor(Math.random() * 20);
  const indexes = {
    project: { pk: `project-${number}`, sk: id },
    name: { pk: `project-${number}`, sk: `name-${id}` },
    due: { pk: `due-${number % 8}`, sk: `2026-11-22T09:00:00.000Z#${id}` },
    type: { pk: `bay-${number % 4}`, sk: id },
  };
  return { pk: `bay#${id}`, sk: "hot", revision: 1, body: { text: "x".repeat(700) }, indexes };
}

async function fill(count: number): Promise<Item[]> {
  const made = Array.from({ length: count }, () => newItem(crypto.randomUUID()));
  for (let from = 0; from < count; from += 100) {
    const part = made.slice(from, from + 100);
    await Promise.all(part.map((item) => table.put(item, { absent: true })));
    await Promise.all(part.map((item) => table.put({ ...item, sk: "cold", indexes: {} }, { absent: true })));
  }
  return made;
}

async function measure(what: string, concurrency: number, run: () => Promise<unknown>): Promise<void> {
  const times: number[] = [];
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  const worker = async (): Promise<void> => {
    for (let now = performance.now(); now - started < Number(seconds) * 1_000;) {
      await run();
      const after = performance.now();
      times.push(after - now);
      now = after;
      // Reads of an embedded table never wait: without this, one worker would run alone.
      if (times.length % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const elapsedMs = performance.now() - started;
  const cpu = process.cpuUsage(cpuBefore);
  const sorted = times.sort((one, other) => one - other);
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2);
  const perSecond = Math.round((times.length / elapsedMs) * 1_000);
  const cpuMicros = Math.round((cpu.user + cpu.system) / times.length);
  console.log(
    `${name} ${what} c=${concurrency}: ${perSecond}/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ${cpuMicros} µs CPU`,
  );
}
