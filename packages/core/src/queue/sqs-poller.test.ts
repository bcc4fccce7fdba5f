import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RECEIVES, describeQueueContract } from "../../../../test/contract/queue-contract.ts";
import { startFaultyProxy } from "../../../../test/services/faulty-proxy.ts";
import type { FaultyProxy } from "../../../../test/services/faulty-proxy.ts";
import { startSqs } from "../../../../test/services/sqs.ts";
import type { SqsService } from "../../../../test/services/sqs.ts";
import { limits } from "../limits.ts";
import type { Log, Random } from "../ports.ts";
import { systemRandom } from "../random/system-random.ts";
import type { ReceivedMessage } from "./queue.ts";
import { pollSqsQueue } from "./sqs-poller.ts";
import type { SqsPollerOptions } from "./sqs-poller.ts";
import { createSqsQueue } from "./sqs-queue.ts";

const silent: Log = { write: () => {} };
async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(check, { timeout: 15_000, interval: 10 }).toBe(true);
}

describeQueueContract("SQS", async () => {
  const service = await startSqs();
  const client = service.connect();
  const queueUrl = service.createQueue("hints", RECEIVES);
  const stopping = new AbortController();
  let polling: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    stopping.abort();
    await polling;
  };
  const options = { client, queueUrl, log: silent, random: systemRandom, signal: stopping.signal, redeliverMs: 0 };
  return {
    queue: createSqsQueue({ client, queueUrl }),
    sendText: async (body) => service.sendText("hints", body),
    consume: (handler, batchesInHand) => {
      polling = pollSqsQueue({ ...options, handler, batchesInHand });
    },
    stop,
    nowMs: () => Date.now(),
    until,
    deadLetters: async () => service.deadLetters("hints"),
    close: async () => {
      await stop();
      client.destroy();
      await service.close();
    },
  };
});

describe("polling SQS behind a network that fails", () => {
  let service: SqsService;
  let proxy: FaultyProxy;
  beforeAll(async () => {
    service = await startSqs();
    proxy = await startFaultyProxy(service.endpoint);
  });
  afterAll(async () => {
    await proxy.close();
    await service.close();
  });

  /** A queue of its own, reached through the proxy, and its poller, not yet started. */
  const aQueue = () => {
    const name = randomUUID();
    const queueUrl = service.createQueue(name, RECEIVES);
    // Through the proxy: the SDK would take the host from the queue's address.
    const client = service.connect({ endpoint: proxy.endpoint, useQueueUrlAsEndpoint: false });
    const stopping = new AbortController();
    const received: ReceivedMessage[] = [];
    const told: string[] = [];
    const options: SqsPollerOptions = {
      client,
      queueUrl,
      handler: async (messages) => {
        received.push(...messages);
        return { failedIds: [] };
      },
      log: { write: (_, event) => void told.push(event) },
      random: promptly,
      signal: stopping.signal,
    };
    return { name, queue: createSqsQueue({ client, queueUrl }), client, stopping, received, told, options };
  };
  /** Waits as short as chance allows. */
  const promptly: Random = { ...systemRandom, fraction: () => 0.001 };
  const key = { pk: "bay#1", sk: "hot" };

  test("a poller outlives faults of the queue, tells of them, and slows down", async () => {
    const { queue, options, received, told, stopping } = aQueue();
    await queue.send([key]);
    proxy.breakAll({ kind: "answer", status: 500, body: "{}" });
    const polling = pollSqsQueue(options);
    await until(() => told.length >= 3);
    expect(received).toEqual([]);
    proxy.breakAll(undefined);
    await until(() => received.length === 1);
    stopping.abort();
    await polling;
    expect(new Set(told)).toEqual(new Set(["queue.receive-failed"]));
  });

  test("finished messages are deleted; those whose deletion failed come again later", async () => {
    const { queue, name, options, received, told, stopping } = aQueue();
    await queue.send([key]);
    const polling = pollSqsQueue(options);
    await until(() => received.length === 1);
    await until(() => service.count(name).inHand === 0);
    expect(service.count(name)).toEqual({ ready: 0, delayed: 0, inHand: 0 });

    proxy.breakAll({ kind: "answer", status: 503, body: "{}" }, "DeleteMessageBatch");
    await queue.send([key]);
    await until(() => told.includes("queue.answer-failed"));
    expect(service.count(name).inHand).toBe(1);
    proxy.breakAll(undefined);
    stopping.abort();
    await polling;
  });

  test("an idle poller keeps one request open, and stops at once in the middle of it", async () => {
    const { options, stopping } = aQueue();
    proxy.requests.length = 0;
    const polling = pollSqsQueue(options);
    await until(() => proxy.requests.length === 1);
    const started = performance.now();
    stopping.abort();
    await polling;
    expect(performance.now() - started).toBeLessThan(limits.queue.longPollMs / 4);
    expect(proxy.requests).toEqual(["ReceiveMessage"]);
  });
});
