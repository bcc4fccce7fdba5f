/** The table and the queue of a function, named by its variables; and the log, as CloudWatch reads it. */
import { systemClock } from "../clock/system-clock.ts";
import { createSystemLog } from "../log/system-log.ts";
import type { Log } from "../ports.ts";
import { createSqsClient } from "../queue/sqs-client.ts";
import { createSqsQueue } from "../queue/sqs-queue.ts";
import type { Queue } from "../queue/queue.ts";
import { createRoutedQueue } from "../queue/routed-queue.ts";
import { systemRandom } from "../random/system-random.ts";
import { createDynamoDbClient, createDynamoDbTable } from "../table/dynamodb-table.ts";
import type { Table } from "../table/table.ts";

export type Variables = Readonly<Record<string, string | undefined>>;

export function openLambdaStores(variables: Variables): { readonly table: Table; readonly queue: Queue } {
  const tableName = requireVariable(variables, "JEROBOAM_TABLE");
  const client = createSqsClient();
  const queueTo = (name: string): Queue => createSqsQueue({ client, queueUrl: requireVariable(variables, name) });
  return {
    table: createDynamoDbTable({ client: createDynamoDbClient(), tableName, clock: systemClock, random: systemRandom }),
    queue: createRoutedQueue(queueTo("JEROBOAM_QUEUE_URL"), queueTo("JEROBOAM_DELIVERIES_QUEUE_URL")),
  };
}

export function requireVariable(variables: Variables, name: string): string {
  const value = variables[name];
  if (!value) throw new Error(`the variable ${name} is missing`);
  return value;
}

/** One line of JSON each: written past `console`, before whose lines Lambda sets words that metric filters cannot read. */
export function createLambdaLog(): Log {
  return createSystemLog("info", (line) => void process.stdout.write(`${line}\n`));
}
