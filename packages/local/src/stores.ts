/**
 * The shared stores of processes of their own: DynamoDB and SQS, or services that speak their protocols, named by the AWS
 * SDK's own variables (AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL_SQS, AWS_REGION, credentials).
 */
import { setTimeout as wait } from "node:timers/promises";
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { textOf } from "@jeroboam/core/errors";
import { createSqsQueue } from "@jeroboam/core/queue/sqs-queue";
import { createSqsClient } from "@jeroboam/core/queue/sqs-client";
import type { Queue } from "@jeroboam/core/queue/queue";
import { createRoutedQueue } from "@jeroboam/core/queue/routed-queue";
import { systemRandom } from "@jeroboam/core/random/system-random";
import { createDynamoDbClient, createDynamoDbTable } from "@jeroboam/core/table/dynamodb-table";
import { ensureTable } from "@jeroboam/core/table/dynamodb-schema";
import type { Table } from "@jeroboam/core/table/table";
import { StartRefused } from "./start-refused.ts";

export interface StoreNames {
  readonly table: string;
  readonly queueUrl: string;
  /** The webhook deliveries' own; without it they go with everything else. */
  readonly deliveriesQueueUrl?: string | undefined;
}

export interface Stores {
  readonly table: Table;
  readonly queue: Queue;
  readonly queueClient: ReturnType<typeof createSqsClient>;
  close(): void;
}

export function openStores({ table: tableName, queueUrl, deliveriesQueueUrl }: StoreNames): Stores {
  const tableClient = connect(() => createDynamoDbClient());
  const queueClient = connect(() => createSqsClient());
  const queueTo = (url: string): Queue => createSqsQueue({ client: queueClient, queueUrl: url });
  const hints = queueTo(queueUrl);
  return {
    table: createDynamoDbTable({ client: tableClient, tableName, clock: systemClock, random: systemRandom }),
    queue: deliveriesQueueUrl ? createRoutedQueue(hints, queueTo(deliveriesQueueUrl)) : hints,
    queueClient,
    close() {
      tableClient.destroy();
      queueClient.destroy();
    },
  };
}

/** Makes the table unless it is there; what happened, as a sentence. */
export async function createTable(tableName: string): Promise<string> {
  const client = connect(() => createDynamoDbClient());
  try {
    const { created, removesExpired } = await ensureTable(client, tableName, (ms) => wait(ms));
    const expiry = removesExpired ? "" : "; this service does not remove expired items by itself: they only take place";
    return `table ${tableName} ${created ? "was made" : "was there already"} and is ready${expiry}`;
  } catch (thrown) {
    // Out of reach, no credentials, another layout: for the person at the terminal.
    throw new StartRefused(`table ${tableName} cannot be made: ${textOf(thrown)}`, { cause: thrown });
  } finally {
    client.destroy();
  }
}

function connect<Client>(make: () => Client): Client {
  try {
    return make();
  } catch (thrown) {
    // The SDK's message says which variable is missing.
    throw new StartRefused(`the AWS SDK's settings cannot be used: ${textOf(thrown)}`, { cause: thrown });
  }
}
