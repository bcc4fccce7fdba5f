/** What every queue promises (packages/core/src/queue/queue.ts), as one suite that runs over each implementation. */
import { afterEach, describe, expect, test } from "vitest";
import { decodeHint, encodeHint } from "@jeroboam/core/queue/queue";
import type { BatchHandler, Queue, ReceivedMessage } from "@jeroboam/core/queue/queue";
import type { Key } from "@jeroboam/core/table/table";

/** How the queue under test is set up. */
export const RECEIVES = 3;

export interface QueueUnderTest {
  readonly queue: Queue;
  /** Sends any text, as a stranger might. */
  readonly sendText: (body: string) => Promise<void>;
  /** Begins to deliver, at most so many batches at a time. */
  readonly consume: (handler: BatchHandler, batchesInHand: number) => void;
  /** Stops delivering; resolves when the batches in hand are finished. */
  readonly stop: () => Promise<void>;
  readonly nowMs: () => number;
  /** Lets time pass until the check holds, and fails when it never does. */
  readonly until: (check: () => boolean | Promise<boolean>) => Promise<void>;
  /** The texts of the dead letters. */
  readonly deadLetters: () => Promise<string[]>;
  readonly close: () => Promise<void>;
}

/** A queue that delivers failed messages again after a second at most, and RECEIVES times. */
export type MakeQueue = () => Promise<QueueUnderTest>;

const keysOf = (count: number): Key[] =>
  Array.from({ length: count }, (_, place) => ({ pk: `bay#${place}`, sk: "hot" }));

export function describeQueueContract(name: string, makeQueue: MakeQueue): void {
  describe(`${name} keeps the queue's contract`, () => {
    const open: QueueUnderTest[] = [];
    const make = async (): Promise<QueueUnderTest> => {
      const made = await makeQueue();
      open.push(made);
      return made;
    };
    afterEach(async () => {
      for (const one of open.splice(0)) await one.close();
    });

    describeDelivery(make);
    describeFailures(make);
  });
}

/** A handler that keeps what it received and finishes all but what it is told to fail. */
function recorder(fails: (message: ReceivedMessage) => boolean = () => false) {
  const received: ReceivedMessage[] = [];
  const batchSizes: number[] = [];
  const handler: BatchHandler = async (messages) => {
    received.push(...messages);
    batchSizes.push(messages.length);
    return { failedIds: messages.filter(fails).map((message) => message.id) };
  };
  return { received, batchSizes, handler };
}

function describeDelivery(make: () => Promise<QueueUnderTest>): void {
  test("every hint is delivered, in batches of at most ten", async () => {
    const { queue, consume, until } = await make();
    const keys = [...keysOf(24), { pk: 'odd "é🍾\n', sk: "\\u0000" }];
    const { received, batchSizes, handler } = recorder();
    consume(handler, 4);
    await queue.send(keys);
    await queue.send([]);
    const delivered = (): Set<string> => new Set(received.map((message) => message.body));
    await until(() => delivered().size === keys.length);
    expect(delivered()).toEqual(new Set(keys.map(encodeHint)));
    expect(keys).toContainEqual(decodeHint(received[0]!.body));
    expect(received.every((message) => message.receives === 1)).toBe(true);
    expect(Math.max(...batchSizes)).toBeLessThanOrEqual(10);
  });

  test("a delayed hint is delivered, and not before its time", async () => {
    const { queue, consume, until, nowMs } = await make();
    const arrivals = new Map<string, number>();
    consume(async (messages) => {
      for (const message of messages) arrivals.set(message.body, nowMs());
      return { failedIds: [] };
    }, 1);
    const sentMs = nowMs();
    const [delayed, prompt] = keysOf(2) as [Key, Key];
    await queue.send([delayed], 1_500);
    await queue.send([prompt]);
    await until(() => arrivals.size === 2);
    expect(arrivals.get(encodeHint(delayed))! - sentMs).toBeGreaterThanOrEqual(1_500);
    expect(arrivals.get(encodeHint(prompt))!).toBeLessThan(arrivals.get(encodeHint(delayed))!);
  });

  test("a delay beyond the queue's longest is cut, not refused", async () => {
    const { queue } = await make();
    await expect(queue.send(keysOf(1), 48 * 3_600_000)).resolves.toBeUndefined();
  });

  test("no more batches are handled at a time than it was told to", async () => {
    const { queue, consume, until } = await make();
    let [now, most, done] = [0, 0, 0];
    const blocked: (() => void)[] = [];
    consume(async (messages) => {
      now += 1;
      most = Math.max(most, now);
      await new Promise<void>((resolve) => blocked.push(resolve));
      now -= 1;
      done += messages.length;
      return { failedIds: [] };
    }, 2);
    await queue.send(keysOf(60));
    await until(() => now === 2);
    await until(() => {
      for (const finish of blocked.splice(0)) finish();
      return done >= 60;
    });
    expect(most).toBe(2);
  });

  test("stopping finishes the batch in hand and delivers nothing more", async () => {
    const { queue, consume, stop, until } = await make();
    let finish = (): void => {};
    let [started, finished] = [0, 0];
    consume(async () => {
      started += 1;
      await new Promise<void>((resolve) => (finish = resolve));
      finished += 1;
      return { failedIds: [] };
    }, 1);
    await queue.send(keysOf(1));
    await until(() => started === 1);
    const stopping = stop();
    await queue.send(keysOf(5));
    finish();
    await stopping;
    expect([started, finished]).toEqual([1, 1]);
  });
}

function describeFailures(make: () => Promise<QueueUnderTest>): void {
  test("a message whose handling failed comes again, its receives counted; the others of its batch do not", async () => {
    const { queue, consume, until } = await make();
    const [flaky] = keysOf(1) as [Key];
    const { received, handler } = recorder((message) => message.body === encodeHint(flaky) && message.receives < 3);
    await queue.send(keysOf(10));
    consume(handler, 1);
    await until(() => received.some((message) => message.receives === 3));
    const ofFlaky = received.filter((message) => message.body === encodeHint(flaky));
    expect(ofFlaky.map((message) => message.receives)).toEqual([1, 2, 3]);
    expect(new Set(ofFlaky.map((message) => message.id)).size).toBe(1);
    expect(received).toHaveLength(12);
  });

  const broken: readonly [string, BatchHandler][] = [
    ["throws", () => Promise.reject(new Error("a bug"))],
    ["names messages it was not given", async () => ({ failedIds: ["never sent"] })],
  ];
  test.each(broken)("when a handler %s, its whole batch comes again", async (_, fault) => {
    const { queue, consume, until } = await make();
    const { received, handler } = recorder();
    let batches = 0;
    await queue.send(keysOf(3));
    consume((messages) => (batches++ === 0 ? fault(messages) : handler(messages)), 1);
    const bodies = (): Set<string> => new Set(received.map((message) => message.body));
    await until(() => bodies().size === 3);
    expect(received.some((message) => message.receives === 2)).toBe(true);
  });

  test("a message that fails every time goes to the dead letters, as it was sent", async () => {
    const { queue, consume, until, deadLetters } = await make();
    const [poison, good] = keysOf(2) as [Key, Key];
    const { received, handler } = recorder((message) => message.body === encodeHint(poison));
    await queue.send([poison, good]);
    consume(handler, 1);
    await until(async () => (await deadLetters()).length > 0);
    expect(await deadLetters()).toEqual([encodeHint(poison)]);
    const deliveries = received.filter((message) => message.body === encodeHint(poison));
    expect(deliveries.map((message) => message.receives)).toEqual([1, 2, 3]);
  });

  test("messages that are no hints go to the dead letters and hold up nothing", async () => {
    const { queue, consume, sendText, until, deadLetters } = await make();
    const strangers = ["no json {", '{"pk":"only"}', '{"pk":"a","sk":"b","more":1}', "[]", "null"];
    const { received, handler } = recorder((message) => decodeHint(message.body) === undefined);
    for (const stranger of strangers) await sendText(stranger);
    await queue.send(keysOf(1));
    consume(handler, 1);
    await until(async () => (await deadLetters()).length === strangers.length);
    expect(new Set(await deadLetters())).toEqual(new Set(strangers));
    expect(received.filter((message) => decodeHint(message.body))).toHaveLength(1);
  });
}
