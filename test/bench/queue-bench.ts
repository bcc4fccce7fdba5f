/**
 * Measures a queue from sending to finishing: `node test/bench/queue-bench.ts [memory|sqs] [hints]`. Prints hints a
 * second and the CPU time of one. SQS's figures are those of fauxqs in this process, not of the service.
 */
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { systemTimers } from "@jeroboam/core/clock/system-timers";
import type { Log } from "@jeroboam/core/ports";
import { createMemoryQueue } from "@jeroboam/core/queue/memory-queue";
import type { BatchHandler, Queue } from "@jeroboam/core/queue/queue";
import { pollSqsQueue } from "@jeroboam/core/queue/sqs-poller";
import { createSqsQueue } from "@jeroboam/core/queue/sqs-queue";
import { systemRandom } from "@jeroboam/core/random/system-random";
import { startSqs } from "../services/sqs.ts";

const log: Log = { write: (level, event, facts) => console.error(level, event, facts) };

const [, , name = "memory", count = "5000"] = process.argv;
let finished = 0;
let allFinished = (): void => {};
const handler: BatchHandler = async (messages) => {
  finished += messages.length;
  if (finished >= Number(count)) allFinished();
  return { failedIds: [] };
};
const { queue, close } = name === "sqs" ? await openSqs() : openMemory();
await measure("send and finish", async () => {
  const all = new Promise<void>((resolve) => (allFinished = resolve));
  const keys = Array.from({ length: Number(count) }, (_, place) => ({ pk: `bay#${place}`, sk: "hot" }));
  await Promise.all([queue.send(keys), all]);
});
await close();

function openMemory(): { queue: Queue; close: () => Promise<void> } {
  const queue = createMemoryQueue({ clock: systemClock, timers: systemTimers, log });
  queue.consume(handler);
  return { queue, close: () => queue.stop() };
}

async function openSqs(): Promise<{ queue: Queue; close: () => Promise<void> }> {
  const service = await startSqs();
  const client = service.connect();
  const queueUrl = service.createQueue("bench", 5);
  const stopping = new AbortController();
  const polling = pollSqsQueue({ client, queueUrl, handler, log, random: systemRandom, signal: stopping.signal });
  const close = async (): Promise<void> => {
    stopping.abort();
    await polling;
    client.destroy();
    await service.close();
  };
  return { queue: createSqsQueue({ client, queueUrl }), close };
}

async function measure(what: string, run: () => Promise<void>): Promise<void> {
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  await run();
  const seconds = (performance.now() - started) / 1_000;
  const cpu = process.cpuUsage(cpuBefore);
  const cpuMicros = Math.round((cpu.user + cpu.system) / finished);
  console.log(`${name} ${what}: ${Math.round(finished / seconds)} hints/s, ${cpuMicros} µs CPU`);
}
