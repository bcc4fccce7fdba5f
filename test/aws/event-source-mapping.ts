/**
 * What Lambda's event source mapping does with a queue and a function: polls, hands over batches as events, deletes what was
 * handled, and leaves the rest hidden until the queue's visibility timeout ends, so that the queue's own redrive policy
 * counts it. A response it cannot understand, an error or a timeout fails the whole batch; deliveries may repeat.
 */
import { DeleteMessageBatchCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import type { Message, SQSClient } from "@aws-sdk/client-sqs";
import type { LambdaContext } from "@jeroboam/core/lambda/lambda-invocation";

export type LambdaHandler = (event: unknown, context: LambdaContext) => Promise<unknown>;

export interface MappingOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly handler: LambdaHandler;
  readonly batchSize: number;
  /** Invocations at a time. */
  readonly concurrency: number;
  readonly functionTimeoutMs: number;
}

export interface BatchRecord {
  readonly messageIds: readonly string[];
  /** Those that were not deleted. */
  readonly failedIds: readonly string[];
  readonly durationMs: number;
  readonly error?: string;
}

export interface Mapping {
  readonly batches: readonly BatchRecord[];
  stop(): Promise<void>;
}

export function startMapping(options: MappingOptions): Mapping {
  const stopped = new AbortController();
  const batches: BatchRecord[] = [];
  const pollers = Array.from({ length: options.concurrency }, () => poll(options, stopped.signal, batches));
  return {
    batches,
    async stop() {
      stopped.abort();
      await Promise.all(pollers);
    },
  };
}

async function poll(options: MappingOptions, stopped: AbortSignal, batches: BatchRecord[]): Promise<void> {
  const { client, queueUrl, batchSize } = options;
  while (!stopped.aborted) {
    const command = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: batchSize,
      WaitTimeSeconds: 1,
      MessageSystemAttributeNames: ["All"],
    });
    const received = await client.send(command, { abortSignal: stopped }).catch((error: unknown) => {
      if (stopped.aborted) return { Messages: [] };
      throw error;
    });
    if (received.Messages?.length) batches.push(await deliver(options, received.Messages));
  }
}

async function deliver(options: MappingOptions, messages: readonly Message[]): Promise<BatchRecord> {
  const messageIds = messages.map((message) => message.MessageId ?? "");
  const startedAtMs = performance.now();
  const outcome = await invoke(options.handler, { Records: messages.map(toRecord) }, options.functionTimeoutMs).then(
    (response) => ({ failedIds: failedIdsOf(response, messageIds) }),
    (thrown: unknown) => ({ failedIds: messageIds, error: String(thrown) }),
  );
  const handled = messages.filter((message) => !outcome.failedIds.includes(message.MessageId ?? ""));
  if (handled.length > 0) {
    const Entries = handled.map((message, at) => ({ Id: `${at}`, ReceiptHandle: message.ReceiptHandle ?? "" }));
    await options.client.send(new DeleteMessageBatchCommand({ QueueUrl: options.queueUrl, Entries }));
  }
  return { messageIds, durationMs: performance.now() - startedAtMs, ...outcome };
}

/** Calls a function as Lambda does: it is given its time, and nobody waits for it any longer than that. */
export async function invoke(handler: LambdaHandler, event: unknown, timeoutMs: number): Promise<unknown> {
  const endsAtMs = performance.now() + timeoutMs;
  const context = { awsRequestId: crypto.randomUUID(), getRemainingTimeInMillis: () => endsAtMs - performance.now() };
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`Task timed out after ${timeoutMs} ms`)), timeoutMs);
  try {
    // An event comes from JSON, and the result goes back as JSON.
    const result = await Promise.race([handler(structuredClone(event), context), late.promise]);
    return result === undefined ? null : JSON.parse(JSON.stringify(result));
  } finally {
    clearTimeout(timer);
  }
}

function failedIdsOf(response: unknown, messageIds: readonly string[]): readonly string[] {
  const listed = (response as { batchItemFailures?: unknown } | null)?.batchItemFailures ?? [];
  if (!Array.isArray(listed)) return messageIds;
  const ids = listed.map((failure: { itemIdentifier?: unknown } | null) => failure?.itemIdentifier);
  // An empty or unknown identifier: Lambda takes the whole batch as failed.
  return ids.every((id) => typeof id === "string" && messageIds.includes(id)) ? (ids as string[]) : messageIds;
}

export function toRecord(message: Message): Readonly<Record<string, unknown>> {
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes,
    messageAttributes: {},
    md5OfBody: message.MD5OfBody,
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:eu-central-1:123456789012:hints",
    awsRegion: "eu-central-1",
  };
}
