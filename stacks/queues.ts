/**
 * The conductors' queue and the webhook deliveries', each with its dead letters. SST's own defaults (30 s of visibility,
 * dead after 3 receives) do not fit; all times come from sizes.ts.
 */
import type { CreatedFunction } from "./functions.ts";
import { sizes } from "./sizes.ts";

interface QueueSizes {
  readonly visibilitySeconds: number;
  readonly receives: number;
  readonly retentionSeconds: number;
}

export function createQueues() {
  return { hints: createPair("Hints", sizes.hints), deliveries: createPair("Deliveries", sizes.deliveries) };
}

export type Queues = ReturnType<typeof createQueues>;

/** By which the functions name the queues. */
export function queueVariables({ hints, deliveries }: Queues) {
  return { JEROBOAM_QUEUE_URL: hints.queue.url, JEROBOAM_DELIVERIES_QUEUE_URL: deliveries.queue.url };
}

/** Hints at deliveries go to their own queue, whoever sends them. */
export function maySendHints({ hints, deliveries }: Queues): sst.aws.FunctionPermissionArgs {
  return { actions: ["sqs:SendMessage"], resources: [hints.queue.arn, deliveries.queue.arn] };
}

/** Lambda takes the messages in the function's name. */
export function mayTake(queue: sst.aws.Queue): sst.aws.FunctionPermissionArgs {
  return { actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], resources: [queue.arn] };
}

interface BatchSizes {
  readonly batchMessages: number;
  readonly batchWindowSeconds: number;
  readonly concurrency: number;
}

/** Has the function called with the queue's messages, each failing by itself. */
export function takeBatches(name: string, queue: sst.aws.Queue, taker: CreatedFunction, batches: BatchSizes): void {
  new aws.lambda.EventSourceMapping(name, {
    eventSourceArn: queue.arn,
    functionName: taker.function.arn,
    batchSize: batches.batchMessages,
    maximumBatchingWindowInSeconds: batches.batchWindowSeconds,
    functionResponseTypes: ["ReportBatchItemFailures"],
    scalingConfig: { maximumConcurrency: batches.concurrency },
  });
}

function createPair(name: string, { visibilitySeconds, receives, retentionSeconds }: QueueSizes) {
  const dead = new sst.aws.Queue(`${name}Dead`, {
    transform: {
      queue: { messageRetentionSeconds: sizes.deadLetters.retentionSeconds, sqsManagedSseEnabled: true },
    },
  });
  const queue = new sst.aws.Queue(name, {
    visibilityTimeout: `${visibilitySeconds} seconds`,
    dlq: { queue: dead.arn, retry: receives },
    transform: { queue: { messageRetentionSeconds: retentionSeconds, sqsManagedSseEnabled: true } },
  });
  // Nobody else's queue may leave its dead letters here.
  new aws.sqs.RedriveAllowPolicy(`${name}DeadSources`, {
    queueUrl: dead.url,
    redriveAllowPolicy: $jsonStringify({ redrivePermission: "byQueue", sourceQueueArns: [queue.arn] }),
  });
  return { queue, dead };
}
