/**
 * How the table is laid out in DynamoDB, and making it. The layout is the part that DynamoDB and the engines that speak
 * its protocol share: all indexes from the beginning, with projection ALL. `stacks/` builds the same table from the same
 * definition in the cloud; `ensureTable` builds it elsewhere.
 * Left to the service: removing expired items, which nothing here relies on.
 */
import {
  CreateTableCommand,
  DescribeTableCommand,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import type {
  CreateTableCommandInput,
  DynamoDBClient,
  KeySchemaElement,
  TableDescription,
} from "@aws-sdk/client-dynamodb";
import { translateAwsError } from "../aws-error.ts";
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import { INDEX_NAMES } from "./table.ts";

/** The attribute that holds the second after which an item may vanish. */
export const EXPIRY_ATTRIBUTE = "expireAt";

/** The attributes that hold an item's place in each index. */
export const INDEX_ATTRIBUTES = INDEX_NAMES.map((name) => ({ name, pk: `${name}Pk`, sk: `${name}Sk` }));

const keySchema = (pk: string, sk: string): KeySchemaElement[] => [
  { AttributeName: pk, KeyType: "HASH" },
  { AttributeName: sk, KeyType: "RANGE" },
];

export function createTableDefinition(tableName: string): CreateTableCommandInput {
  const keyAttributes = ["pk", "sk", ...INDEX_ATTRIBUTES.flatMap((index) => [index.pk, index.sk])];
  return {
    TableName: tableName,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: keyAttributes.map((name) => ({ AttributeName: name, AttributeType: "S" })),
    KeySchema: keySchema("pk", "sk"),
    GlobalSecondaryIndexes: INDEX_ATTRIBUTES.map(({ name, pk, sk }) => ({
      IndexName: name,
      KeySchema: keySchema(pk, sk),
      Projection: { ProjectionType: "ALL" },
    })),
  };
}

export interface EnsuredTable {
  readonly created: boolean;
  /** Whether the service removes expired items by itself; if not they stay, and are only treated as gone. */
  readonly removesExpired: boolean;
}

/**
 * Makes the table unless it exists, and waits until it can be used. Repeating it changes nothing. Throws when a table of
 * this name has another layout.
 */
export async function ensureTable(
  client: DynamoDBClient,
  tableName: string,
  wait: (ms: number) => Promise<void>,
): Promise<EnsuredTable> {
  try {
    const created = await create(client, tableName);
    await becomeActive(client, tableName, wait);
    return { created, removesExpired: await enableExpiry(client, tableName) };
  } catch (thrown) {
    throw translateAwsError(thrown, `create table ${tableName}`);
  }
}

async function create(client: DynamoDBClient, tableName: string): Promise<boolean> {
  try {
    await client.send(new CreateTableCommand(createTableDefinition(tableName)));
    return true;
  } catch (thrown) {
    // It exists, or somebody else is making it just now: both are what we want.
    if (thrown instanceof ResourceInUseException) return false;
    throw thrown;
  }
}

async function becomeActive(client: DynamoDBClient, tableName: string, wait: (ms: number) => Promise<void>) {
  for (let waits = 0; waits < limits.table.createWaits; waits += 1) {
    const { Table: table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
    if (!table) throw new Error(`table ${tableName} has no description`);
    checkLayout(tableName, table);
    const indexes = table.GlobalSecondaryIndexes ?? [];
    // Some engines name no status of an index: such an index is ready with its table.
    const ready = indexes.every(({ IndexStatus: status }) => status === undefined || status === "ACTIVE");
    if (table.TableStatus === "ACTIVE" && ready) return;
    await wait(limits.table.createWaitMs);
  }
  throw new Transient(`table ${tableName} is still not active`);
}

function checkLayout(tableName: string, table: TableDescription): void {
  const wanted = createTableDefinition(tableName);
  const found = new Map(
    (table.GlobalSecondaryIndexes ?? []).map((index) => [index.IndexName, keysOf(index.KeySchema)]),
  );
  const faults = (wanted.GlobalSecondaryIndexes ?? [])
    .filter((index) => found.get(index.IndexName) !== keysOf(index.KeySchema))
    .map((index) => `index ${index.IndexName} (${keysOf(index.KeySchema)})`);
  if (keysOf(table.KeySchema) !== keysOf(wanted.KeySchema)) faults.unshift("key (pk, sk)");
  if (faults.length > 0) throw new Error(`table ${tableName} exists but lacks ${faults.join(", ")}`);
}

function keysOf(schema: readonly KeySchemaElement[] = []): string {
  return schema.map((element) => element.AttributeName).join(", ");
}

async function enableExpiry(client: DynamoDBClient, tableName: string): Promise<boolean> {
  const specification = { Enabled: true, AttributeName: EXPIRY_ATTRIBUTE };
  try {
    await client.send(new UpdateTimeToLiveCommand({ TableName: tableName, TimeToLiveSpecification: specification }));
    return true;
  } catch (thrown) {
    const { name, message } = thrown as Error;
    if (name === "ValidationException" && /already enabled/i.test(message)) return true;
    // An engine without expiry: everything works, expired items just stay.
    if (name === "UnknownOperationException") return false;
    throw thrown;
  }
}
