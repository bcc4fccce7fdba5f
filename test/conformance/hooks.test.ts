/** /v1/hooks: a bay resized or upgraded by who signs, within the hook's limits, once for each call; and nothing for anybody else. */
import { createApp } from "@jeroboam/api/app";
import type { Bay } from "@jeroboam/core/bay/bay";
import { bayShape } from "@jeroboam/core/bay/bay";
import { recordHistory } from "@jeroboam/core/event/event-history";
import { eventSource } from "@jeroboam/core/event/event-source";
import type { JsonObject } from "@jeroboam/core/json";
import type { Condition, Item } from "@jeroboam/core/table/table";
import { limits } from "@jeroboam/core/limits";
import { changeRecord } from "@jeroboam/core/operation/record-store";
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

async function makeNewer(name: string, changes: JsonObject = {}): Promise<string> {
  const body = { ...CLUSTER_TEMPLATE, name, image_id: "atomic-25", ...changes };
  return textIn((await harness.call("POST", "/v1/clustertemplates", { body })).body, "uuid");
}

/** As a conductor does: what has happened to the bay leaves its record for the history. */
async function tellEvents(): Promise<void> {
  const { table } = harness.ports;
  const record = await harness.record(bay);
  if (!record) throw new Error("the bay is gone");
  await recordHistory(table, eventSource(bayShape, record), record.outbox, harness.ports.clock.nowMs());
  await changeRecord<Bay, never>(harness.ports, bayShape, record.key, (current) => ({
    kind: "write",
    record: { ...current, outbox: [] },
  }));
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

  test("is not made of a bay that goes meanwhile, and takes nobody's place", async () => {
    const { table } = harness.ports;
    const put = async (item: Item, condition: Condition) => {
      const outcome = await table.put(item, condition);
      if (item.body["type"] === "hook" && outcome === "written")
        await harness.settle(bay, { status: "DELETE_IN_PROGRESS" });
      return outcome;
    };
    Object.assign(harness.ports, { table: { ...table, put } });
    const wish = { name: "scale", bay: "blue", min_node_count: 2, max_node_count: 5 };
    const refused = await harness.call("POST", "/v1/hooks", { body: wish });
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([
      400,
      expect.stringContaining("could not be found"),
    ]);
    expect((await harness.call("GET", "/v1/hooks")).body).toMatchObject({ hooks: [] });
    const places = harness.ports.table.items().filter(({ sk }) => sk === "places");
    expect(places.map(({ body }) => body)).toEqual([{ places: [] }]);
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

  test("refuses another call under an id that was used, and is never told that it was done", async () => {
    const { uuid, secret } = await create();
    expect((await call(uuid, { secret })).status).toBe(202);
    const settled = { status: "UPDATE_COMPLETE", nodeCount: 3 } as const;
    await harness.settle(bay, settled);
    const other = await call(uuid, { secret, body: '{"node_count":5}' });
    expect([other.status, other.text.includes("webhook-id")]).toEqual([400, true]);
    expect(await nodes()).toBe(3);
    expect((await call(uuid, { secret })).status).toBe(202);
  });

  test("goes on with a call whose first try died when the bay was changed already", async () => {
    const { uuid, secret } = await create();
    const { table } = harness.ports;
    const dying = {
      ...table,
      put: (item: Item, condition: Condition) =>
        item.pk.startsWith("hook-use#") && item.body["isDone"] === true
          ? Promise.reject(new Error("killed"))
          : table.put(item, condition),
    };
    Object.assign(harness.ports, { table: dying });
    expect((await call(uuid, { secret })).status).toBe(500);
    Object.assign(harness.ports, { table });
    expect(await nodes()).toBe(3);
    await harness.settle(bay, { status: "UPDATE_COMPLETE", nodeCount: 5 });
    expect((await call(uuid, { secret })).status).toBe(202);
    // Nothing was begun again.
    expect(await nodes()).toBe(5);
  });

  test("begins nothing by a call that slept until its repetition had come and gone", async () => {
    const { uuid, secret } = await create();
    const { table } = harness.ports;
    const sleepy = {
      ...table,
      async put(item: Item, condition: Condition) {
        const outcome = await table.put(item, condition);
        if (!item.pk.startsWith("hook-use#") || !("absent" in condition)) return outcome;
        Object.assign(harness.ports, { table });
        expect((await call(uuid, { secret })).status).toBe(202);
        expect(await nodes()).toBe(3);
        await harness.settle(bay, { status: "UPDATE_COMPLETE", nodeCount: 5 });
        await tellEvents();
        return outcome;
      },
    };
    Object.assign(harness.ports, { table: sleepy });
    expect((await call(uuid, { secret })).status).toBe(202);
    expect(await nodes()).toBe(5);
  });

  test("counts a call once as long as any process takes it, ten minutes late by its clock or not", async () => {
    const { uuid, secret } = await create();
    const { clock } = harness.ports;
    const { toleranceMs } = limits.hook;
    const late = { nowMs: () => clock.nowMs() - limits.idempotency.clockSkewMs };
    const atMs = late.nowMs() + toleranceMs;
    Object.assign(harness.ports, { clock: late });
    expect((await call(uuid, { secret, atMs })).status).toBe(202);
    await harness.settle(bay, { status: "UPDATE_COMPLETE", nodeCount: 5 });
    clock.advance(2 * toleranceMs - 1_000);
    expect((await call(uuid, { secret, atMs })).status).toBe(202);
    expect(await nodes()).toBe(5);
    Object.assign(harness.ports, { clock });
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

  test("upgrades its bay to a model that it was made for, by who signs, once a call", async () => {
    const newer = await makeNewer("newer");
    const wish = { action: "upgrade", bay: "blue", bay_models: ["newer"], max_batch_size: 2 };
    const made = await harness.call("POST", "/v1/hooks", { body: wish });
    expect([made.status, made.body]).toMatchObject([
      201,
      { action: "upgrade", bay_uuid: bay, bay_models: [newer], max_batch_size: 2 },
    ]);
    expect(made.body).not.toHaveProperty("min_node_count");
    const { uuid } = shown(made.body);
    const secret = textIn(made.body, "secret");
    const body = JSON.stringify({ bay_model: newer, max_batch_size: 2 });
    const { status, text } = await call(uuid, { secret, body });
    expect([status, JSON.parse(text)]).toEqual([202, { bay_uuid: bay, bay_model: newer, max_batch_size: 2 }]);
    expect(await harness.record(bay)).toMatchObject({
      state: { status: "UPDATE_IN_PROGRESS" },
      operation: { kind: "upgrade", input: { bayModelId: newer, maxBatchSize: 2 } },
    });
    expect((await call(uuid, { secret, id: "call-2", body })).status).toBe(409);
    await harness.settle(bay, { status: "UPDATE_COMPLETE" });
    expect((await call(uuid, { secret, body })).status).toBe(202);
    expect(await harness.record(bay)).toMatchObject({ state: { status: "UPDATE_COMPLETE" } });
    expect((await call(uuid, { secret, id: "call-2", body })).status).toBe(202);
    expect((await harness.record(bay))?.operation?.kind).toBe("upgrade");
  });

  test("upgrades to nothing else, and in no greater batches", async () => {
    const [newer, other] = [await makeNewer("newer"), await makeNewer("other")];
    const wish = { action: "upgrade", bay: "blue", bay_models: [newer] };
    const made = (await harness.call("POST", "/v1/hooks", { body: wish })).body;
    const [uuid, secret] = [textIn(made, "uuid"), textIn(made, "secret")];
    for (const [body, says] of [
      [{ bay_model: other }, `must be one of ${newer}`],
      [{ bay_model: newer, max_batch_size: 2 }, "at most 1"],
      [{ bay_model: newer, max_batch_size: 0 }, "max_batch_size"],
      [{ node_count: 3 }, "bay_model"],
      [{}, "bay_model"],
    ] as const) {
      const { status, text } = await call(uuid, { secret, body: JSON.stringify(body) });
      expect([status, text]).toEqual([400, expect.stringContaining(says)]);
    }
    await harness.call("DELETE", `/v1/clustertemplates/${newer}`);
    const gone = await call(uuid, { secret, body: JSON.stringify({ bay_model: newer }) });
    expect([gone.status, gone.text]).toEqual([400, expect.stringContaining("is not there any more")]);
    expect((await harness.record(bay))?.operation).toBeUndefined();
  });

  test.each<[string, JsonObject, number, string]>([
    ["no model", {}, 400, "bay_models"],
    ["an empty list", { bay_models: [] }, 400, "bay_models"],
    ["a model that there is not", { bay_models: [UNKNOWN_UUID] }, 404, UNKNOWN_UUID],
    ["one of another kind", { bay_models: ["swarm"] }, 409, "type"],
    ["limits of a resize", { bay_models: ["prod"], max_node_count: 3 }, 400, "max_node_count"],
    ["no batch", { bay_models: ["prod"], max_batch_size: 0 }, 400, "max_batch_size"],
  ])("that upgrades is refused with %s", async (_what, body, status, says) => {
    await makeNewer("swarm", { coe: "swarm" });
    const wish = { action: "upgrade", bay: "blue", ...body };
    await expectRefusal(harness, status, says, "POST", "/v1/hooks", { body: wish });
  });

  test("is made by nobody who may not resize the bay, and seen by nobody else", async () => {
    const wish = { bay: "blue", max_node_count: 5 };
    await expectRefusal(harness, 403, "hook:create", "POST", "/v1/hooks", { as: "readerA", body: wish });
    const { uuid } = await create();
    await expectRefusal(harness, 404, uuid, "GET", `/v1/hooks/${uuid}`, { as: "memberB" });
    expect((await harness.call("GET", "/v1/hooks", { as: "memberB" })).body["hooks"]).toEqual([]);
  });
});
