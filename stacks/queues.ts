/**
 * The conductors' queue and the webhook deliveries', each with its dead letters. SST's own defaults (30 s of visibility,
 * dead after 3 receives) do not fit; all times come from sizes.ts.
 */
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
