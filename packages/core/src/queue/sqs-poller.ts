/**
 * Takes messages from SQS where no platform does it for us: hands them to a handler in batches, deletes those that it
 * finished and lets the others come again. What Lambda's event source does in the cloud, this does in one's own data
 * centre; any number of processes may poll one queue.
 * Left to the queue's own settings: after how many deliveries a message goes to the dead letters.
 */
import { setTimeout as pause } from "node:timers/promises";
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
} from "@aws-sdk/client-sqs";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { textOf } from "../errors.ts";
import { limits } from "../limits.ts";
import type { Log, Random } from "../ports.ts";
import type { BatchHandler, ReceivedMessage } from "./queue.ts";
import { runBatch } from "./run-batch.ts";

export interface SqsPollerOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly handler: BatchHandler;
  readonly log: Log;
  readonly random: Random;
  /** Ends the polling; batches in hand are finished. */
  readonly signal: AbortSignal;
  /** Batches that are handled at the same time. */
  readonly batchesInHand?: number;
  /** When messages whose handling failed come again. */
  readonly redeliverMs?: number;
}

/** A message with what it takes to answer for it. */
interface Taken extends ReceivedMessage {
  readonly receiptHandle: string;
}

/** Polls until the signal aborts; resolves when the last batch is finished. Faults of the queue are logged and waited out. */
export async function pollSqsQueue(options: SqsPollerOptions): Promise<void> {
  const { log, random, signal, batchesInHand = limits.queue.batchesInHand } = options;
  const inHand = new Set<Promise<void>>();
  let failures = 0;
  while (!signal.aborted) {
    if (inHand.size >= batchesInHand) {
      await Promise.race(inHand);
      continue;
    }
    try {
      const messages = await receive(options);
      failures = 0;
      if (messages.length === 0) continue;
      const handling = handleBatch(messages, options).finally(() => inHand.delete(handling));
      inHand.add(handling);
    } catch (thrown) {
      // Stopped in the middle of a long poll, or the queue is out of reach: the latter is tried again, ever more slowly.
      if (signal.aborted) break;
      failures += 1;
      log.write("warning", "queue.receive-failed", { failures, error: textOf(thrown) });
      await waitToRetry(random, failures, signal);
    }
  }
  await Promise.all(inHand);
}

async function receive({ client, queueUrl, signal }: SqsPollerOptions): Promise<Taken[]> {
  const { longPollMs, visibilityMs, batchMessages, requestTimeoutMs } = limits.queue;
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrl,
    MaxNumberOfMessages: batchMessages,
    WaitTimeSeconds: longPollMs / 1_000,
    VisibilityTimeout: visibilityMs / 1_000,
    MessageSystemAttributeNames: ["ApproximateReceiveCount"],
  });
  const { Messages = [] } = await client.send(command, {
    abortSignal: signal,
    requestTimeout: longPollMs + requestTimeoutMs,
  });
  return Messages.map((message) => ({
    id: message.MessageId ?? "",
    body: message.Body ?? "",
    receives: Number(message.Attributes?.ApproximateReceiveCount ?? 1),
    receiptHandle: message.ReceiptHandle ?? "",
  }));
}

async function handleBatch(messages: readonly Taken[], options: SqsPollerOptions): Promise<void> {
  const { client, queueUrl, handler, log, redeliverMs = limits.queue.redeliverMs } = options;
  const failed = await runBatch(
    messages.map(({ id, body, receives }) => ({ id, body, receives })),
    handler,
    log,
  );
  const entryOf = (message: Taken, place: number) => ({ Id: `${place}`, ReceiptHandle: message.receiptHandle });
  const done = messages.filter((message) => !failed.has(message.id)).map(entryOf);
  const again = messages
    .filter((message) => failed.has(message.id))
    .map((message, place) => ({ ...entryOf(message, place), VisibilityTimeout: Math.ceil(redeliverMs / 1_000) }));
  try {
    if (done.length > 0) await client.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: done }));
    if (again.length > 0)
      await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries: again }));
  } catch (thrown) {
    // What was not deleted comes again when its visibility ends: that is harmless, a message is a hint.
    log.write("warning", "queue.answer-failed", { messages: messages.length, error: textOf(thrown) });
  }
}

/** Full jitter, between nothing and a ceiling that doubles with each failure. */
async function waitToRetry(random: Random, failures: number, signal: AbortSignal): Promise<void> {
  const { retryBaseMs, retryCapMs } = limits.queue;
  const ceilingMs = Math.min(retryCapMs, retryBaseMs * 2 ** Math.min(failures, 20));
  // Rejects only when the polling is ended meanwhile.
  await pause(random.fraction() * ceilingMs, undefined, { signal }).catch(() => {});
}
