/** Capacity is counted by DynamoDB's rules: the published costs rest on it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { systemRandom } from "@jeroboam/core/random/system-random";
import { ensureTable } from "@jeroboam/core/table/dynamodb-schema";
import { createDynamoDbTable } from "@jeroboam/core/table/dynamodb-table";
import type { Item, Table } from "@jeroboam/core/table/table";
import type { DynamoDbService } from "../services/dynamodb.ts";
import { startDynalite } from "../services/dynamodb.ts";
import type { CountingProxy } from "./counting-proxy.ts";
import { startCountingProxy } from "./counting-proxy.ts";

let dynamodb: DynamoDbService;
let proxy: CountingProxy;
let table: Table;

beforeAll(async () => {
  dynamodb = await startDynalite();
  proxy = await startCountingProxy(dynamodb.endpoint);
  const client = dynamodb.connect({ endpoint: proxy.endpoint });
  await ensureTable(client, "counted", dynamodb.wait);
  table = createDynamoDbTable({ client, tableName: "counted", clock: systemClock, random: systemRandom });
});
afterAll(async () => {
  await proxy.close();
  await dynamodb.close();
});

async function unitsOf(act: () => Promise<unknown>): Promise<{ read: number; write: number }> {
  const before = proxy.counts().units;
  await act();
  const after = proxy.counts().units;
  return { read: after.read - before.read, write: after.write - before.write };
}

const item = (revision: number, indexes: Item["indexes"], chars = 10): Item => ({
  pk: "a",
  sk: "b",
  revision,
  body: { text: "x".repeat(chars) },
  indexes,
});

test("writes take a unit a KB, in the table and in each index, twice where the place moves", async () => {
  const name = { pk: "n", sk: "1" };
  expect(await unitsOf(() => table.put(item(1, {}), { absent: true }))).toEqual({ read: 0, write: 1 });
  expect(await unitsOf(() => table.put(item(2, { name }), { revision: 1 }))).toEqual({ read: 0, write: 2 });
  const due = { pk: "due#1", sk: "1" };
  expect(await unitsOf(() => table.put(item(3, { name, due }), { revision: 2 }))).toEqual({ read: 0, write: 3 });
  const later = { pk: "due#1", sk: "2" };
  expect(await unitsOf(() => table.put(item(4, { name, due: later }), { revision: 3 }))).toEqual({ read: 0, write: 4 });
  expect(await unitsOf(() => table.put(item(5, {}, 2_500), { revision: 4 }))).toEqual({ read: 0, write: 5 });
  expect(await unitsOf(() => table.put(item(9, {}), { revision: 8 }))).toMatchObject({ write: 3 });
  expect(await unitsOf(() => table.remove({ pk: "a", sk: "b" }, 5))).toEqual({ read: 0, write: 3 });
});

test("reads take a unit for each 4 KB, half of it from an index, and one when they find nothing", async () => {
  await table.put({ ...item(1, { name: { pk: "n", sk: "1" } }, 5_000), pk: "large" }, { absent: true });
  expect(await unitsOf(() => table.get({ pk: "none", sk: "none" }))).toEqual({ read: 1, write: 0 });
  expect(await unitsOf(() => table.get({ pk: "large", sk: "b" }))).toEqual({ read: 2, write: 0 });
  expect(await unitsOf(() => table.query("large"))).toEqual({ read: 2, write: 0 });
  expect(await unitsOf(() => table.queryIndex("name", "n"))).toEqual({ read: 1, write: 0 });
  expect(await unitsOf(() => table.queryIndex("due", "due#1"))).toEqual({ read: 0.5, write: 0 });
});
