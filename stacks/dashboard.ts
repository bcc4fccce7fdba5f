/** One page: requests, work in hand and overdue, the queue, the functions, the table. */
import type { Watched } from "./alarms.ts";
import { ownNamespace } from "./alarms.ts";
import type { Base } from "./functions.ts";

type Metric = readonly (string | Readonly<Record<string, unknown>>)[];

export function createDashboard(
  { storage, queues, endpoint }: Base,
  { api, conductor, deliverer, schedule }: Watched,
): void {
  const names = $util.all({
    region: aws.getRegionOutput().region,
    gateway: endpoint.gateway.nodes.api.id,
    hints: queues.hints.queue.nodes.queue.name,
    dead: queues.hints.dead.nodes.queue.name,
    table: storage.table.name,
    api: api.function.name,
    conductor: conductor.function.name,
    deliverer: deliverer.function.name,
    schedule: schedule.function.name,
  });
  new aws.cloudwatch.Dashboard("Dashboard", {
    dashboardName: `${$app.name}-${$app.stage}`,
    dashboardBody: names.apply((name) => JSON.stringify({ widgets: layOut(name as Names) })),
  });
}

type Names = Readonly<
  Record<"region" | "gateway" | "hints" | "dead" | "table" | "api" | "conductor" | "deliverer" | "schedule", string>
>;

interface Widget {
  readonly title: string;
  readonly metrics: readonly Metric[];
}

function widgetsOf(name: Names): readonly Widget[] {
  const ofFunction = (metric: string, stat: string): Metric[] =>
    [name.api, name.conductor, name.deliverer, name.schedule].map((one) => [
      "AWS/Lambda",
      metric,
      "FunctionName",
      one,
      { stat },
    ]);
  const ofApi = (metric: string, stat: string): Metric => ["AWS/ApiGateway", metric, "ApiId", name.gateway, { stat }];
  const ofQueue = (metric: string, queue: string): Metric => [
    "AWS/SQS",
    metric,
    "QueueName",
    queue,
    { stat: "Maximum" },
  ];
  const ofTable = (metric: string): Metric => ["AWS/DynamoDB", metric, "TableName", name.table, { stat: "Sum" }];
  return [
    { title: "Requests and refusals", metrics: [ofApi("Count", "Sum"), ofApi("4xx", "Sum"), ofApi("5xx", "Sum")] },
    { title: "Latency, ms", metrics: [ofApi("Latency", "p50"), ofApi("Latency", "p99")] },
    {
      title: "Hints waiting, in hand, dead",
      metrics: [
        ofQueue("ApproximateNumberOfMessagesVisible", name.hints),
        ofQueue("ApproximateNumberOfMessagesNotVisible", name.hints),
        ofQueue("ApproximateNumberOfMessagesVisible", name.dead),
      ],
    },
    { title: "Age of the oldest hint, s", metrics: [ofQueue("ApproximateAgeOfOldestMessage", name.hints)] },
    { title: "Work found overdue", metrics: [[ownNamespace(), "OverdueWork", { stat: "Maximum" }]] },
    { title: "Invocations", metrics: ofFunction("Invocations", "Sum") },
    { title: "Duration, ms", metrics: [...ofFunction("Duration", "p50"), ...ofFunction("Duration", "p99")] },
    { title: "Errors and throttles", metrics: [...ofFunction("Errors", "Sum"), ...ofFunction("Throttles", "Sum")] },
    {
      title: "Table: capacity used",
      metrics: [ofTable("ConsumedReadCapacityUnits"), ofTable("ConsumedWriteCapacityUnits")],
    },
  ];
}

/** Three in a row. */
function layOut(names: Names) {
  const [width, height] = [8, 6];
  return widgetsOf(names).map(({ title, metrics }, at) => ({
    type: "metric",
    x: (at % 3) * width,
    y: Math.floor(at / 3) * height,
    width,
    height,
    properties: { title, metrics, region: names.region, view: "timeSeries", period: 300 },
  }));
}
