/** The client of SQS, or of a service that speaks its protocol, by the SDK's own environment variables. */
import { SQSClient } from "@aws-sdk/client-sqs";
import type { SQSClientConfig } from "@aws-sdk/client-sqs";
import { limits } from "../limits.ts";

/** Requests are bounded in time and tries; a long poll takes its own time on top. */
export function createSqsClient(options: SQSClientConfig = {}): SQSClient {
  return new SQSClient({
    maxAttempts: limits.queue.requestAttempts,
    requestHandler: {
      connectionTimeout: limits.queue.connectTimeoutMs,
      requestTimeout: limits.queue.requestTimeoutMs,
      // Else the SDK only warns of it, and goes on waiting.
      throwOnRequestTimeout: true,
    },
    ...options,
  });
}
