/** What is ours and additive about bays and clusters alike: `?wait`, `Retry-After`, and their events. */
import { createApp } from "@jeroboam/api/app";
import { createLongPoll } from "@jeroboam/api/long-poll";
import { TOKENS } from "@jeroboam/api/testing/fake-ports";
import { bayKey } from "@jeroboam/core/bay/bay";
import { recordHistory } from "@jeroboam/core/event/event-history";
import { eventSource } from "@jeroboam/core/event/event-source";
import type { NodeGroup } from "@jeroboam/core/node-group/node-group";
import { nodeGroupKey, nodeGroupShape } from "@jeroboam/core/node-group/node-group";
import { findRecord, newRecord } from "@jeroboam/core/operation/record-store";
import { bayShape } from "@jeroboam/core/bay/bay";
import type { JsonObject } from "@jeroboam/core/json";
import { beforeEach, describe, expect, test } from "vitest";
import type { Harness } from "./api-harness.ts";
import { at, CLUSTER_TEMPLATE, createHarness, expectRefusal, textIn } from "./api-harness.ts";

let api: Harness;
let uuid = "";
const TOLD_AT_MS = Date.parse("2026-01-02T03:04:00Z");

const NODE_GROUP: Omit<NodeGroup, "bayUuid"> = {
  uuid: "6a1d2c3b-4d5e-4f60-8718-293a4b5c6d7e",
  bayCreatedAtMs: 0,
  projectId: "a",
  name: "gpu",
  role: "worker",
  status: "CREATE_IN_PROGRESS",
  statusReason: null,
  nodeCount: 1,
  limits: { min: 0, max: null },
  stackId: null,
  createdAtMs: 0,
  updatedAtMs: null,
};

beforeEach(async () => {
  api = createHarness();
  await api.call("POST", "/v1/clustertemplates", { body: CLUSTER_TEMPLATE });
  const made = await api.call("POST", "/v1/clusters", { body: { name: "blue", cluster_template_id: "prod" } });
  uuid = textIn(made.body, "uuid");
});

describe.each(["bays", "clusters"])("GET /v1/%s/{id}?wait", (collection) => {
  /** The API where replies can be kept waiting; after so many looks something happens. */
  async function show(
    query: string,
    happens: (look: number) => Promise<unknown>,
  ): Promise<JsonObject & { status: string }> {
    let looks = 0;
    const longPoll = createLongPoll({
      clock: api.ports.clock,
      async pause(ms) {
        api.ports.clock.advance(ms);
        looks += 1;
        await happens(looks);
      },
      mostMs: () => 25_000,
    });
    const app = createApp({ ...api.ports, longPoll });
    const response = await app.request(`http://magnum.test:9511/v1/${collection}/${uuid}${query}`, {
      headers: { "x-auth-token": TOKENS.memberA },
    });
    return { ...((await response.json()) as JsonObject), status: `${response.status}`, looks };
  }

  test("answers as soon as nothing is in progress", async () => {
    const shown = await show("?wait=20", async (look) => {
      if (look === 3) await api.settle(uuid, { status: "CREATE_COMPLETE" });
    });
    expect(shown).toMatchObject({ status: "200", looks: 3, uuid });
  });

  test("answers what there is when the time is up, which the platform bounds", async () => {
    expect(await show("?wait=4", () => Promise.resolve())).toMatchObject({ status: "200", looks: 4 });
    expect(await show("?wait=3600", () => Promise.resolve())).toMatchObject({ status: "200", looks: 25 });
  });

  test("of one that is deleted meanwhile is 404", async () => {
    const gone = async () => {
      const key = bayKey("a", uuid);
      const record = await findRecord(api.ports.table, bayShape, key);
      if (record) await api.ports.table.remove(key, record.revision);
    };
    expect(await show("?wait=20", gone)).toMatchObject({ status: "404", looks: 1 });
  });

  test("answers at once where nothing can be kept waiting", async () => {
    expect((await api.call("GET", `/v1/${collection}/${uuid}?wait=20`)).status).toBe(200);
  });

  test("is refused when it is no number, and with anything else", async () => {
    await expectRefusal(api, 400, "wait must be", "GET", `/v1/${collection}/${uuid}?wait=long`);
    await expectRefusal(api, 400, 'Unknown argument: "x"', "GET", `/v1/${collection}/${uuid}?wait=1&x=1`);
  });
});

test("202 says when to look again; what is done at once says nothing", async () => {
  const create = await api.call("POST", "/v1/clusters", { body: { name: "red", cluster_template_id: "prod" } });
  expect(create.headers.get("retry-after")).toBe("5");
  await api.settle(uuid, { status: "CREATE_COMPLETE" });
  const body = [{ op: "replace", path: "/node_count", value: 3 }];
  const update = await api.call("PATCH", `/v1/clusters/${uuid}`, { body });
  expect([update.status, update.headers.get("retry-after")]).toEqual([202, "5"]);
  expect((await api.call("GET", `/v1/clusters/${uuid}`)).headers.get("retry-after")).toBeNull();
});

describe.each(["bays", "clusters"])("GET /v1/%s/{id}/events", (collection) => {
  const events = (query = "", as: keyof typeof TOKENS = "readerA") =>
    api.call("GET", `/v1/${collection}/blue/events${query}`, { as, ...at("1.14") });

  async function happen(count: number): Promise<void> {
    const told = Array.from({ length: count }, (_, nth) => ({
      id: `op.${nth}`,
      type: "bay.create.step",
      atMs: TOLD_AT_MS + 1_000 * Math.floor(nth / 2),
      sequence: nth + 1,
      data: { operation: "op", step: `step-${nth}`, attempts: 1, took_ms: 40 },
    }));
    await recordHistory(api.ports.table, { key: bayKey("a", uuid), subject: undefined }, told, 1);
  }

  test("shows what is being done right now", async () => {
    const { status, body } = await events();
    expect(status).toBe(200);
    expect(body).toEqual({
      events: [],
      operation: {
        id: expect.any(String) as string,
        kind: "create",
        step: null,
        attempts: 0,
        started_at: "2026-01-02T03:04:07+00:00",
        step_started_at: "2026-01-02T03:04:07+00:00",
        deadline_at: "2026-01-02T04:14:07+00:00",
        next_at: "2026-01-02T03:04:07+00:00",
        trouble: null,
        failure: null,
      },
    });
    await api.settle(uuid, { status: "CREATE_COMPLETE" });
    expect((await events()).body).toEqual({ events: [], operation: null });
  });

  test.each(["desc", "asc"])("shows everything that happened, page by page (%s)", async (direction) => {
    await happen(7);
    const seen: unknown[] = [];
    let pages = 0;
    for (let query: string | undefined = `?limit=3&sort_dir=${direction}`; query !== undefined; pages += 1) {
      const { body } = await events(query);
      seen.push(...(body["events"] as { sequence: number }[]).map(({ sequence }) => sequence));
      const { next } = body;
      query = typeof next === "string" ? new URL(next).search : undefined;
    }
    expect(pages).toBe(3);
    const all = [1, 2, 3, 4, 5, 6, 7];
    expect(seen).toEqual(direction === "asc" ? all : all.toReversed());
  });

  test("what happened to the bay's node groups, also to those that are gone, stands among it, in order", async () => {
    await happen(4);
    const group = { ...NODE_GROUP, bayUuid: uuid };
    const source = eventSource(nodeGroupShape, newRecord(nodeGroupKey("a", uuid, group.uuid), group));
    const event = { id: "group.0", type: "node-group.create.start", atMs: TOLD_AT_MS + 500, sequence: 1, data: {} };
    await recordHistory(api.ports.table, source, [event], 1);
    const first = await events("?limit=3&sort_dir=asc");
    const seen = first.body["events"] as JsonObject[];
    expect(seen.map(({ id }) => id)).toEqual(["op.0", "op.1", "group.0"]);
    expect(seen[2]).toMatchObject({
      subject: `node-group/${group.uuid}`,
      bay_uuid: uuid,
      data: { "node-group": { name: "gpu", status: "CREATE_IN_PROGRESS", status_reason: null } },
    });
    const second = await events(new URL(textIn(first.body, "next")).search);
    expect((second.body["events"] as JsonObject[]).map(({ id }) => id)).toEqual(["op.2", "op.3"]);
  });

  test("an event says which step, how often it was tried and how long it took", async () => {
    await happen(1);
    expect((await events()).body["events"]).toEqual([
      {
        id: "op.0",
        type: "bay.create.step",
        time: "2026-01-02T03:04:00+00:00",
        sequence: 1,
        order: null,
        subject: null,
        bay_uuid: null,
        data: { operation: "op", step: "step-0", attempts: 1, took_ms: 40 },
      },
    ]);
  });

  test.each([
    ["?limit=0", "limit must be a positive number"],
    ["?sort_dir=up", "sort_dir must be asc or desc"],
    ["?marker=x", "marker must be"],
    ["?marker=1.a%23b", "marker must be"],
    ["?type=x", 'Unknown argument: "type"'],
  ])("%s is refused", async (query, says) => {
    await expectRefusal(api, 400, says, "GET", `/v1/${collection}/blue/events${query}`);
  });

  test("is another project's not to see", async () => {
    expect((await events("", "memberB")).status).toBe(404);
    expect((await events("", "admin")).status).toBe(collection === "clusters" ? 200 : 404);
  });
});
