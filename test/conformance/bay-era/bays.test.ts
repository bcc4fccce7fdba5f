/** /v1/bays as clients of 2015 and 2016 use it (bay-era sheet 1.10 to 1.13, 3.2, 4.1, 15 to 17). */
import type { BayStatus } from "@jeroboam/core/bay/bay";
import type { Json, JsonObject } from "@jeroboam/core/json";
import { beforeEach, describe, expect, test } from "vitest";
import { BAY_MODEL, createHarness, expectRefusal, shown, textIn, UNKNOWN_UUID, UUID } from "../api-harness.ts";
import type { Harness, Shown } from "../api-harness.ts";

let api: Harness;
let model: Shown;

beforeEach(async () => {
  api = createHarness();
  model = shown((await api.call("POST", "/v1/baymodels", { body: BAY_MODEL })).body);
});

/** What python-magnumclient 1.1.0 sends: the model's uuid, and null for what was not given. */
const wish = (changes: JsonObject = {}): JsonObject => ({
  name: "blue",
  baymodel_id: model.uuid,
  node_count: null,
  master_count: null,
  discovery_url: null,
  bay_create_timeout: null,
  ...changes,
});

async function make(changes: JsonObject = {}): Promise<Shown> {
  const answer = await api.call("POST", "/v1/bays", { body: wish(changes) });
  expect(answer).toMatchObject({ status: 201 });
  return shown(answer.body);
}

const settle = (bay: Shown, status: BayStatus, changes: JsonObject = {}) =>
  api.settle(bay.uuid, { status, ...changes });

describe("POST", () => {
  test("answers 201 with the whole bay, being created, in the sheet's order, and its place", async () => {
    const { status, headers, body } = await api.call("POST", "/v1/bays", { body: wish() });
    expect(status).toBe(201);
    const uuid = textIn(body, "uuid");
    expect(uuid).toMatch(UUID);
    expect(headers.get("location")).toBe(`http://magnum.test:9511/v1/bays/${uuid}`);
    expect(Object.entries(body)).toEqual(
      Object.entries({
        uuid,
        name: "blue",
        baymodel_id: model.uuid,
        node_count: 1,
        master_count: 1,
        bay_create_timeout: 0,
        stack_id: null,
        status: "CREATE_IN_PROGRESS",
        status_reason: null,
        discovery_url: null,
        api_address: null,
        node_addresses: [],
        master_addresses: [],
        created_at: "2026-01-02T03:04:07+00:00",
        updated_at: null,
        links: [
          { href: `http://magnum.test:9511/v1/bays/${uuid}`, rel: "self" },
          { href: `http://magnum.test:9511/bays/${uuid}`, rel: "bookmark" },
        ],
      }),
    );
    expect((await api.call("GET", `/v1/bays/${uuid}`)).body).toEqual(body);
  });

  test("has made the bay, its work and the hint before it answers, by one delegation", async () => {
    const { uuid } = await make();
    expect(api.ports.hints).toEqual([{ pk: `bay#${uuid}`, sk: "a#bay" }]);
    expect(api.ports.delegations).toEqual([{ context: `bay/${uuid}/delegation`, userId: "user-alice" }]);
    expect(await api.record(uuid)).toMatchObject({ operation: { kind: "create" }, dueAtMs: api.ports.clock.nowMs() });
  });

  test.each<[string, JsonObject, JsonObject]>([
    ["the model by name", { baymodel_id: "k8s-small" }, {}],
    ["no name", { name: null }, { name: null }],
    ["digits for counts", { node_count: "3", master_count: "3" }, { node_count: 3, master_count: 3 }],
    ["an even number of masters", { master_count: 2 }, { master_count: 2 }],
    ["a timeout", { bay_create_timeout: 90 }, { bay_create_timeout: 90 }],
    ["no timeout", { bay_create_timeout: null }, { bay_create_timeout: 0 }],
    [
      "a discovery URL",
      { discovery_url: "https://discovery.example/1" },
      { discovery_url: "https://discovery.example/1" },
    ],
    ["a name of any characters", { name: "1 Ü/?#" }, { name: "1 Ü/?#" }],
  ])("takes %s", async (_what, changes, expected) => {
    expect(await make(changes)).toMatchObject({ ...expected, baymodel_id: model.uuid });
  });

  test("a uuid of the caller's is not taken", async () => {
    expect((await make({ uuid: UNKNOWN_UUID })).uuid).not.toBe(UNKNOWN_UUID);
  });

  test("without the name's key it is nameless", async () => {
    const answer = await api.call("POST", "/v1/bays", { body: { baymodel_id: model.uuid } });
    expect(answer).toMatchObject({ status: 201, body: { name: null } });
  });

  test.each<[string, JsonObject, number, string]>([
    ["an unknown attribute", { colour: "blue" }, 400, "colour"],
    ["an attribute of clusters", { keypair: "ops" }, 400, "keypair"],
    ["a status", { status: "CREATE_COMPLETE" }, 400, "read only"],
    ["a status reason", { status_reason: null }, 400, "read only"],
    ["a stack", { stack_id: "x" }, 400, "read only"],
    ["an address", { api_address: "https://x" }, 400, "read only"],
    ["no model", { baymodel_id: null }, 400, "baymodel_id. Mandatory"],
    ["a model that is not there", { baymodel_id: "nobody" }, 400, "nobody"],
    ["a model that is not there, by uuid", { baymodel_id: UNKNOWN_UUID }, 400, UNKNOWN_UUID],
    ["no nodes", { node_count: 0 }, 400, "node_count"],
    ["fewer than no nodes", { node_count: -1 }, 400, "node_count"],
    ["too many nodes", { node_count: 1_001 }, 400, "node_count"],
    ["nodes that are no number", { node_count: "some" }, 400, "node_count"],
    ["no masters", { master_count: 0 }, 400, "master_count"],
    ["a timeout below nothing", { bay_create_timeout: -1 }, 400, "bay_create_timeout"],
    ["an empty name", { name: "" }, 400, "name"],
    ["a name too long", { name: "x".repeat(256) }, 400, "name"],
  ])("refuses %s", async (_what, changes, status, says) => {
    await expectRefusal(api, status, says, "POST", "/v1/bays", { body: wish(changes) });
    expect(api.ports.delegations).toEqual([]);
  });

  test("a model's name that two bear is 409", async () => {
    await api.call("POST", "/v1/baymodels", { body: BAY_MODEL });
    await expectRefusal(api, 409, "uuid", "POST", "/v1/bays", { body: wish({ baymodel_id: "k8s-small" }) });
  });

  test("another project's private model is not found; a public one is used", async () => {
    await expectRefusal(api, 400, "could not be found", "POST", "/v1/bays", { as: "memberB", body: wish() });
    await api.call("PATCH", `/v1/clustertemplates/${model.uuid}`, {
      as: "admin",
      body: [{ op: "replace", path: "/public", value: true }],
    });
    for (const baymodel_id of [model.uuid, "k8s-small"])
      expect(await api.call("POST", "/v1/bays", { as: "memberB", body: wish({ baymodel_id }) })).toMatchObject({
        status: 201,
      });
  });

  test("a bay that its type cannot build is refused, with the attribute that is missing", async () => {
    const body = { ...BAY_MODEL, external_network_id: null };
    const { uuid } = shown((await api.call("POST", "/v1/baymodels", { body })).body);
    await expectRefusal(api, 400, "external_network_id", "POST", "/v1/bays", { body: wish({ baymodel_id: uuid }) });
  });

  test("a reader may not", async () => {
    await expectRefusal(api, 403, "bay:create", "POST", "/v1/bays", { as: "readerA", body: wish() });
  });

  test("its model is in use from then on: it cannot be deleted, nor changed but harmlessly", async () => {
    await make();
    const path = `/v1/baymodels/${model.uuid}`;
    await expectRefusal(api, 400, "referenced", "DELETE", path);
    await expectRefusal(api, 400, "referenced", "PATCH", path, {
      body: [{ op: "replace", path: "/flavor_id", value: "x" }],
    });
    expect(await api.call("PATCH", path, { body: [{ op: "replace", path: "/name", value: "x" }] })).toMatchObject({
      status: 200,
    });
  });
});

describe("GET", () => {
  test("by uuid in either case, by name, with a slash, with .json and without /v1", async () => {
    const { uuid } = await make();
    for (const ident of [uuid, uuid.toUpperCase(), "blue"])
      for (const path of [`/v1/bays/${ident}`, `/v1/bays/${ident}/`, `/v1/bays/${ident}.json`, `/bays/${ident}`])
        expect(await api.call("GET", path)).toMatchObject({ status: 200, body: { uuid } });
  });

  test("two of a name are 409, one that is not there or is another's 404, for administrators too", async () => {
    const { uuid } = await make();
    for (const as of ["memberB", "admin"] as const) {
      await expectRefusal(api, 404, "could not be found", "GET", `/v1/bays/${uuid}`, { as });
      await expectRefusal(api, 404, "could not be found", "GET", "/v1/bays/blue", { as });
    }
    await make();
    await expectRefusal(api, 409, "use the uuid", "GET", "/v1/bays/blue");
    await expectRefusal(api, 404, "could not be found", "GET", `/v1/bays/${UNKNOWN_UUID}`);
  });

  test("a finished bay shows its stack, reason and addresses", async () => {
    const bay = await make();
    await settle(bay, "CREATE_COMPLETE", { statusReason: "Stack CREATE completed successfully", stackId: "stack-1" });
    expect((await api.call("GET", `/v1/bays/${bay.uuid}`)).body).toMatchObject({
      status: "CREATE_COMPLETE",
      status_reason: "Stack CREATE completed successfully",
      stack_id: "stack-1",
    });
  });
});

describe("lists", () => {
  test("the brief form and the detailed one", async () => {
    const bay = await make();
    const { body } = await api.call("GET", "/v1/bays");
    const [brief] = body["bays"] as JsonObject[];
    expect(Object.keys(brief!)).toEqual([
      "uuid",
      "name",
      "baymodel_id",
      "node_count",
      "master_count",
      "bay_create_timeout",
      "stack_id",
      "status",
      "links",
    ]);
    expect((await api.call("GET", "/v1/bays/detail")).body).toEqual({ bays: [bay] });
  });

  test("pages, with a next that leads on and ends", async () => {
    const made = [await make({ name: "1" }), await make({ name: "2" }), await make({ name: "3" })];
    let path: string | undefined = "/v1/bays/?limit=1";
    const seen: string[] = [];
    while (path !== undefined) {
      const { body } = await api.call("GET", path);
      seen.push(...(body["bays"] as Shown[]).map((bay) => bay.uuid));
      path = body["next"] === undefined ? undefined : textIn(body, "next").replace("http://magnum.test:9511", "");
    }
    expect(seen).toEqual(made.map((bay) => bay.uuid));
  });

  test("by name, by count, and only by what there is", async () => {
    await make({ name: "b", node_count: 1 });
    await make({ name: "a", node_count: 2 });
    const names = async (query: string): Promise<unknown> =>
      ((await api.call("GET", `/v1/bays?${query}`)).body["bays"] as JsonObject[]).map((bay) => bay["name"]);
    expect(await names("sort_key=name")).toEqual(["a", "b"]);
    expect(await names("sort_key=node_count&sort_dir=desc")).toEqual(["a", "b"]);
    await expectRefusal(api, 400, "trust_id", "GET", "/v1/bays?sort_key=trust_id");
    await expectRefusal(api, 404, UNKNOWN_UUID, "GET", `/v1/bays?marker=${UNKNOWN_UUID}`);
    await expectRefusal(api, 400, "marker", "GET", "/v1/bays?marker=a");
  });

  test("a project sees its own alone, also by another's marker", async () => {
    const { uuid } = await make();
    for (const as of ["memberB", "admin"] as const) {
      expect((await api.call("GET", "/v1/bays", { as })).body).toEqual({ bays: [] });
      await expectRefusal(api, 404, uuid, "GET", `/v1/bays?marker=${uuid}`, { as });
    }
  });
});

const count = (value: Json): Json => [{ op: "replace", path: "/node_count", value }];

describe("PATCH", () => {
  test.each<[Json, number]>([
    [3, 3],
    ["4", 4],
  ])("node_count to %j: 200 with the new count, and the status is new before the reply", async (value, nodes) => {
    const bay = await make();
    await settle(bay, "CREATE_COMPLETE");
    const answer = await api.call("PATCH", `/v1/bays/${bay.uuid}`, { body: count(value) });
    expect(answer).toMatchObject({ status: 200, body: { node_count: nodes, status: "UPDATE_IN_PROGRESS" } });
    expect((await api.call("GET", `/v1/bays/${bay.uuid}`)).body).toEqual(answer.body);
    expect(await api.record(bay.uuid)).toMatchObject({ operation: { kind: "update" } });
  });

  test("removing node_count sets it to 1", async () => {
    const bay = await make({ node_count: 3 });
    await settle(bay, "UPDATE_COMPLETE");
    const answer = await api.call("PATCH", `/v1/bays/${bay.uuid}`, { body: [{ op: "remove", path: "/node_count" }] });
    expect(answer).toMatchObject({ status: 200, body: { node_count: 1 } });
  });

  test("what changes nothing is 200 and writes nothing, in any status", async () => {
    const bay = await make();
    const writes = api.writes();
    for (const operations of [[], count(1), [{ op: "replace", path: "/name", value: "blue" }]])
      expect(await api.call("PATCH", `/v1/bays/${bay.uuid}`, { body: operations })).toMatchObject({
        status: 200,
        body: bay,
      });
    expect(api.writes()).toBe(writes);
  });

  test.each<[string, Json, string]>([
    ["the name", [{ op: "replace", path: "/name", value: "red" }], "property(ies) name"],
    ["the masters", [{ op: "replace", path: "/master_count", value: 3 }], "property(ies) master_count"],
    ["the status", [{ op: "replace", path: "/status", value: "CREATE_FAILED" }], "property(ies) status"],
    ["the model", [{ op: "replace", path: "/baymodel_id", value: UNKNOWN_UUID }], "property(ies) baymodel_id"],
    ["the count and the name", [...(count(3) as Json[]), { op: "remove", path: "/name" }], "property(ies) name"],
    ["no nodes", count(0), "node_count"],
    ["too many nodes", count(100_000), "node_count"],
    ["nodes that are no number", count("many"), "node_count"],
    ["half a node", count(1.5), "node_count"],
    ["a null count", count(null), "need a value"],
    ["the stack", [{ op: "replace", path: "/stack_id", value: "x" }], "internal"],
    ["the trust", [{ op: "add", path: "/trust_id", value: "x" }], "internal"],
    ["removing the model", [{ op: "remove", path: "/baymodel_id" }], "mandatory"],
    ["what is not there", [{ op: "replace", path: "/colour", value: "x" }], "colour"],
    ["no list", { node_count: 3 }, "list"],
  ])("refuses %s", async (_what, operations, says) => {
    const bay = await make({ node_count: 2 });
    await settle(bay, "CREATE_COMPLETE");
    await expectRefusal(api, 400, says, "PATCH", `/v1/bays/${bay.uuid}`, { body: operations });
  });

  test.each<BayStatus>([
    "CREATE_IN_PROGRESS",
    "CREATE_FAILED",
    "UPDATE_IN_PROGRESS",
    "DELETE_IN_PROGRESS",
    "DELETE_FAILED",
  ])("is refused in %s, naming it", async (status) => {
    const bay = await make();
    await settle(bay, status);
    await expectRefusal(api, 400, status, "PATCH", `/v1/bays/${bay.uuid}`, { body: count(3) });
  });

  test("is taken after a failed update", async () => {
    const bay = await make();
    await settle(bay, "UPDATE_FAILED", { statusReason: "no more addresses" });
    const answer = await api.call("PATCH", `/v1/bays/${bay.uuid}`, { body: count(3) });
    expect(answer).toMatchObject({ status: 200, body: { status: "UPDATE_IN_PROGRESS", status_reason: null } });
  });

  test("takes no query", async () => {
    const bay = await make();
    await expectRefusal(api, 400, "rollback", "PATCH", `/v1/bays/${bay.uuid}?rollback=true`, { body: [] });
  });
});

describe("DELETE", () => {
  test("answers 204, and the bay is there, being deleted, until it is gone; again changes nothing", async () => {
    const bay = await make();
    expect(await api.call("DELETE", "/v1/bays/blue")).toMatchObject({ status: 204, body: {} });
    expect((await api.call("GET", `/v1/bays/${bay.uuid}`)).body).toMatchObject({ status: "DELETE_IN_PROGRESS" });
    const writes = api.writes();
    expect(await api.call("DELETE", `/v1/bays/${bay.uuid}`)).toMatchObject({ status: 204 });
    expect(api.writes()).toBe(writes);
  });

  test.each<BayStatus>(["CREATE_COMPLETE", "CREATE_FAILED", "UPDATE_IN_PROGRESS", "UPDATE_FAILED", "DELETE_FAILED"])(
    "is taken in %s",
    async (status) => {
      const bay = await make();
      await settle(bay, status);
      expect(await api.call("DELETE", `/v1/bays/${bay.uuid}`)).toMatchObject({ status: 204 });
      expect(await api.record(bay.uuid)).toMatchObject({
        operation: { kind: "delete" },
        state: { status: "DELETE_IN_PROGRESS" },
      });
    },
  );

  test("of another's, or of nothing, is 404; by a reader 403", async () => {
    const { uuid } = await make();
    for (const as of ["memberB", "admin"] as const)
      await expectRefusal(api, 404, uuid, "DELETE", `/v1/bays/${uuid}`, { as });
    await expectRefusal(api, 403, "bay:delete", "DELETE", `/v1/bays/${uuid}`, { as: "readerA" });
    await expectRefusal(api, 404, UNKNOWN_UUID, "DELETE", `/v1/bays/${UNKNOWN_UUID}`);
  });
});
