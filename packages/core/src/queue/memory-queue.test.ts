import { describe, expect, test } from "vitest";
import { RECEIVES, describeQueueContract } from "../../../../test/contract/queue-contract.ts";
import { createTestTime } from "../../../../test/contract/test-time.ts";
import { limits } from "../limits.ts";
import type { Log, Timers } from "../ports.ts";
import { createMemoryQueue } from "./memory-queue.ts";
import type { MemoryQueueOptions } from "./memory-queue.ts";
import { encodeHint } from "./queue.ts";
import type { BatchHandler } from "./queue.ts";

const silent: Log = { write: () => {} };

/** A queue on a time of its own that hands out one batch at a time, and what it delivered. */
function aQueue(options: Partial<MemoryQueueOptions> = {}) {
  const time = createTestTime();
  const queue = createMemoryQueue({ ...time, log: silent, receives: RECEIVES, redeliverMs: 1_000, ...options });
  const deliveries: { readonly body: string; readonly atMs: number }[] = [];
  const handler: BatchHandler = async (messages) => {
    for (const { body } of messages) deliveries.push({ body, atMs: time.clock.nowMs() });
    return { failedIds: [] };
  };
  return { time, queue, deliveries, handler };
}

describeQueueContract("the queue in memory", async () => {
  const time = createTestTime();
  const made = createMemoryQueue({ ...time, log: silent, receives: RECEIVES, redeliverMs: 1_000 });
  return {
    queue: made,
    sendText: async (body) => made.sendText(body),
    consume: (handler, batchesInHand) => made.consume(handler, { batchesInHand }),
    stop: () => made.stop(),
    nowMs: () => time.clock.nowMs(),
    until: async (check) => {
      for (let passed = 0; passed < 1_000; passed += 1) {
        if (await check()) return;
        await time.advance(50);
      }
      throw new Error("never came to be");
    },
    deadLetters: async () => made.deadLetters.map((letter) => letter.body),
    close: () => made.stop(),
  };
});

describe("the queue in memory", () => {
  const one = { pk: "bay#1", sk: "hot" };
  const other = { pk: "bay#2", sk: "hot" };

  test("equal hints that are due together are delivered once, others each", async () => {
    const { time, queue, deliveries, handler } = aQueue();
    queue.consume(handler);
    await queue.send([one, other, one]);
    await queue.send([one], 4_000);
    await queue.send([one], 4_000);
    await queue.send([one], 9_000);
    await time.advance(10_000);
    expect(deliveries).toEqual([
      { body: encodeHint(one), atMs: 0 },
      { body: encodeHint(other), atMs: 0 },
      { body: encodeHint(one), atMs: 4_000 },
      { body: encodeHint(one), atMs: 9_000 },
    ]);
  });

  test("a delay ends on time or at most one slot late, also when timers run early", async () => {
    const { time, queue, deliveries, handler } = aQueue();
    const timers: Timers = { schedule: (afterMs, run) => time.timers.schedule(Math.ceil(afterMs * 0.9 - 0.5), run) };
    const hasty = createMemoryQueue({ clock: time.clock, timers, log: silent });
    queue.consume(handler);
    hasty.consume(handler);
    await time.advance(30);
    await queue.send([one], 1_000);
    await hasty.send([other], 1_000);
    await time.advance(2_000);
    expect(deliveries.map((delivery) => delivery.body).sort()).toEqual([encodeHint(one), encodeHint(other)]);
    for (const { atMs } of deliveries) {
      expect(atMs).toBeGreaterThanOrEqual(1_030);
      expect(atMs).toBeLessThanOrEqual(1_030 + limits.queue.slotMs);
    }
  });

  test("a hint sent while its record is in hand is delivered once more", async () => {
    const { time, queue } = aQueue();
    let deliveries = 0;
    queue.consume(async () => {
      deliveries += 1;
      if (deliveries === 1) await queue.send([one]);
      return { failedIds: [] };
    });
    await queue.send([one]);
    await time.advance(1);
    expect(deliveries).toBe(2);
  });

  test("when too many wait the oldest that is due is lost, and the loss is counted and told once", async () => {
    const told: unknown[] = [];
    const log: Log = { write: (_, event, facts) => void told.push([event, facts]) };
    const { time, queue, deliveries, handler } = aQueue({ waitingMessages: 3, log });
    const keys = ["a", "b", "c", "d", "e"].map((pk) => ({ pk, sk: "hot" }));
    await queue.send(keys);
    expect(queue.count()).toEqual({ waiting: 3, dropped: 2 });
    queue.consume(handler);
    await time.advance(1);
    expect(deliveries.map((delivery) => delivery.body)).toEqual(keys.slice(2).map(encodeHint));
    await queue.send(keys, 60_000);
    expect(queue.count()).toEqual({ waiting: 3, dropped: 4 });
    expect(told).toEqual([["queue.full", { waiting: 3, dropped: 1 }]]);
  });

  test("a hint waits no longer than the longest delay", async () => {
    const { time, queue, deliveries, handler } = aQueue();
    queue.consume(handler);
    await queue.send([one], 7 * 24 * 3_600_000);
    await time.advance(limits.queue.delayMaxMs + limits.queue.slotMs);
    expect(deliveries).toHaveLength(1);
  });

  test("what is sent after it was stopped is not kept, and no timer stays behind", async () => {
    const { time, queue, deliveries, handler } = aQueue();
    queue.consume(handler);
    await queue.send([one], 5_000);
    await queue.stop();
    await queue.send([other], 1_000);
    expect(time.waiting()).toBe(0);
    await time.advance(60_000);
    expect(deliveries).toEqual([]);
    expect(queue.count()).toEqual({ waiting: 0, dropped: 0 });
  });
});
