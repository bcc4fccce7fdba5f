/** /v1/hooks: a bay resized by who signs, within the hook's limits, once for each call; and nothing for anybody else. */
import { createApp } from "@jeroboam/api/app";
import type { JsonObject } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import { Webhook as Signer } from "standardwebhooks";
import { beforeEach, describe, expect, test } from "vitest";
import type { Harness } from "./api-harness.ts";
import { CLUSTER_TEMPLATE, createHarness, expectRefusal, shown, textIn, UNKNOWN_UUID } from "./api-harness.ts";

let harness: Harness;
let bay = "";

beforeEach(async () => {
  harness = createHarness();
  await harness.call("POST", "/v1/clustertemplates", { body: CLUSTER_TEMPLATE });
  const made = await harness.call("POST", "/v1/clusters", { body: { name: "blue", cluster_template_id: "prod" } });
  bay = textIn(made.body, "uuid");
  await harness.settle(bay, { status: "CREATE_COMPLETE" });
});

async function create(body: JsonObject = {}) {
  const wish = { name: "scale", bay: "blue", min_node_count: 2, max_node_count: 5, ...body };
  const answer = await harness.call("POST", "/v1/hooks", { body: wish });
  expect([answer.status, answer.body]).toEqual([201, expect.anything()]);
  return { ...shown(answer.body), secret: textIn(answer.body, "secret"), body: answer.body };
}

interface Call {
  readonly id?: string;
  readonly secret: string;
  readonly body?: string;
  readonly atMs?: number;
  readonly signed?: string;
}

async function call(uuid: string, { id = "call-1", secret, body = '{"node_count":3}', atMs, signed }: Call) {
  const at = new Date(atMs ?? harness.ports.clock.nowMs());
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": signed ?? new Signer(secret).sign(id, at, body),
  };
  const reply = await createApp(harness.ports).request(`/v1/hooks/${uuid}`, { method: "POST", headers, body });
  return { status: reply.status, text: await reply.text() };
}

const nodes = async (): Promise<unknown> => (await harness.record(bay))?.state.nodeCount;

describe("a hook", () => {
  test("is made for one bay with its limits, and shows its secret this once", async () => {
    const { uuid, secret, body } = await create();
    expect(body).toMatchObject({
      name: "scale",
      url: `http://magnum.test:9511/v1/hooks/${uuid}`,
      bay_uuid: bay,
      action: "resize",
      min_node_count: 2,
      max_node_count: 5,
      enabled: true,
    });
    const later = (await harness.call("GET", "/v1/hooks/scale")).body;
    expect(later).toMatchObject({ uuid, bay_uuid: bay });
    expect(JSON.stringify(later)).not.toContain(secret);
    expect((await harness.call("GET", "/v1/hooks")).body["hooks"]).toHaveLength(1);
  });

  test("has its bay resized by who signs, without a token of Keystone's", async () => {
    const { uuid, secret } = await create();
    const { status, text } = await call(uuid, { secret });
    expect([status, JSON.parse(text)]).toEqual([202, { bay_uuid: bay, node_count: 3 }]);
    expect(await harness.record(bay)).toMatchObject({
      state: { nodeCount: 3, status: "UPDATE_IN_PROGRESS" },
      operation: { kind: "update" },
    });
  });

  test("counts a call once, whatever happened to the bay since", async () => {
    const { uuid, secret } = await create();
    expect((await call(uuid, { secret })).status).toBe(202);
    await harness.settle(bay, { status: "UPDATE_COMPLETE", nodeCount: 5 });
    // Somebody who heard the call plays it again.
    expect((await call(uuid, { secret })).status).toBe(202);
    expect(await nodes()).toBe(5);
    expect((await call(uuid, { secret, id: "call-2" })).status).toBe(202);
    expect(await nodes()).toBe(3);
  });

  test("tells that the bay is busy, and takes the same call later", async () => {
    const { uuid, secret } = await create();
    await harness.settle(bay, { status: "CREATE_IN_PROGRESS" });
    const busy = await call(uuid, { secret });
    expect([busy.status, busy.text.includes("CREATE_IN_PROGRESS")]).toEqual([409, true]);
    await harness.settle(bay, { status: "CREATE_COMPLETE" });
    expect((await call(uuid, { secret })).status).toBe(202);
    expect(await nodes()).toBe(3);
  });

  test.each([
    ['{"node_count":1}', "from 2 to 5"],
    ['{"node_count":6}', "from 2 to 5"],
    ['{"node_count":"3"}', "node_count"],
    ['{"node_count":3,"flavor":"big"}', "node_count"],
    ["3 nodes, please", "node_count"],
    ["", "node_count"],
  ])("refuses what it was not made for: %s", async (body, says) => {
    const { uuid, secret } = await create();
    const { status, text } = await call(uuid, { secret, body });
    expect([status, text.includes(says)]).toEqual([400, true]);
    expect(await nodes()).toBe(1);
  });

  test("whatever is wrong with who calls is told by the same words, and nothing is written", async () => {
    const { uuid, secret } = await create();
    const off = await create({ name: "off", enabled: false });
    const other = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
    const nowMs = harness.ports.clock.nowMs();
    const before = JSON.stringify(harness.ports.table.items());
    const answers = [
      await call(UNKNOWN_UUID, { secret }),
      await call("scale", { secret }),
      await call(off.uuid, { secret: off.secret }),
      await call(uuid, { secret: other }),
      await call(uuid, { secret, signed: "" }),
      await call(uuid, { secret, signed: new Signer(secret).sign("call-2", new Date(nowMs), '{"node_count":3}') }),
      await call(uuid, { secret, signed: new Signer(secret).sign("call-1", new Date(nowMs), '{"node_count":4}') }),
      await call(uuid, { secret, atMs: nowMs - limits.hook.toleranceMs - 1_000 }),
      await call(uuid, { secret, atMs: nowMs + limits.hook.toleranceMs + 1_000 }),
      await call(uuid, { secret, id: "x".repeat(1_000) }),
    ];
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404));
    expect(new Set(answers.map(({ text }) => text.replaceAll(/req-[0-9a-f-]+/g, "req"))).size).toBe(1);
    expect(JSON.stringify(harness.ports.table.items())).toBe(before);
  });

  test("is switched off and on, and no more than that", async () => {
    const { uuid, secret } = await create();
    const path = `/v1/hooks/${uuid}`;
    expect((await harness.call("PATCH", path, { body: { enabled: false } })).body).toMatchObject({ enabled: false });
    expect((await call(uuid, { secret })).status).toBe(404);
    expect((await harness.call("PATCH", path, { body: { enabled: true, name: null } })).body["name"]).toBeNull();
    await expectRefusal(harness, 400, "max_node_count", "PATCH", path, { body: { max_node_count: 900 } });
    expect((await call(uuid, { secret })).status).toBe(202);
    expect((await harness.call("DELETE", path)).status).toBe(204);
    expect((await call(uuid, { secret, id: "call-2" })).status).toBe(404);
  });

  test.each<[string, JsonObject, string]>([
    ["no most", { max_node_count: null }, "max_node_count"],
    ["a least above its most", { min_node_count: 6 }, "min_node_count"],
    ["another project's bay", { bay: UNKNOWN_UUID }, UNKNOWN_UUID],
    ["an action that there is not", { action: "delete" }, "action"],
  ])("is refused with %s", async (_what, body, says) => {
    const wish = { bay: "blue", min_node_count: 2, max_node_count: 5, ...body };
    await expectRefusal(harness, 400, says, "POST", "/v1/hooks", { body: wish });
  });

  test("is made by nobody who may not resize the bay, and seen by nobody else", async () => {
    const wish = { bay: "blue", max_node_count: 5 };
    await expectRefusal(harness, 403, "hook:create", "POST", "/v1/hooks", { as: "readerA", body: wish });
    const { uuid } = await create();
    await expectRefusal(harness, 404, uuid, "GET", `/v1/hooks/${uuid}`, { as: "memberB" });
    expect((await harness.call("GET", "/v1/hooks", { as: "memberB" })).body["hooks"]).toEqual([]);
  });
});
