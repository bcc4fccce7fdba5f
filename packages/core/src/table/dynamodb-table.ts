/**
 * The table in DynamoDB, or in an engine that speaks its protocol. Only what all of them share is used: PutItem and
 * DeleteItem with a condition on their own item, consistent GetItem and Query. No transactions, streams or PartiQL.
 *
 * The SDK tries a request again when it hears nothing or a fault, though the first try may have been written. So each put
 * carries a token of its own: when a repeated put is refused, the item is read back, and our own token says that it was
 * written. Where that cannot be known, the write throws Transient: it may have happened.
 */
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from "@aws-sdk/client-dynamodb";
import type { AttributeValue, DynamoDBClientConfig, QueryCommandInput } from "@aws-sdk/client-dynamodb";
import { attemptsOf, translateAwsError } from "../aws-error.ts";
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import type { Clock, Random } from "../ports.ts";
import { EXPIRY_ATTRIBUTE, INDEX_ATTRIBUTES } from "./dynamodb-schema.ts";
import { encodeBody, isExpired, toSeconds } from "./item-check.ts";
import { isStorableKey, planRead } from "./range.ts";
import type { ReadPlan } from "./range.ts";
import type { Condition, IndexName, Item, Key, Page, Position, Table, WriteOutcome } from "./table.ts";

export interface DynamoDbTableOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly clock: Clock;
  readonly random: Random;
}

type Attributes = Record<string, AttributeValue>;

export interface DynamoDbClientOptions extends DynamoDBClientConfig {
  /** How long one request may take, from sending it to the end of the answer. */
  readonly requestTimeoutMs?: number;
}

/** A client by the SDK's own environment variables (region, endpoint, credentials), with bounded requests. */
export function createDynamoDbClient(options: DynamoDbClientOptions = {}): DynamoDBClient {
  const { requestTimeoutMs = limits.table.requestTimeoutMs, ...config } = options;
  return new DynamoDBClient({
    maxAttempts: limits.table.requestAttempts,
    requestHandler: {
      connectionTimeout: limits.table.connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      // Else the SDK only warns of it, and goes on waiting.
      throwOnRequestTimeout: true,
    },
    ...config,
  });
}

export function createDynamoDbTable({ client, tableName, clock, random }: DynamoDbTableOptions): Table {
  const attributesAt = async (key: Key): Promise<Attributes | undefined> => {
    const input = { TableName: tableName, Key: toKey(key), ConsistentRead: true };
    return (await client.send(new GetItemCommand(input))).Item;
  };
  const live = (attributes: Attributes): boolean => !isExpired(expiryOf(attributes), clock.nowMs());

  const put = async (item: Item, condition: Condition): Promise<WriteOutcome> => {
    const writeId = random.uuid();
    const attributes = toAttributes(item, encodeBody(item, condition), writeId);
    const input = { TableName: tableName, Item: attributes, ...toCondition(condition, clock) };
    const refusal = await refusalOf(client.send(new PutItemCommand(input)));
    if (!refusal) return "written";
    if (attemptsOf(refusal) === 1) return "refused";
    const standing = await attributesAt(item);
    if (standing?.["writeId"]?.S === writeId) return "written";
    throw new Transient(
      `put of ${item.pk} ${item.sk}: refused when tried again, unknown whether it was written before`,
    );
  };
  const remove = async (key: Key, revision: number): Promise<WriteOutcome> => {
    const input = { TableName: tableName, Key: toKey(key), ...toCondition({ revision }, clock) };
    const refusal = await refusalOf(client.send(new DeleteItemCommand(input)));
    if (!refusal) return "written";
    if (attemptsOf(refusal) === 1) return "refused";
    // Revisions only grow while an item stands: at an earlier one nothing was removed, at ours it can't be refused.
    throw new Transient(`removal of ${key.pk} ${key.sk}: refused when tried again, unknown whether it was done before`);
  };
  const readPage = async (plan: ReadPlan | undefined, pk: string, index?: IndexName): Promise<Page> => {
    if (!plan) return { items: [] };
    const output = await client.send(new QueryCommand(toQuery(plan, tableName, pk, index)));
    const items = (output.Items ?? []).filter(live).map(toItem);
    return output.LastEvaluatedKey ? { items, next: toPosition(output.LastEvaluatedKey) } : { items };
  };

  return {
    get: (key) =>
      translating(`get of ${key.pk} ${key.sk}`, async () => {
        const attributes = isStorableKey(key) ? await attributesAt(key) : undefined;
        return attributes && live(attributes) ? toItem(attributes) : undefined;
      }),
    put: (item, condition) => translating(`put of ${item.pk} ${item.sk}`, () => put(item, condition)),
    remove: (key, revision) => translating(`removal of ${key.pk} ${key.sk}`, () => remove(key, revision)),
    query: (pk, range = {}) => translating(`query of ${pk}`, () => readPage(planRead(pk, range), pk)),
    queryIndex: (index, pk, range = {}) =>
      translating(`query of index ${index}, ${pk}`, () => readPage(planRead(pk, range, index), pk, index)),
  };
}

async function translating<Result>(what: string, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (thrown) {
    throw translateAwsError(thrown, what);
  }
}

/** The refusal of a conditional write, if it was refused. */
async function refusalOf(write: Promise<unknown>): Promise<ConditionalCheckFailedException | undefined> {
  try {
    await write;
    return undefined;
  } catch (thrown) {
    if (thrown instanceof ConditionalCheckFailedException) return thrown;
    throw thrown;
  }
}

function toCondition(condition: Condition, clock: Clock) {
  const now = { ":now": { N: String(toSeconds(clock.nowMs())) } };
  if ("absent" in condition)
    return {
      ConditionExpression: "attribute_not_exists(#pk) OR #expireAt <= :now",
      ExpressionAttributeNames: { "#pk": "pk", "#expireAt": EXPIRY_ATTRIBUTE },
      ExpressionAttributeValues: now,
    };
  return {
    ConditionExpression: "#revision = :revision AND (attribute_not_exists(#expireAt) OR #expireAt > :now)",
    ExpressionAttributeNames: { "#revision": "revision", "#expireAt": EXPIRY_ATTRIBUTE },
    ExpressionAttributeValues: { ...now, ":revision": { N: String(condition.revision) } },
  };
}

function toQuery(plan: ReadPlan, tableName: string, pk: string, index?: IndexName): QueryCommandInput {
  const names = INDEX_ATTRIBUTES.find((one) => one.name === index) ?? { pk: "pk", sk: "sk" };
  const [sortCondition, values] = toSortCondition(plan);
  return {
    TableName: tableName,
    ...(index ? { IndexName: index } : { ConsistentRead: true }),
    KeyConditionExpression: `#pk = :pk${sortCondition}`,
    ExpressionAttributeNames: { "#pk": names.pk, ...(sortCondition && { "#sk": names.sk }) },
    ExpressionAttributeValues: { ":pk": { S: pk }, ...values },
    ScanIndexForward: !plan.descending,
    Limit: plan.limit,
    ...(plan.after && { ExclusiveStartKey: toStartKey(plan.after, index) }),
  };
}

function toSortCondition({ span }: ReadPlan): [string, Attributes] {
  switch (span.kind) {
    case "all":
      return ["", {}];
    case "prefix":
      return [" AND begins_with(#sk, :prefix)", { ":prefix": { S: span.prefix } }];
    case "upTo":
      return [" AND #sk <= :upTo", { ":upTo": { S: span.upTo } }];
    case "between":
      return [" AND #sk BETWEEN :from AND :upTo", { ":from": { S: span.from }, ":upTo": { S: span.upTo } }];
    default:
      return span satisfies never;
  }
}

function toKey(key: Key): Attributes {
  return { pk: { S: key.pk }, sk: { S: key.sk } };
}

function toStartKey(after: Position, index?: IndexName): Attributes {
  const names = INDEX_ATTRIBUTES.find((one) => one.name === index);
  const place = index && after.indexes[index];
  return { ...toKey(after), ...(names && place && { [names.pk]: { S: place.pk }, [names.sk]: { S: place.sk } }) };
}

function toAttributes(item: Item, body: string, writeId: string): Attributes {
  const attributes: Attributes = {
    ...toKey(item),
    revision: { N: String(item.revision) },
    body: { S: body },
    writeId: { S: writeId },
  };
  if (item.expiresAtSeconds !== undefined) attributes[EXPIRY_ATTRIBUTE] = { N: String(item.expiresAtSeconds) };
  for (const names of INDEX_ATTRIBUTES) {
    const place = item.indexes[names.name];
    if (place) Object.assign(attributes, { [names.pk]: { S: place.pk }, [names.sk]: { S: place.sk } });
  }
  return attributes;
}

function toItem(attributes: Attributes): Item {
  const expiresAtSeconds = expiryOf(attributes);
  return {
    ...toPosition(attributes),
    revision: Number(attributes["revision"]?.N),
    body: JSON.parse(attributes["body"]?.S ?? "{}"),
    ...(expiresAtSeconds !== undefined && { expiresAtSeconds }),
  };
}

function toPosition(attributes: Attributes): Position {
  const indexes: Partial<Record<IndexName, Key>> = {};
  for (const names of INDEX_ATTRIBUTES) {
    const [pk, sk] = [attributes[names.pk]?.S, attributes[names.sk]?.S];
    if (pk !== undefined && sk !== undefined) indexes[names.name] = { pk, sk };
  }
  return { pk: attributes["pk"]?.S ?? "", sk: attributes["sk"]?.S ?? "", indexes };
}

function expiryOf(attributes: Attributes): number | undefined {
  const seconds = attributes[EXPIRY_ATTRIBUTE]?.N;
  return seconds === undefined ? undefined : Number(seconds);
}
