/** Lambda's SQS events as batches of messages, and what came of them as it wants to hear it. */
import type { InvocationEnd, LambdaContext } from "@jeroboam/core/lambda/lambda-invocation";
import { withinInvocation } from "@jeroboam/core/lambda/lambda-invocation";
import type { Log } from "@jeroboam/core/ports";
import type { BatchHandler, ReceivedMessage } from "@jeroboam/core/queue/queue";
import { z } from "zod";

/** The part of Lambda's SQS event that is used. */
const eventSchema = z.object({
  Records: z.array(
    z.object({
      messageId: z.string(),
      body: z.string(),
      attributes: z.object({ ApproximateReceiveCount: z.string() }),
    }),
  ),
});

/** The messages that are to come again (ReportBatchItemFailures). */
export interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** Handles the event's messages; when that does not end in time, all of them come again. */
export async function answerBatch(
  event: unknown,
  context: LambdaContext,
  log: Log,
  handlerFor: (end: InvocationEnd) => Promise<BatchHandler>,
): Promise<BatchResponse> {
  const messages = eventSchema.parse(event).Records.map(({ messageId, body, attributes }): ReceivedMessage => ({
    id: messageId,
    body,
    receives: Number(attributes.ApproximateReceiveCount),
  }));
  return await withinInvocation(context, async (end) => {
    const handle = async () => (await handlerFor(end))(messages);
    const outcome = await end.answerInTime(handle());
    if (!outcome) log.write("error", "batch-not-finished", { invocation: context.awsRequestId });
    const failedIds = outcome?.failedIds ?? messages.map(({ id }) => id);
    return { batchItemFailures: failedIds.map((itemIdentifier) => ({ itemIdentifier })) };
  });
}
