import { randomUUID } from "node:crypto";
import type { SendMessageBatchCommandInput, SendMessageBatchRequestEntry } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startFaultyProxy } from "../../../../test/services/faulty-proxy.ts";
import type { FaultyProxy } from "../../../../test/services/faulty-proxy.ts";
import { startSqs } from "../../../../test/services/sqs.ts";
import type { SqsService } from "../../../../test/services/sqs.ts";
import { Transient } from "../errors.ts";
import { createSqsQueue } from "./sqs-queue.ts";

describe("sending to SQS", () => {
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

  const aQueue = () => {
    const name = randomUUID();
    // Through the proxy: the SDK would take the host from the queue's address.
    const client = service.connect({ endpoint: proxy.endpoint, useQueueUrlAsEndpoint: false });
    return { name, client, queue: createSqsQueue({ client, queueUrl: service.createQueue(name, 3) }) };
  };
  const key = { pk: "bay#1", sk: "hot" };

  test("hints are sent in batches of ten, each delayed in whole seconds, never shorter than asked", async () => {
    const { queue, name } = aQueue();
    proxy.requests.length = 0;
    await queue.send(
      Array.from({ length: 25 }, (_, place) => ({ pk: `bay#${place}`, sk: "hot" })),
      1_001,
    );
    expect(proxy.requests).toEqual(["SendMessageBatch", "SendMessageBatch", "SendMessageBatch"]);
    expect(service.count(name)).toEqual({ ready: 0, delayed: 25, inHand: 0 });
  });

  test("messages of a batch that the queue did not take are sent again, and only those", async () => {
    const { queue, client, name } = aQueue();
    const batches: number[] = [];
    client.middlewareStack.add(
      (next) => async (args) => {
        const { Entries: entries } = args.input as SendMessageBatchCommandInput & {
          Entries: SendMessageBatchRequestEntry[];
        };
        batches.push(entries.length);
        if (batches.length > 1) return next(args);
        const [refused, ...taken] = entries;
        const result = await next({ ...args, input: { ...args.input, Entries: taken } });
        const failure = { Id: refused!.Id, Code: "InternalError", SenderFault: false };
        return { ...result, output: { ...result.output, Failed: [failure] } };
      },
      { step: "initialize" },
    );
    await queue.send([key, { ...key, sk: "cold" }, { ...key, sk: "third" }]);
    expect(batches).toEqual([3, 1]);
    expect(service.count(name).ready).toBe(3);
  });

  test("a queue that takes nothing, or is out of reach, is Transient; one that refuses a message is a bug", async () => {
    const { queue, client } = aQueue();
    let senderFault = false;
    client.middlewareStack.add(
      () => async () => ({
        response: {},
        output: { $metadata: {}, Failed: [{ Id: "0", Code: "Broken", SenderFault: senderFault }] } as never,
      }),
      { step: "initialize", name: "refusing" },
    );
    await expect(queue.send([key])).rejects.toThrow(Transient);
    senderFault = true;
    await expect(queue.send([key])).rejects.toThrow(/the queue refused a hint: Broken/);
    await expect(queue.send([key])).rejects.not.toThrow(Transient);
    client.middlewareStack.remove("refusing");
    proxy.breakAll({ kind: "answer", status: 503, body: "<html>down</html>" });
    await expect(queue.send([key])).rejects.toThrow(Transient);
    proxy.breakAll(undefined);
    await expect(queue.send([key])).resolves.toBeUndefined();
  });
});
