/**
 * The schedule's entry on AWS: EventBridge calls it every minute, and it sends hints at what is overdue. Its log line
 * `swept` is what the alarm on overdue work counts.
 */
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { withinInvocation } from "@jeroboam/core/lambda/lambda-invocation";
import type { LambdaContext } from "@jeroboam/core/lambda/lambda-invocation";
import { createLambdaLog, openLambdaStores } from "@jeroboam/core/lambda/lambda-stores";
import { sweep } from "@jeroboam/core/operation/sweep";
import { z } from "zod";

/** What the schedule of stacks/ sends, or the event of an EventBridge rule. */
const eventSchema = z.union([
  z.object({ task: z.literal("sweep") }),
  z.object({ source: z.literal("aws.events"), "detail-type": z.literal("Scheduled Event") }),
]);

const ports = { clock: systemClock, ...openLambdaStores(process.env) };
const log = createLambdaLog();

export async function handler(event: unknown, context: LambdaContext): Promise<{ readonly hints: number }> {
  eventSchema.parse(event);
  return await withinInvocation(context, async ({ answerInTime }) => {
    const swept = await answerInTime(sweep(ports));
    // The work stays due: the next sweep goes on.
    if (!swept) throw new Error("the sweep did not end in time");
    log.write("info", "swept", { hints: swept.hints });
    return swept;
  });
}
