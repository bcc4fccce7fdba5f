/** The conductors: a function that takes hints from the queue in batches, each message failing by itself. */
import type { Base } from "./functions.ts";
import { createFunction } from "./functions.ts";
import { mayOpenConfiguration, maySealRecords } from "./keys.ts";
import { sizes } from "./sizes.ts";
import { mayUseTable } from "./storage.ts";

export function createConductor(base: Base) {
  const { hints } = base.queues;
  const { timeoutSeconds, memoryMb, batchMessages, batchWindowSeconds, concurrency } = sizes.conductor;
  const made = createFunction("Conductor", base, {
    bundle: "conductor",
    description: "Takes up records that have work and moves their operations on",
    timeoutSeconds,
    memoryMb,
    speaksToCloud: true,
    environment: {
      JEROBOAM_TABLE: base.storage.table.name,
      JEROBOAM_QUEUE_URL: hints.queue.url,
      JEROBOAM_KEY_ARN: base.keys.key.arn,
      // For the nodes, which ask the API.
      JEROBOAM_PUBLIC_URL: base.endpoint.url,
      JEROBOAM_REMOVES: base.settings.removes,
    },
    permissions: [
      ...mayUseTable(base.storage, ["GetItem", "PutItem", "DeleteItem", "Query"], ["name", "type"]),
      { actions: ["sqs:SendMessage"], resources: [hints.queue.arn] },
      // Lambda takes the messages in the function's name.
      {
        actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        resources: [hints.queue.arn],
      },
      mayOpenConfiguration(base.keys),
      maySealRecords(base.keys),
    ],
  });
  new aws.lambda.EventSourceMapping("ConductorHints", {
    eventSourceArn: hints.queue.arn,
    functionName: made.function.arn,
    batchSize: batchMessages,
    maximumBatchingWindowInSeconds: batchWindowSeconds,
    functionResponseTypes: ["ReportBatchItemFailures"],
    scalingConfig: { maximumConcurrency: concurrency },
  });
  return made;
}
