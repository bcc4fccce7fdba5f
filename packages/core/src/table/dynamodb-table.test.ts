import { randomUUID } from "node:crypto";
import { GetItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { anItem, describeTableContract, nextOf } from "../../../../test/contract/table-contract.ts";
import { createTestClock } from "../../../../test/contract/test-clock.ts";
import { dropTable, startDynalite, startDynamoDb } from "../../../../test/services/dynamodb.ts";
import type { DynamoDbService } from "../../../../test/services/dynamodb.ts";
import { startFaultyProxy } from "../../../../test/services/faulty-proxy.ts";
import type { Fault, FaultyProxy } from "../../../../test/services/faulty-proxy.ts";
import { Transient } from "../errors.ts";
import { systemRandom } from "../random/system-random.ts";
import { ensureTable } from "./dynamodb-schema.ts";
import { createDynamoDbTable } from "./dynamodb-table.ts";
import type { DynamoDbClientOptions } from "./dynamodb-table.ts";
import type { Item, Table } from "./table.ts";

describeTableContract("the table in DynamoDB", async (clock) => {
  const service = await startDynamoDb();
  const client = service.connect();
  const tableName = `jeroboam-test-${randomUUID()}`;
  await ensureTable(client, tableName, service.wait);
  const table = createDynamoDbTable({ client, tableName, clock, random: systemRandom });
  return {
    table,
    close: async () => {
      await dropTable(client, tableName);
      client.destroy();
      await service.close();
    },
  };
});

describe("the table in DynamoDB behind a network that fails", () => {
  const clock = createTestClock(Date.now());
  const tableName = `jeroboam-test-${randomUUID()}`;
  let service: DynamoDbService;
  let proxy: FaultyProxy;
  let table: Table;
  /** A writer whose network is sound. */
  let other: Table;

  const tableThrough = (overrides: DynamoDbClientOptions): Table =>
    createDynamoDbTable({ client: service.connect(overrides), tableName, clock, random: systemRandom });
  const stored = async (item: Item): Promise<Item> => {
    await other.put(item, { absent: true });
    return item;
  };

  beforeAll(async () => {
    service = await startDynalite();
    await ensureTable(service.connect(), tableName, service.wait);
    proxy = await startFaultyProxy(service.endpoint);
    table = tableThrough({ endpoint: proxy.endpoint });
    other = tableThrough({});
  });
  afterEach(() => {
    proxy.breakAll(undefined);
    proxy.breakNext();
    proxy.requests.length = 0;
  });
  afterAll(async () => {
    await proxy.close();
    await dropTable(service.connect(), tableName);
    await service.close();
  });

  test("a put whose reply was lost is told as written when the SDK's next try is refused", async () => {
    const item = anItem({ pk: randomUUID(), sk: "one" });
    proxy.breakNext({ kind: "lost-reply" });
    expect(await table.put(item, { absent: true })).toBe("written");
    expect(proxy.requests).toEqual(["PutItem", "PutItem", "GetItem"]);
    const next = nextOf(item, { body: { next: true } });
    proxy.breakNext({ kind: "lost-reply" });
    expect(await table.put(next, { revision: 1 })).toBe("written");
    expect(await table.get(item)).toEqual(next);
  });

  test("a put whose reply was lost, and that others wrote over since, is told as unknown", async () => {
    const item = anItem({ pk: randomUUID(), sk: "one" });
    const later = nextOf(item, { body: { later: true } });
    const meanwhile = async (): Promise<void> => void (await other.put(later, { revision: 1 }));
    proxy.breakNext({ kind: "lost-reply", meanwhile });
    await expect(table.put(item, { absent: true })).rejects.toThrow(/unknown whether it was written/);
    expect(await table.get(item)).toEqual(later);
  });

  test("a refusal at the first try is a refusal, with no further request", async () => {
    const item = await stored(anItem({ pk: randomUUID(), sk: "one" }));
    expect(await table.put(item, { absent: true })).toBe("refused");
    expect(await table.remove(item, 2)).toBe("refused");
    expect(proxy.requests).toEqual(["PutItem", "DeleteItem"]);
  });

  test("a removal whose reply was lost is told as unknown, and has happened", async () => {
    const item = await stored(anItem({ pk: randomUUID(), sk: "one" }));
    proxy.breakNext({ kind: "lost-reply" });
    const removal = table.remove(item, 1);
    await expect(removal).rejects.toThrow(Transient);
    await expect(removal).rejects.toThrow(/unknown whether it was done/);
    expect(await table.get(item)).toBeUndefined();
  });

  const faults: readonly [string, Fault][] = [
    ["throttling", answer(400, "ProvisionedThroughputExceededException")],
    ["a fault of the service", answer(500, "InternalServerError")],
    ["a service that is down", { kind: "answer", status: 503, body: "<html>unavailable</html>" }],
    ["a cut connection", { kind: "lost-reply" }],
  ];
  test.each(faults)("%s is got over when it passes", async (_, fault) => {
    const item = await stored(anItem({ pk: randomUUID(), sk: "one" }));
    proxy.breakNext(fault);
    expect(await table.get(item)).toEqual(item);
    expect(proxy.requests).toEqual(["GetItem", "GetItem"]);
  });

  const lasting: readonly [string, Fault][] = [
    ...faults,
    ["throttling in an engine's own words", answer(400, "ThrottlingException")],
    ["a garbled answer", { kind: "garbled" }],
    ["an answer that is no JSON", { kind: "answer", status: 200, body: "<html>welcome</html>" }],
    ["silence", { kind: "silence" }],
  ];
  test.each(lasting)("%s that stays is Transient", async (_, fault) => {
    const item = await stored(anItem({ pk: randomUUID(), sk: "one" }));
    const impatient = tableThrough({ endpoint: proxy.endpoint, requestTimeoutMs: 100, maxAttempts: 1 });
    proxy.breakAll(fault);
    await expect(impatient.get(item)).rejects.toThrow(Transient);
    await expect(impatient.query(item.pk)).rejects.toThrow(Transient);
    await expect(impatient.queryIndex("due", item.pk)).rejects.toThrow(Transient);
    await expect(impatient.put(nextOf(item), { revision: 1 })).rejects.toThrow(Transient);
    await expect(impatient.remove(item, 1)).rejects.toThrow(Transient);
  });

  test("a service that nobody listens for is Transient", async () => {
    const lost = tableThrough({ endpoint: "http://127.0.0.1:1", maxAttempts: 1 });
    await expect(lost.query("p")).rejects.toThrow(/query of p: .*ECONNREFUSED/);
    await expect(lost.query("p")).rejects.toThrow(Transient);
  });

  test("a table that is missing is an error for a person, not one to retry", async () => {
    const missing = createDynamoDbTable({
      client: service.connect(),
      tableName: "missing",
      clock,
      random: systemRandom,
    });
    const reading = missing.get({ pk: "p", sk: "s" });
    await expect(reading).rejects.toThrow(/resource not found/);
    await expect(reading).rejects.not.toThrow(Transient);
  });

  test("expiry is stored as the number that the service removes items by, index keys as attributes of their own", async () => {
    const key = { pk: randomUUID(), sk: "one" };
    const indexes = { due: { pk: "due#1", sk: "now" } };
    await table.put(anItem(key, { indexes, expiresAtSeconds: 4_000_000_000 }), { absent: true });
    const raw = await service
      .connect()
      .send(new GetItemCommand({ TableName: tableName, Key: { pk: { S: key.pk }, sk: { S: key.sk } } }));
    expect(raw.Item).toEqual({
      pk: { S: key.pk },
      sk: { S: key.sk },
      revision: { N: "1" },
      body: { S: "{}" },
      writeId: { S: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      expireAt: { N: "4000000000" },
      duePk: { S: "due#1" },
      dueSk: { S: "now" },
    });
  });

  test("these tests fail on any command that some engine lacks", async () => {
    const scan = service.connect().send(new ScanCommand({ TableName: tableName }));
    await expect(scan).rejects.toThrow(/ScanCommand is not portable/);
  });
});

function answer(status: number, type: string): Fault {
  return {
    kind: "answer",
    status,
    body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: type }),
  };
}
