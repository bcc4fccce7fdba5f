/**
 * `npm run cost:aws`: what Jeroboam costs on AWS, per 1,000 bay lives and per idle month, as the table in docs/deploy-aws.md.
 * The calls are counted: bays live in the bundles over emulators (test/aws), once with a stack that is ready at once and
 * once with one that takes a while, whose difference is what one look at a stack costs. How long calls take is assumed
 * (LATENCY_MS); the prices are AWS's list, in aws-prices.json, without free tiers.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { limits } from "@jeroboam/core/limits";
import { pollAfterMs } from "@jeroboam/conductor/operations/expected-end";
import { sizes } from "../stacks/sizes.ts";
import type { AwsWorld } from "../test/aws/aws-world.ts";
import { startAwsWorld } from "../test/aws/aws-world.ts";
import { until } from "../test/aws/until.ts";
import { bundleFunction, FUNCTION_NAMES, root } from "./function-bundles.ts";

const prices = JSON.parse(readFileSync(join(import.meta.dirname, "aws-prices.json"), "utf8")) as Record<string, number>;
const price = (name: string): number => {
  const found = prices[name];
  if (found === undefined) throw new Error(`aws-prices.json has no ${name}`);
  return found;
};

/** The bay that is reckoned with. */
const LIFE = { createMinutes: 8, scaleMinutes: 4, deleteMinutes: 3, readEverySeconds: 10 };
const MINUTES_OF_MONTH = 30 * 24 * 60;
/** Pollers that Lambda keeps on a queue where nothing happens, each asking for up to 20 s. */
const IDLE_POLLS_PER_MINUTE = 15;
/** Lines that Lambda itself writes of an invocation (START, END, REPORT). */
const PLATFORM_LOG_BYTES = 330;

/** What a function waits for, call by call, and its own work in an invocation. */
const LATENCY_MS = { own: 10, table: 6, queue: 10, key: 10, cloud: 200 };

/** What is counted; all but the calls to the cloud is billed. */
interface Usage {
  readonly apiInvocations: number;
  readonly conductorInvocations: number;
  readonly scheduleInvocations: number;
  readonly tableCalls: number;
  readonly cloudCalls: number;
  readonly reads: number;
  readonly writes: number;
  readonly queueRequests: number;
  readonly keyRequests: number;
  readonly logBytes: number;
}

function usageOf(world: AwsWorld, batches: number): Usage {
  const { units, requests } = world.proxies.table.counts();
  const { SendMessageBatch = 0 } = world.proxies.queue.counts().requests;
  const { api, conductor, schedule } = world.calls;
  const invocations = api.count + conductor.count + schedule.count;
  return {
    apiInvocations: api.count,
    conductorInvocations: conductor.count,
    scheduleInvocations: schedule.count,
    tableCalls: sum(Object.values(requests)),
    cloudCalls: sum(Object.values(world.sandbox.sandbox.counts())),
    reads: units.read,
    writes: units.write,
    // A batch is received and deleted by one request each, in Lambda's name.
    queueRequests: SendMessageBatch + 2 * batches,
    keyRequests: world.kms.calls.length,
    logBytes: world.logLines.join("").length + invocations * PLATFORM_LOG_BYTES,
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function combine(one: Usage, other: Usage, by: (one: number, other: number) => number): Usage {
  const names = Object.keys(one) as (keyof Usage)[];
  return Object.fromEntries(names.map((name) => [name, by(one[name], other[name])])) as unknown as Usage;
}

const plus = (one: Usage, other: Usage): Usage => combine(one, other, (a, b) => a + b);
const minus = (one: Usage, other: Usage): Usage => combine(one, other, (a, b) => a - b);
const times = (one: Usage, factor: number): Usage => combine(one, one, (a) => a * factor);

async function measure(): Promise<{
  readonly life: Usage;
  readonly look: Usage;
  readonly read: Usage;
  readonly sweep: Usage;
}> {
  await Promise.all(FUNCTION_NAMES.map(bundleFunction));
  const world = await startAwsWorld();
  try {
    const conductors = world.startConductors();
    const counted = async (act: () => Promise<unknown>): Promise<Usage> => {
      const before = usageOf(world, conductors.batches.length);
      await act();
      return minus(usageOf(world, conductors.batches.length), before);
    };
    const model = { name: "k8s", coe: "kubernetes", image_id: "fedora-21-atomic-3", keypair_id: "default" };
    await world.request("POST", "/v1/baymodels", { ...model, external_network_id: "public" });
    // The first bay warms what each process asks once: tokens, data keys.
    await live(world, "warm");
    const standing = await createBay(world, "standing");
    const read = times(await counted(() => repeat(50, () => world.request("GET", standing))), 1 / 50);
    const quick = await counted(() => live(world, "quick"));
    world.sandbox.sandbox.knobs.set({ bootMs: 12_000 });
    const slow = await counted(() => live(world, "slow"));
    const sweep = times(await counted(() => repeat(20, () => world.sweep())), 1 / 20);
    const withoutReads = (usage: Usage): Usage => minus(usage, times(read, usage.apiInvocations - REQUESTS_OF_LIFE));
    const [short, long] = [withoutReads(quick), withoutReads(slow)];
    const looks = long.conductorInvocations - short.conductorInvocations;
    return { life: short, look: times(minus(long, short), 1 / looks), read, sweep };
  } finally {
    await world.close();
  }
}

/** Create, scale, delete: the reads on the way are counted apart. */
const REQUESTS_OF_LIFE = 3;

/** A bay that is there; its path. */
async function createBay(world: AwsWorld, name: string): Promise<string> {
  const { body } = await world.request("POST", "/v1/bays", { name, baymodel_id: "k8s", node_count: 2 });
  const path = `/v1/bays/${body.uuid}`;
  await until(`${name} is made`, isIn(world, path, "CREATE_COMPLETE"), 60_000);
  return path;
}

const isIn = (world: AwsWorld, path: string, wanted: string) => async (): Promise<boolean> => {
  const { status, body } = await world.request("GET", path);
  return (status === 404 ? "gone" : body.status) === wanted;
};

async function live(world: AwsWorld, name: string): Promise<void> {
  const path = await createBay(world, name);
  await world.request("PATCH", path, [{ op: "replace", path: "/node_count", value: 3 }]);
  await until(`${name} has grown`, isIn(world, path, "UPDATE_COMPLETE"), 60_000);
  await world.request("DELETE", path);
  await until(`${name} is gone`, isIn(world, path, "gone"), 60_000);
}

async function repeat(count: number, act: () => Promise<unknown>): Promise<void> {
  for (let nth = 0; nth < count; nth += 1) await act();
}

/** How often a stack that takes so long is looked at. */
function looksIn(minutes: number): number {
  const operation = { id: "", startedAtMs: 0, notes: {} };
  let looks = 0;
  for (let nowMs = 0; nowMs < minutes * 60_000; nowMs += pollAfterMs(nowMs, operation)) looks += 1;
  return looks;
}

interface Line {
  readonly what: string;
  readonly dollars: number;
}

function billOf(usage: Usage, requests: number): readonly Line[] {
  const million = 1_000_000;
  const { apiInvocations, conductorInvocations, scheduleInvocations } = usage;
  const invocations = apiInvocations + conductorInvocations + scheduleInvocations;
  const waitedMs =
    invocations * LATENCY_MS.own +
    usage.tableCalls * LATENCY_MS.table +
    usage.queueRequests * LATENCY_MS.queue +
    usage.keyRequests * LATENCY_MS.key +
    usage.cloudCalls * LATENCY_MS.cloud;
  // The API and the conductors have the same memory; the schedule's calls are reckoned with as if they had it too.
  const gigabyteSeconds = (waitedMs / 1_000) * (sizes.conductor.memoryMb / 1_024);
  return [
    {
      what: `Lambda: ${count(invocations)} invocations`,
      dollars: (invocations / million) * price("lambdaRequestsMillion"),
    },
    {
      what: `Lambda: ${count(gigabyteSeconds)} GB-s`,
      dollars: gigabyteSeconds * price("lambdaArmGigabyteSecond"),
    },
    { what: `HTTP API: ${count(requests)} requests`, dollars: (requests / million) * price("httpApiRequestsMillion") },
    {
      what: `DynamoDB: ${count(usage.writes)} write units`,
      dollars: (usage.writes / million) * price("tableWriteUnitsMillion"),
    },
    {
      what: `DynamoDB: ${count(usage.reads)} read units`,
      dollars: (usage.reads / million) * price("tableReadUnitsMillion"),
    },
    {
      what: `SQS: ${count(usage.queueRequests)} requests`,
      dollars: (usage.queueRequests / million) * price("queueRequestsMillion"),
    },
    {
      what: `KMS: ${count(usage.keyRequests)} requests`,
      dollars: (usage.keyRequests / million) * price("keyRequestsMillion"),
    },
    { what: `Logs: ${count(usage.logBytes / 1e6)} MB`, dollars: (usage.logBytes / 1e9) * price("logGigabyte") },
  ];
}

const count = (value: number): string => Math.round(value).toLocaleString("en-US");

function print(title: string, lines: readonly Line[]): void {
  const shown = lines.filter(({ dollars }) => dollars >= 0.0005);
  const total = sum(lines.map(({ dollars }) => dollars));
  console.log(`\n| ${title} | $ |\n|---|---:|`);
  for (const { what, dollars } of shown) console.log(`| ${what} | ${dollars.toFixed(3)} |`);
  console.log(`| **sum** | **${total.toFixed(2)}** |`);
}

/** What stands there whether anybody asks or not, by what the evaluated stacks hold. */
function standingLines(): readonly Line[] {
  const snapshot = readFileSync(join(root, "test/stacks/__snapshots__/production.test.ts.snap"), "utf8");
  const countOf = (type: string): number => snapshot.split(`"${type} `).length - 1;
  // Two alarms reckon with two metrics each.
  const metrics = countOf("aws:cloudwatch/metricAlarm:MetricAlarm") + 2;
  const queues = countOf("aws:lambda/eventSourceMapping:EventSourceMapping");
  const polls = queues * IDLE_POLLS_PER_MINUTE * MINUTES_OF_MONTH;
  const sweeps = MINUTES_OF_MONTH / sizes.schedule.sweepMinutes;
  return [
    { what: "KMS: one key", dollars: price("keyMonth") },
    { what: `CloudWatch: ${metrics} metrics of alarms`, dollars: metrics * price("alarmMetricMonth") },
    { what: "CloudWatch: one metric of our own", dollars: price("customMetricMonth") },
    { what: "CloudWatch: one dashboard", dollars: price("dashboardMonth") },
    {
      what: `SQS: ${count(polls)} empty polls of ${queues} queues`,
      dollars: (polls / 1e6) * price("queueRequestsMillion"),
    },
    { what: `Scheduler: ${count(sweeps)} calls`, dollars: (sweeps / 1e6) * price("schedulerInvocationsMillion") },
  ];
}

const { life, look, read, sweep } = await measure();
const busyMinutes = LIFE.createMinutes + LIFE.scaleMinutes + LIFE.deleteMinutes;
const looks = looksIn(LIFE.createMinutes) + looksIn(LIFE.scaleMinutes) + looksIn(LIFE.deleteMinutes);
const reads = (busyMinutes * 60) / LIFE.readEverySeconds;
const whole = plus(plus(life, times(look, looks)), times(read, reads));
const { region, asOf } = prices;
console.log(`\nList prices of ${region}, ${asOf}; ${limits.queue.batchMessages} hints a batch at most.`);
console.log(
  `A bay's life: made in ${LIFE.createMinutes} minutes, scaled in ${LIFE.scaleMinutes}, deleted in ${LIFE.deleteMinutes}; looked at ${looks} times by`,
);
console.log(`conductors, and every ${LIFE.readEverySeconds} s by whoever waits for it.`);
console.log(
  `Assumed: ${Object.entries(LATENCY_MS)
    .map(([what, ms]) => `${what} ${ms} ms`)
    .join(", ")}.`,
);
print("1,000 bay lives", billOf(times(whole, 1_000), 1_000 * (REQUESTS_OF_LIFE + reads)));
const idle = times(sweep, MINUTES_OF_MONTH / sizes.schedule.sweepMinutes);
print("an idle month", [...standingLines(), ...billOf(idle, 0)]);
process.exit(0);
