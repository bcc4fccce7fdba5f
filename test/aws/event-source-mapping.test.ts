/** The loop that stands for Lambda's event source mapping behaves as the tests of our own functions rely on. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SqsService } from "../services/sqs.ts";
import { startSqs } from "../services/sqs.ts";
import type { LambdaHandler } from "./event-source-mapping.ts";
import { startMapping } from "./event-source-mapping.ts";
import { until } from "./until.ts";

let sqs: SqsService;
beforeAll(async () => {
  sqs = await startSqs();
});
afterAll(() => sqs.close());

interface Event {
  readonly Records: readonly { readonly messageId: string; readonly body: string }[];
}

/** Runs the handler over these texts until the queue is empty; how often each was delivered, and what died. */
async function deliver(name: string, texts: readonly string[], handler: (event: Event, nth: number) => unknown) {
  const client = sqs.connect();
  const queueUrl = sqs.createQueue(name, 3, { VisibilityTimeout: "1" });
  for (const text of texts) sqs.sendText(name, text);
  const deliveries = new Map<string, number>();
  let nth = 0;
  const counting: LambdaHandler = async (event) => {
    for (const { body } of (event as Event).Records) deliveries.set(body, (deliveries.get(body) ?? 0) + 1);
    return handler(event as Event, (nth += 1));
  };
  const mapping = startMapping({
    client,
    queueUrl,
    handler: counting,
    batchSize: 10,
    concurrency: 1,
    functionTimeoutMs: 500,
  });
  await until("the queue is empty", () => {
    const { ready, delayed, inHand } = sqs.count(name);
    return ready + delayed + inHand === 0;
  });
  await mapping.stop();
  client.destroy();
  return { deliveries: Object.fromEntries(deliveries), dead: sqs.deadLetters(name), batches: mapping.batches };
}

const failing = (event: Event, isBad: (body: string) => boolean) => ({
  batchItemFailures: event.Records.filter(({ body }) => isBad(body)).map(({ messageId }) => ({
    itemIdentifier: messageId,
  })),
});

describe("a mapping with partial failures", () => {
  test("hands over batches and deletes what was handled", async () => {
    const texts = Array.from({ length: 25 }, (_, at) => `message ${at}`);
    const { deliveries, dead, batches } = await deliver("plain", texts, () => ({ batchItemFailures: [] }));
    expect(deliveries).toEqual(Object.fromEntries(texts.map((text) => [text, 1])));
    expect(dead).toEqual([]);
    expect(Math.max(...batches.map(({ messageIds }) => messageIds.length))).toBe(10);
  });

  test("brings back what failed and no other, and in the end to the dead letters", async () => {
    const { deliveries, dead } = await deliver("poison", ["good", "flaky", "poison"], (event, nth) =>
      failing(event, (body) => body === "poison" || (body === "flaky" && nth === 1)),
    );
    expect(deliveries).toEqual({ good: 1, flaky: 2, poison: 3 });
    expect(dead).toEqual(["poison"]);
  });

  test.each([
    ["names a message it was not given", () => ({ batchItemFailures: [{ itemIdentifier: "stranger" }] })],
    ["names nothing", () => ({ batchItemFailures: [{ itemIdentifier: "" }] })],
    ["throws", () => Promise.reject(new Error("crash"))],
    ["does not end in time", () => new Promise(() => {})],
  ])("brings the whole batch back when the function %s", async (title, answer) => {
    const { deliveries } = await deliver(`whole-${title.replaceAll(" ", "-")}`, ["one", "two"], (_event, nth) =>
      nth === 1 ? answer() : null,
    );
    expect(deliveries).toEqual({ one: 2, two: 2 });
  });
});
