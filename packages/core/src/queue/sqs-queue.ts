/**
 * Sending hints to SQS. A hint that cannot be sent is Transient, and no more than that: the sweep finds its record by the
 * table. Left to the queue's own settings: dead letters and how long messages are kept.
 */
import { SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import type { SendMessageBatchRequestEntry, SQSClient } from "@aws-sdk/client-sqs";
import { translateAwsError } from "../aws-error.ts";
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import { encodeHint } from "./queue.ts";
import type { Queue } from "./queue.ts";

export interface SqsQueueOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
}

/** SQS counts in seconds. */
const GRAIN_MS = 1_000;

export function createSqsQueue({ client, queueUrl }: SqsQueueOptions): Queue {
  return {
    grainMs: GRAIN_MS,
    send: async (keys, delayMs = 0) => {
      const DelaySeconds = Math.ceil(Math.min(Math.max(delayMs, 0), limits.queue.delayMaxMs) / GRAIN_MS);
      for (let from = 0; from < keys.length; from += limits.queue.batchMessages) {
        const part = keys.slice(from, from + limits.queue.batchMessages);
        const entries = part.map((key, place) => ({ Id: `${place}`, MessageBody: encodeHint(key), DelaySeconds }));
        try {
          await sendBatch(client, queueUrl, entries);
        } catch (thrown) {
          throw translateAwsError(thrown, `send ${keys.length - from} of ${keys.length} hints`);
        }
      }
    },
  };
}

/** Sends a batch, again those of its messages that SQS did not take. */
async function sendBatch(client: SQSClient, QueueUrl: string, entries: SendMessageBatchRequestEntry[]): Promise<void> {
  let remaining = entries;
  for (let attempt = 0; attempt < limits.queue.requestAttempts; attempt += 1) {
    const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries: remaining }));
    if (Failed.length === 0) return;
    const refused = Failed.find((failure) => failure.SenderFault);
    if (refused) throw new Error(`the queue refused a hint: ${refused.Code} ${refused.Message}`);
    const failedIds = new Set(Failed.map((failure) => failure.Id));
    remaining = remaining.filter((entry) => failedIds.has(entry.Id));
  }
  throw new Transient(`the queue did not take ${remaining.length} of ${entries.length} messages`);
}
