/**
 * Who is told when something needs a person, and one page that shows how it goes. A name says what is wrong; docs/deploy-aws.md
 * says what to do about each.
 */
import type { Base, CreatedFunction } from "./functions.ts";
import { createDashboard } from "./dashboard.ts";
import { sizes } from "./sizes.ts";

export interface Watched {
  readonly api: CreatedFunction;
  readonly conductor: CreatedFunction;
  readonly deliverer: CreatedFunction;
  readonly schedule: CreatedFunction;
}

/** Metrics of our own, read out of the functions' log lines: no function may or need write metrics. */
export const ownNamespace = (): string => `Jeroboam/${$app.stage}`;

const MINUTE = 60;

type AlarmArgs = Omit<aws.cloudwatch.MetricAlarmArgs, "name" | "alarmActions" | "okActions">;

export function createAlarms(base: Base, watched: Watched) {
  const topic = new aws.sns.Topic("Alarms", { name: `${$app.name}-${$app.stage}-alarms` });
  const { alarmEmail } = base.settings;
  if (alarmEmail)
    new aws.sns.TopicSubscription("AlarmEmail", { topic: topic.arn, protocol: "email", endpoint: alarmEmail });

  const alarm = (name: string, description: string, args: AlarmArgs): void => {
    new aws.cloudwatch.MetricAlarm(name, {
      name: `${$app.name}-${$app.stage}-${name}`,
      alarmDescription: description,
      treatMissingData: "notBreaching",
      alarmActions: [topic.arn],
      okActions: [topic.arn],
      ...args,
    });
  };
  watchQueues(base, alarm);
  watchWork(watched, alarm);
  watchFunctions(watched, alarm);
  watchApi(base, alarm);
  watchTable(base, alarm);
  createDashboard(base, watched);
  return { topic };
}

type Alarm = (name: string, description: string, args: AlarmArgs) => void;

function watchQueues({ queues }: Base, alarm: Alarm): void {
  const dimensionsOf = (queue: sst.aws.Queue) => ({ QueueName: queue.nodes.queue.name });
  for (const [name, { queue, dead }] of [
    ["Hints", queues.hints] as const,
    ["Deliveries", queues.deliveries] as const,
  ]) {
    alarm(`${name}DeadLetters`, "Messages could not be handled, however often they were tried", {
      namespace: "AWS/SQS",
      metricName: "ApproximateNumberOfMessagesVisible",
      dimensions: dimensionsOf(dead),
      statistic: "Maximum",
      period: 5 * MINUTE,
      evaluationPeriods: 1,
      comparisonOperator: "GreaterThanThreshold",
      threshold: 0,
    });
    alarm(`${name}Old`, "Messages wait longer than all their tries should take", {
      namespace: "AWS/SQS",
      metricName: "ApproximateAgeOfOldestMessage",
      dimensions: dimensionsOf(queue),
      statistic: "Maximum",
      period: 5 * MINUTE,
      evaluationPeriods: 1,
      comparisonOperator: "GreaterThanThreshold",
      threshold: sizes.alarms.oldestMessageSeconds,
    });
  }
}

/** What the sweep says of itself: overdue work that stays overdue, and silence. */
function watchWork({ schedule }: Watched, alarm: Alarm): void {
  new aws.cloudwatch.LogMetricFilter("OverdueWork", {
    logGroupName: schedule.logs.name,
    pattern: '{ $.event = "swept" }',
    metricTransformation: { namespace: ownNamespace(), name: "OverdueWork", value: "$.hints" },
  });
  alarm("WorkOverdue", "Sweep after sweep finds work that nobody took up", {
    namespace: ownNamespace(),
    metricName: "OverdueWork",
    statistic: "Minimum",
    period: sizes.schedule.sweepMinutes * MINUTE,
    evaluationPeriods: sizes.alarms.overdueSweeps,
    comparisonOperator: "GreaterThanThreshold",
    threshold: 0,
  });
  alarm("SweepSilent", "The sweep did not run", {
    namespace: "AWS/Lambda",
    metricName: "Invocations",
    dimensions: { FunctionName: schedule.function.name },
    statistic: "Sum",
    period: sizes.schedule.sweepMinutes * MINUTE,
    evaluationPeriods: sizes.alarms.overdueSweeps,
    comparisonOperator: "LessThanThreshold",
    threshold: 1,
    treatMissingData: "breaching",
  });
}

function watchFunctions(watched: Watched, alarm: Alarm): void {
  const functions = {
    Api: watched.api,
    Conductor: watched.conductor,
    Deliverer: watched.deliverer,
    Schedule: watched.schedule,
  };
  for (const [name, { function: made }] of Object.entries(functions)) {
    const ofFunction = {
      namespace: "AWS/Lambda",
      dimensions: { FunctionName: made.name },
      statistic: "Sum",
      period: 5 * MINUTE,
      evaluationPeriods: 1,
      comparisonOperator: "GreaterThanThreshold",
      threshold: 0,
    };
    alarm(`${name}Errors`, `${name}: an invocation crashed or ran out of time`, {
      ...ofFunction,
      metricName: "Errors",
    });
    alarm(`${name}Throttles`, `${name}: Lambda had no room for an invocation`, {
      ...ofFunction,
      metricName: "Throttles",
    });
  }
}

function watchApi({ endpoint }: Base, alarm: Alarm): void {
  const dimensions = { ApiId: endpoint.gateway.nodes.api.id };
  const metric = (metricName: string) => ({
    namespace: "AWS/ApiGateway",
    metricName,
    dimensions,
    stat: "Sum",
    period: 5 * MINUTE,
  });
  alarm("Api5xx", "The API fails more requests than a few", {
    metricQueries: [
      { id: "failed", metric: metric("5xx") },
      { id: "all", metric: metric("Count") },
      { id: "percent", expression: "IF(failed > 2, 100 * failed / all, 0)", label: "failed %", returnData: true },
    ],
    evaluationPeriods: 2,
    comparisonOperator: "GreaterThanThreshold",
    threshold: sizes.alarms.apiErrorPercent,
  });
}

function watchTable({ storage }: Base, alarm: Alarm): void {
  const metric = (metricName: string) => ({
    namespace: "AWS/DynamoDB",
    metricName,
    dimensions: { TableName: storage.table.name },
    stat: "Sum",
    period: 5 * MINUTE,
  });
  alarm("TableThrottles", "The table refuses reads or writes: too many at once", {
    metricQueries: [
      { id: "reads", metric: metric("ReadThrottleEvents") },
      { id: "writes", metric: metric("WriteThrottleEvents") },
      { id: "both", expression: "FILL(reads, 0) + FILL(writes, 0)", label: "throttled", returnData: true },
    ],
    evaluationPeriods: 1,
    comparisonOperator: "GreaterThanThreshold",
    threshold: 0,
  });
}
