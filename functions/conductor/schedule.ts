/**
 * The schedule's entry on AWS: EventBridge calls it every minute. It sends hints at what is overdue, and begins the rounds
 * of reconciliation that are due, which conductors then run. Its log line `swept` is what the alarm on overdue work counts.
 */
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { withinInvocation } from "@jeroboam/core/lambda/lambda-invocation";
import type { LambdaContext } from "@jeroboam/core/lambda/lambda-invocation";
import { createLambdaLog, openLambdaStores } from "@jeroboam/core/lambda/lambda-stores";
import { sweep } from "@jeroboam/core/operation/sweep";
import { systemRandom } from "@jeroboam/core/random/system-random";
import { startDueJobs } from "@jeroboam/core/reconciliation/job";
import { z } from "zod";

/** What the schedule of stacks/ sends, or the event of an EventBridge rule. */
const eventSchema = z.union([
  z.object({ task: z.literal("sweep") }),
  z.object({ source: z.literal("aws.events"), "detail-type": z.literal("Scheduled Event") }),
]);

const log = createLambdaLog();
const ports = { clock: systemClock, random: systemRandom, log, ...openLambdaStores(process.env) };

interface Swept {
  readonly hints: number;
  /** Rounds begun. */
  readonly started: number;
}

async function run(): Promise<Swept> {
  const { hints } = await sweep(ports);
  const { started } = await startDueJobs(ports);
  return { hints, started };
}

export async function handler(event: unknown, context: LambdaContext): Promise<Swept> {
  eventSchema.parse(event);
  return await withinInvocation(context, async ({ answerInTime }) => {
    const swept = await answerInTime(run());
    // The work stays due: the next sweep goes on.
    if (!swept) throw new Error("the sweep did not end in time");
    log.write("info", "swept", { ...swept });
    return swept;
  });
}
