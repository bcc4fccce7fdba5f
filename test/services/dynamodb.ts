/** A DynamoDB to test against. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { DeleteTableCommand } from "@aws-sdk/client-dynamodb";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import dynaliteDb from "dynalite/db/index.js";
import { createDynamoDbClient } from "@jeroboam/core/table/dynamodb-table";
import type { DynamoDbClientOptions } from "@jeroboam/core/table/dynamodb-table";

export interface DynamoDbService {
  readonly endpoint: string;
  /** A client of the service as the product makes it. */
  connect(overrides?: DynamoDbClientOptions): DynamoDBClient;
  /** Waits for the table that is being made: no longer than it takes here. */
  readonly wait: (ms: number) => Promise<void>;
  close(): Promise<void>;
}

/** All that the product may send; anything else is not there in every engine that speaks DynamoDB's protocol. */
const PORTABLE_COMMANDS = [
  "GetItemCommand",
  "PutItemCommand",
  "DeleteItemCommand",
  "QueryCommand",
  "CreateTableCommand",
  "DescribeTableCommand",
  "UpdateTimeToLiveCommand",
];

/** Makes every command of the client that is not portable fail. */
export function guardPortability(client: DynamoDBClient): DynamoDBClient {
  client.middlewareStack.add(
    (next, context) => (args) => {
      if (!PORTABLE_COMMANDS.includes(context.commandName ?? ""))
        throw new Error(`${context.commandName} is not portable`);
      return next(args);
    },
    { step: "initialize", name: "guardPortability" },
  );
  return client;
}

/**
 * dynalite orders keys by their UTF-8 bytes, as DynamoDB does, but checks whether a page's start lies in the range by
 * JavaScript's order of strings, and so refuses some pages wrongly. In hexadecimal both orders are the same.
 */
const compareStrings = dynaliteDb.compare;
dynaliteDb.compare = (comparison, value, others) => {
  const list = Array.isArray(others) ? others : [others];
  return compareStrings(comparison, toHexadecimal(value), list.map(toHexadecimal));
};

function toHexadecimal(value: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return value?.["S"] === undefined ? value : { S: Buffer.from(value["S"]).toString("hex") };
}

/** dynalite or, when JEROBOAM_TEST_DYNAMODB_ENDPOINT is set, the service there, by the SDK's own region and credentials. */
export async function startDynamoDb(): Promise<DynamoDbService> {
  const endpoint = process.env["JEROBOAM_TEST_DYNAMODB_ENDPOINT"];
  if (!endpoint) return startDynalite();
  return { endpoint, connect: (overrides) => connect({ endpoint, ...overrides }), wait, close: async () => {} };
}

/** dynalite in this process, on a port of its own. */
export async function startDynalite(): Promise<DynamoDbService> {
  const server = dynalite({ createTableMs: 1, deleteTableMs: 1 });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  return {
    endpoint,
    connect: (overrides) => connect({ endpoint, region: "eu-central-1", credentials, ...overrides }),
    wait: () => wait(5),
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

function connect(overrides: DynamoDbClientOptions): DynamoDBClient {
  return guardPortability(createDynamoDbClient(overrides));
}

/** Removes a test's table from a service that outlives the test. */
export async function dropTable(client: DynamoDBClient, tableName: string): Promise<void> {
  client.middlewareStack.remove("guardPortability");
  await client.send(new DeleteTableCommand({ TableName: tableName }));
}
