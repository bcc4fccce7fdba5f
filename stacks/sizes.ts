/**
 * Every size and time of the AWS resources, derived in this one place from packages/core's limits, so that they agree
 * with each other by construction. `checkSizes` refuses to deploy limits that contradict each other.
 */
import { limits } from "../packages/core/src/limits.ts";

const inSeconds = (ms: number): number => Math.ceil(ms / 1_000);
const day = 24 * 60 * 60;

/** What SQS, Lambda and API Gateway themselves allow. */
const service = {
  /** AWS asks for a visibility timeout of at least six times the timeout of the function that takes the messages. */
  visibilityPerTimeout: 6,
  queueRetentionSeconds: 14 * day,
  /** An HTTP API gives up on its function after 30 s. */
  apiTimeoutSeconds: 30,
};

const conductorTimeoutSeconds = inSeconds(limits.engine.functionTimeoutMs);

export const sizes = {
  conductor: {
    timeoutSeconds: conductorTimeoutSeconds,
    memoryMb: 512,
    /** All hints of a batch are worked on at once, within one budget: a batch takes no longer than its slowest record. */
    batchMessages: limits.queue.batchMessages,
    /** A hint is not kept waiting for company. */
    batchWindowSeconds: 0,
    /**
     * Invocations at a time: 20 x 10 records in hand. A step lasts about a second (most of it OpenStack's), so this is
     * some 200 steps a second: 3,000 bays in progress that are looked at every 15 s, and never more than 200 calls at once
     * on one cloud's services.
     */
    concurrency: 20,
  },
  /** Those who deliver webhooks. */
  deliverer: {
    timeoutSeconds: conductorTimeoutSeconds,
    memoryMb: 256,
    batchMessages: limits.queue.batchMessages,
    batchWindowSeconds: 0,
    /** 10 x 10 receivers at a time; one that does not answer holds one of them, for one attempt's time. */
    concurrency: 10,
  },
  schedule: {
    /** Ends before the next one begins. */
    timeoutSeconds: Math.min(conductorTimeoutSeconds, inSeconds(limits.engine.sweepIntervalMs)),
    memoryMb: 256,
    sweepMinutes: Math.max(1, Math.round(limits.engine.sweepIntervalMs / 60_000)),
  },
  api: {
    timeoutSeconds: service.apiTimeoutSeconds - 1,
    memoryMb: 512,
    /** Requests a second, of all callers together, and how many more may come at once. */
    requestsPerSecond: 200,
    requestBurst: 400,
  },
  hints: {
    visibilitySeconds: service.visibilityPerTimeout * conductorTimeoutSeconds,
    receives: limits.queue.receives,
    /** Days more than it takes to try a hint as often as it may be: what is older, the sweep has found by itself. */
    retentionSeconds: day,
  },
  deliveries: {
    visibilitySeconds: service.visibilityPerTimeout * conductorTimeoutSeconds,
    receives: limits.queue.receives,
    retentionSeconds: day,
  },
  deadLetters: {
    /** Counted from when the message was first sent, so longer than any other queue keeps it. */
    retentionSeconds: service.queueRetentionSeconds,
  },
  /** How much is late before somebody is told. */
  alarms: {
    /** Every receive of a message has failed by then; both queues have the same. */
    oldestMessageSeconds: limits.queue.receives * service.visibilityPerTimeout * conductorTimeoutSeconds,
    /** Sweeps in a row that found overdue work: a lost hint is found by one. */
    overdueSweeps: 5,
    apiErrorPercent: 5,
  },
  logDays: { production: 90, other: 14 },
  keyDeletionDays: { production: 30, other: 7 },
} as const;

/** Throws, naming the contradiction, when limits were changed so that the parts do not fit together any more. */
export function checkSizes(given: typeof sizes = sizes): void {
  const { engine, queue, openstack, table, lambda } = limits;
  const rules: readonly [holds: boolean, rule: string][] = [
    [engine.leaseMs > engine.functionTimeoutMs, "a lease outlives the function's timeout"],
    [engine.budgetMs + engine.callTimeoutMs < engine.functionTimeoutMs, "a step begun at the budget's end still ends"],
    [openstack.requestTimeoutMs <= engine.callTimeoutMs, "a call to OpenStack is one external call"],
    [given.hints.visibilitySeconds >= 6 * given.conductor.timeoutSeconds, "visibility is 6 x the function's timeout"],
    [given.hints.visibilitySeconds * 1_000 > engine.leaseMs, "a message comes again after its record's lease"],
    [given.hints.retentionSeconds > given.hints.receives * given.hints.visibilitySeconds, "a hint lives for its tries"],
    [given.deadLetters.retentionSeconds > given.hints.retentionSeconds, "dead letters outlive the queue's messages"],
    [limits.webhook.timeoutMs <= engine.callTimeoutMs, "an attempt at a webhook is one external call"],
    [given.deliveries.visibilitySeconds >= 6 * given.deliverer.timeoutSeconds, "the same holds for deliveries"],
    [given.conductor.batchMessages <= 10 || given.conductor.batchWindowSeconds >= 1, "SQS needs a window past 10"],
    [given.schedule.timeoutSeconds * 1_000 <= engine.sweepIntervalMs, "a sweep ends before the next"],
    [lambda.cutMarginMs > table.requestTimeoutMs + lambda.answerMarginMs, "a commit fits after calls are cut"],
    [engine.budgetMs + lambda.cutMarginMs < engine.functionTimeoutMs, "steps stop before their calls are cut"],
    [given.api.timeoutSeconds < service.apiTimeoutSeconds, "the function gives up before the gateway does"],
    [queue.delayMaxMs <= 15 * 60_000, "SQS delays 15 minutes at most"],
  ];
  const broken = rules.filter(([holds]) => !holds).map(([, rule]) => rule);
  if (broken.length > 0) throw new Error(`sizes contradict each other; broken: ${broken.join("; ")}`);
}
