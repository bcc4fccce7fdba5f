/** The table and the queue of a function, named by its variables; and the log, as CloudWatch reads it. */
import { systemClock } from "../clock/system-clock.ts";
import { createSystemLog } from "../log/system-log.ts";
import type { Log } from "../ports.ts";
import { createSqsClient } from "../queue/sqs-client.ts";
import { createSqsQueue } from "../queue/sqs-queue.ts";
import type { Queue } from "../queue/queue.ts";
import { systemRandom } from "../random/system-random.ts";
import { createDynamoDbClient, createDynamoDbTable } from "../table/dynamodb-table.ts";
import type { Table } from "../table/table.ts";

export type Variables = Readonly<Record<string, string | undefined>>;

export function openLambdaStores(variables: Variables): { readonly table: Table; readonly queue: Queue } {
  const tableName = requireVariable(variables, "JEROBOAM_TABLE");
  const queueUrl = requireVariable(variables, "JEROBOAM_QUEUE_URL");
  return {
    table: createDynamoDbTable({ client: createDynamoDbClient(), tableName, clock: systemClock, random: systemRandom }),
    queue: createSqsQueue({ client: createSqsClient(), queueUrl }),
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
