/**
 * The entry on AWS of those who deliver webhooks: a function of its own on a queue of its own, so that receivers who do not
 * answer keep no bay waiting. It speaks to receivers and to the table, and knows no cloud.
 */
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { prepareOnce } from "@jeroboam/core/lambda/lambda-invocation";
import type { LambdaContext } from "@jeroboam/core/lambda/lambda-invocation";
import { openLambdaMasterKey } from "@jeroboam/core/lambda/lambda-master-key";
import { createLambdaLog, openLambdaStores } from "@jeroboam/core/lambda/lambda-stores";
import { systemRandom } from "@jeroboam/core/random/system-random";
import { createProjectSealer } from "@jeroboam/core/secret/project-sealer";
import { createHttpsWebTransport } from "@jeroboam/core/web/https-web-transport";
import { DEFAULT_WEBHOOK_SETTINGS } from "@jeroboam/core/webhook/webhook-settings";
import { createBatchHandler } from "./batch.ts";
import { createDeliveryPorts } from "./compose-deliveries.ts";
import { DELIVERY_TYPES } from "./delivery-types.ts";
import type { DeliveryConductorPorts } from "./ports.ts";
import type { BatchResponse } from "./sqs-batch.ts";
import { answerBatch } from "./sqs-batch.ts";

const log = createLambdaLog();
const ports = prepareOnce(preparePorts);

async function preparePorts(): Promise<DeliveryConductorPorts> {
  const variables = process.env;
  const stores = openLambdaStores(variables);
  const masterKey = openLambdaMasterKey(variables);
  return Promise.resolve(
    createDeliveryPorts({
      ...stores,
      clock: systemClock,
      random: systemRandom,
      log,
      webhookSealer: createProjectSealer({ table: stores.table, masterKey, clock: systemClock }, "webhooks"),
      webTransport: createHttpsWebTransport(),
      settings: DEFAULT_WEBHOOK_SETTINGS,
    }),
  );
}

export async function handler(event: unknown, context: LambdaContext): Promise<BatchResponse> {
  return await answerBatch(event, context, log, async ({ stopping, cut }) =>
    createBatchHandler(await ports(), { name: context.awsRequestId, stopping, signal: cut, types: DELIVERY_TYPES }),
  );
}
