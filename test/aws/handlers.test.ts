/** The functions' handlers, with the events that AWS sends and with trouble on the way. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limits } from "@jeroboam/core/limits";
import type { AwsWorld } from "./aws-world.ts";
import { DOMAIN, gatewayEvent, readReply, startAwsWorld } from "./aws-world.ts";
import { invoke, startMapping, toRecord } from "./event-source-mapping.ts";
import { until } from "./until.ts";

let world: AwsWorld;

beforeAll(async () => {
  world = await startAwsWorld();
});
afterAll(() => world.close());

describe("the API's handler", () => {
  test("answers API Gateway", async () => {
    const { status, headers, body } = await world.request("GET", "/v1/bays?limit=5");
    expect([status, body]).toEqual([200, { bays: [] }]);
    expect(headers["x-openstack-request-id"]).toMatch(/^req-/);
    expect(headers["cache-control"]).toBe("no-store");
  });

  test("answers a function URL, whose event has its own domain and lower-case headers", async () => {
    const domainName = "u1u2u3.lambda-url.eu-central-1.on.aws";
    const event = {
      ...gatewayEvent("GET", "/v1/", { "x-auth-token": world.token }),
      requestContext: {
        accountId: "anonymous",
        apiId: "u1u2u3",
        authentication: null,
        authorizer: null,
        domainName,
        domainPrefix: "u1u2u3",
        http: { method: "GET", path: "/v1/", protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "curl/8" },
        requestId: "e1506fd5-9e7b-434f-bd42-4f8fa224b599",
        routeKey: "$default",
        stage: "$default",
        time: "12/Mar/2026:19:03:58 +0000",
        timeEpoch: 1_773_342_238_000,
      },
    };
    const { status, body } = readReply(await invoke(world.handlers.api, event, 10_000));
    expect(status).toBe(200);
    // Links are by the address that the deployment names, not by the one that a caller found.
    expect(body.links[0].href).toBe(`https://${DOMAIN}/v1/`);
  });

  test("reads a body in base64", async () => {
    const event = gatewayEvent("POST", "/v1/baymodels", { "x-auth-token": world.token });
    const body = Buffer.from(JSON.stringify({ coe: "kubernetes" })).toString("base64");
    const reply = readReply(await invoke(world.handlers.api, { ...event, body, isBase64Encoded: true }, 10_000));
    expect([reply.status, reply.body.errors[0].detail]).toEqual([400, expect.stringContaining("image_id")]);
  });

  test("refuses who has no token, and says where to get one", async () => {
    const reply = readReply(await invoke(world.handlers.api, gatewayEvent("GET", "/v1/bays", {}), 10_000));
    expect([reply.status, reply.headers["www-authenticate"]]).toEqual([401, expect.stringContaining("/v3")]);
  });

  test("needs no token to say that it is well", async () => {
    const reply = readReply(await invoke(world.handlers.api, gatewayEvent("GET", "/healthcheck", {}), 10_000));
    expect([reply.status, reply.body]).toEqual([200, "OK"]);
  });

  test("answers before its time is up when Keystone does not answer", async () => {
    const rule = world.sandbox.sandbox.knobs.add({
      kind: "request",
      service: "keystone",
      effect: "delay",
      delayMs: 8_000,
    });
    try {
      const event = gatewayEvent("GET", "/v1/bays", { "x-auth-token": "somebody-else's" });
      const reply = readReply(await invoke(world.handlers.api, event, limits.lambda.answerMarginMs + 1_000));
      expect([reply.status, reply.headers["retry-after"]]).toEqual([503, "5"]);
      expect(reply.body.errors[0]).toMatchObject({ status: 503, request_id: expect.any(String) });
    } finally {
      world.sandbox.sandbox.knobs.remove(rule.id);
    }
  });

  test("fails an event that is no request at all", async () => {
    await expect(invoke(world.handlers.api, { Records: [] }, 10_000)).rejects.toThrow("version");
  });
});

describe("the conductor's handler", () => {
  const hint = (pk: string): string => JSON.stringify({ pk, sk: "none" });

  test("fails the messages that it cannot understand, each by itself, until they are dead letters", async () => {
    const client = world.sqs.connect();
    // Longer than an invocation on a busy machine: what is handled must be deleted while it is still hidden, or it comes
    // again under another receipt, and in the end lies among the dead letters too.
    const queueUrl = world.sqs.createQueue("poisoned", limits.queue.receives, { VisibilityTimeout: "5" });
    const poison = ["not JSON", "{}", JSON.stringify({ pk: "x", sk: "y", more: 1 }), "é".repeat(2_000)];
    for (const text of [hint("bay#gone"), ...poison, hint("bay#other")]) world.sqs.sendText("poisoned", text);
    const mapping = startMapping({
      client,
      queueUrl,
      handler: world.handlers.conductor,
      batchSize: limits.queue.batchMessages,
      concurrency: 2,
      functionTimeoutMs: limits.engine.functionTimeoutMs,
    });
    await until("the poison is dead", () => world.sqs.deadLetters("poisoned").length === poison.length);
    await mapping.stop();
    client.destroy();
    expect(world.sqs.deadLetters("poisoned").toSorted()).toEqual(poison.toSorted());
    const deliveries = mapping.batches.flatMap(({ messageIds }) => messageIds);
    expect(deliveries).toHaveLength(2 + poison.length * limits.queue.receives);
    expect(mapping.batches.flatMap(({ error }) => error ?? [])).toEqual([]);
  });

  test("gives every message back when the table cannot be reached, and ends in time", async () => {
    const record = (MessageId: string) =>
      toRecord({ MessageId, Body: hint("bay#any"), Attributes: { ApproximateReceiveCount: "1" } });
    world.proxies.table.breakAll(true);
    try {
      const event = { Records: [record("one"), record("two")] };
      expect(await invoke(world.handlers.conductor, event, limits.engine.functionTimeoutMs)).toEqual({
        batchItemFailures: [{ itemIdentifier: "one" }, { itemIdentifier: "two" }],
      });
    } finally {
      world.proxies.table.breakAll(false);
    }
  });

  test("does not wait for Heat past the end of its time, and the next invocation goes on", async () => {
    await world.request("POST", "/v1/baymodels", {
      name: "k8s",
      coe: "kubernetes",
      image_id: "fedora-21-atomic-3",
      external_network_id: "public",
      keypair_id: "default",
    });
    const rule = world.sandbox.sandbox.knobs.add({
      kind: "request",
      service: "heat",
      effect: "delay",
      delayMs: 20_000,
    });
    const { body: bay } = await world.request("POST", "/v1/bays", { name: "slow", baymodel_id: "k8s" });
    const Records = await world.takeHints();
    expect(Records).toHaveLength(1);
    const outcome = await invoke(world.handlers.conductor, { Records }, limits.lambda.cutMarginMs + 2_000);
    expect(outcome).toEqual({ batchItemFailures: [] });
    expect((await world.request("GET", `/v1/bays/${bay.uuid}`)).body.status).toBe("CREATE_IN_PROGRESS");
    world.sandbox.sandbox.knobs.remove(rule.id);
    world.startConductors();
    const isComplete = async () =>
      (await world.request("GET", `/v1/bays/${bay.uuid}`)).body.status === "CREATE_COMPLETE";
    await until("the bay is there", isComplete);
  });
});

describe("the schedule's handler", () => {
  test.each([
    ["the scheduler's own input", { task: "sweep" }],
    [
      "the event of a rule",
      {
        version: "0",
        id: "89d1a02d-5ec7-412e-82f5-13505f849b41",
        "detail-type": "Scheduled Event",
        source: "aws.events",
        account: "123456789012",
        time: "2026-03-30T18:44:49Z",
        region: "eu-central-1",
        resources: ["arn:aws:events:eu-central-1:123456789012:rule/Sweep"],
        detail: {},
      },
    ],
  ])("sweeps on %s", async (_title, event) => {
    expect(await invoke(world.handlers.schedule, event, 10_000)).toEqual({ hints: expect.any(Number), started: 0 });
  });

  test("refuses what it does not know", async () => {
    await expect(invoke(world.handlers.schedule, { task: "format" }, 10_000)).rejects.toThrow("Invalid input");
  });
});

describe("the deliverer's handler", () => {
  test("takes deliveries from a queue of their own, and notes how each attempt went", async () => {
    const url = "https://receiver.invalid/";
    const webhook = await world.request("POST", "/v1/webhooks", { url, events: ["bay.*"] });
    expect(webhook.status).toBe(201);
    const path = `/v1/webhooks/${webhook.body.uuid}`;
    const sent = await world.request("POST", `${path}/test`);
    expect(sent.status).toBe(202);
    // The conductors' queue holds nothing of it.
    expect(await world.takeHints()).toEqual([]);
    const deliverers = world.startDeliverers();
    const attempts = async () =>
      (await world.request("GET", `${path}/deliveries/${sent.body.uuid}`)).body.attempts as { error: string }[];
    await until("an attempt was made", async () => (await attempts()).length > 0);
    expect((await attempts())[0]?.error).toContain("receiver.invalid did not answer");
    await deliverers.stop();
    expect(deliverers.batches.flatMap(({ failedIds }) => failedIds)).toEqual([]);
    const stored = JSON.stringify(await world.request("GET", path));
    expect(stored).not.toContain(webhook.body.secret);
  });
});
