/** /v1/nodes as clients of 2015 use it (bay-era sheet 3.3, 15 numbers 11 and 12). */
import type { JsonObject } from "@jeroboam/core/json";
import { beforeEach, describe, expect, test } from "vitest";
import { createHarness, expectRefusal, shown, textIn, UNKNOWN_UUID, UUID } from "../api-harness.ts";
import type { Harness, Shown } from "../api-harness.ts";

let api: Harness;
beforeEach(() => {
  api = createHarness();
});

const wish = (changes: JsonObject = {}): JsonObject => ({ type: "virt", image_id: "f21", ...changes });

async function make(changes: JsonObject = {}, as: "memberA" | "memberB" = "memberA"): Promise<Shown> {
  const answer = await api.call("POST", "/v1/nodes", { as, body: wish(changes) });
  expect(answer).toMatchObject({ status: 201 });
  return shown(answer.body);
}

const bodyOf = (method: string) => (method === "PATCH" ? { body: [] } : {});

const links = (uuid: string) => [
  { href: `http://magnum.test:9511/v1/nodes/${uuid}`, rel: "self" },
  { href: `http://magnum.test:9511/nodes/${uuid}`, rel: "bookmark" },
];

describe("POST", () => {
  test("answers 201 with the node and its place", async () => {
    const { status, headers, body } = await api.call("POST", "/v1/nodes", { body: wish() });
    const uuid = textIn(body, "uuid");
    expect(status).toBe(201);
    expect(uuid).toMatch(UUID);
    expect(headers.get("location")).toBe(`http://magnum.test:9511/v1/nodes/${uuid}`);
    expect(body).toEqual({
      uuid,
      type: "virt",
      image_id: "f21",
      ironic_node_id: null,
      links: links(uuid),
      created_at: "2026-01-02T03:04:06+00:00",
      updated_at: null,
    });
    expect((await api.call("GET", `/v1/nodes/${uuid}`)).body).toEqual(body);
  });

  test.each<[string, JsonObject, JsonObject]>([
    ["nothing", { type: null, image_id: null }, { type: null, image_id: null }],
    ["a uuid of its own", { uuid: UNKNOWN_UUID }, { uuid: UNKNOWN_UUID }],
    ["the name that the client's library sends", { name: "n" }, {}],
    ["an Ironic node", { ironic_node_id: "metal" }, { ironic_node_id: "metal" }],
  ])("takes %s", async (_name, changes, expected) => {
    expect(await make(changes)).toMatchObject(expected);
  });

  test.each<[string, JsonObject, number, string]>([
    ["a long Ironic id", { ironic_node_id: "x".repeat(37) }, 400, "ironic_node_id"],
    ["a number", { type: 1 }, 400, "type"],
    ["links", { links: [] }, 400, "read only"],
    ["an unknown attribute", { colour: "red" }, 400, "Unknown attribute for argument node: colour"],
    ["no uuid for one", { uuid: "n" }, 400, "uuid"],
  ])("refuses %s", async (_name, changes, status, says) => {
    await expectRefusal(api, status, says, "POST", "/v1/nodes", { body: wish(changes) });
  });

  test("refuses a uuid or an Ironic node that is taken with 409", async () => {
    await make({ uuid: UNKNOWN_UUID, ironic_node_id: "metal" });
    await expectRefusal(api, 409, "already exists", "POST", "/v1/nodes", { body: wish({ uuid: UNKNOWN_UUID }) });
    await expectRefusal(api, 409, "ironic_node_id", "POST", "/v1/nodes", { body: wish({ ironic_node_id: "metal" }) });
    // Another project's are no matter.
    await make({ uuid: UNKNOWN_UUID, ironic_node_id: "metal" }, "memberB");
  });
});

describe("lists", () => {
  test("are brief without times, and in full with them, by page", async () => {
    const [one, two] = [await make({ type: "virt" }), await make({ type: "bare" })];
    await make({}, "memberB");
    const brief = (await api.call("GET", "/v1/nodes")).body["nodes"] as JsonObject[];
    expect(brief.map((node) => node["uuid"])).toEqual([one.uuid, two.uuid]);
    expect(Object.keys(brief[0] ?? {})).toEqual(["uuid", "type", "image_id", "ironic_node_id", "links"]);
    const full = (await api.call("GET", "/v1/nodes/detail")).body["nodes"] as JsonObject[];
    expect(full[0]).toEqual(one);
    const page = (await api.call("GET", "/v1/nodes?limit=1")).body;
    expect(page["next"]).toBe(`http://magnum.test:9511/v1/nodes?sort_key=id&sort_dir=asc&limit=1&marker=${one.uuid}`);
    expect((await api.call("GET", `/v1/nodes?limit=1&marker=${one.uuid}`)).body["next"]).toBeUndefined();
    const sorted = (await api.call("GET", "/v1/nodes?sort_key=type")).body["nodes"] as JsonObject[];
    expect(sorted.map((node) => node["type"])).toEqual(["bare", "virt"]);
  });

  test.each(["limit=0", "limit=x", "marker=name", "sort_dir=up", "sort_key=colour", "colour=red"])(
    "refuse %s",
    async (query) => {
      await expectRefusal(api, 400, "", "GET", `/v1/nodes?${query}`);
    },
  );

  test("say that a marker is unknown", async () => {
    await expectRefusal(api, 404, "Marker", "GET", `/v1/nodes?marker=${UNKNOWN_UUID}`);
  });
});

describe("one node", () => {
  test.each(["GET", "PATCH", "DELETE"])("%s goes by the uuid alone", async (method) => {
    await expectRefusal(api, 400, "uuid", method, "/v1/nodes/name", bodyOf(method));
    await expectRefusal(api, 404, "could not be found", method, `/v1/nodes/${UNKNOWN_UUID}`, bodyOf(method));
  });

  test("of another project is not found, not even by an administrator", async () => {
    const { uuid } = await make();
    for (const as of ["memberB", "admin"] as const)
      for (const method of ["GET", "PATCH", "DELETE"])
        await expectRefusal(api, 404, "could not be found", method, `/v1/nodes/${uuid}`, { as, ...bodyOf(method) });
  });

  test("is read and not changed by a reader", async () => {
    const { uuid } = await make();
    expect(await api.call("GET", `/v1/nodes/${uuid}`, { as: "readerA" })).toMatchObject({ status: 200 });
    await expectRefusal(api, 403, "node:update", "PATCH", `/v1/nodes/${uuid}`, { as: "readerA", body: [] });
    await expectRefusal(api, 403, "node:delete", "DELETE", `/v1/nodes/${uuid}`, { as: "readerA" });
    await expectRefusal(api, 403, "node:create", "POST", "/v1/nodes", { as: "readerA", body: wish() });
  });

  test("is patched, with the time of it", async () => {
    const { uuid } = await make();
    const body = [
      { op: "replace", path: "/type", value: "bare" },
      { op: "remove", path: "/image_id" },
      { op: "add", path: "/ironic_node_id", value: "metal" },
    ];
    const answer = await api.call("PATCH", `/v1/nodes/${uuid}`, { body });
    expect(answer).toMatchObject({ status: 200, body: { type: "bare", image_id: null, ironic_node_id: "metal" } });
    expect(answer.body["updated_at"]).toBe("2026-01-02T03:04:07+00:00");
  });

  test("keeps the Ironic node it has, and gives it back when it is patched away or deleted", async () => {
    const { uuid } = await make({ ironic_node_id: "metal" });
    const patch = (op: string, value?: string) => ({
      body: [{ op, path: "/ironic_node_id", ...(value && { value }) }],
    });
    await expectRefusal(api, 409, "metal", "PATCH", `/v1/nodes/${uuid}`, patch("replace", "other"));
    expect(await api.call("PATCH", `/v1/nodes/${uuid}`, patch("remove"))).toMatchObject({ status: 200 });
    const other = await make({ ironic_node_id: "metal" });
    await expectRefusal(api, 409, "ironic_node_id", "PATCH", `/v1/nodes/${uuid}`, patch("add", "metal"));
    expect((await api.call("DELETE", `/v1/nodes/${other.uuid}`)).status).toBe(204);
    expect(await api.call("PATCH", `/v1/nodes/${uuid}`, patch("add", "metal"))).toMatchObject({ status: 200 });
  });

  test.each<[JsonObject, string]>([
    [{ op: "replace", path: "/uuid", value: "x" }, "internal"],
    [{ op: "replace", path: "/project_id", value: "x" }, "internal"],
    [{ op: "replace", path: "/colour", value: "x" }, "colour"],
    [{ op: "add", path: "/type", value: "x" }, "replace instead"],
    [{ op: "replace", path: "/type" }, "need a value"],
  ])("is not patched by %o", async (operation, says) => {
    const { uuid } = await make();
    await expectRefusal(api, 400, says, "PATCH", `/v1/nodes/${uuid}`, { body: [operation] });
  });

  test("is deleted once", async () => {
    const { uuid } = await make();
    expect((await api.call("DELETE", `/v1/nodes/${uuid}`)).status).toBe(204);
    await expectRefusal(api, 404, "could not be found", "DELETE", `/v1/nodes/${uuid}`);
    expect((await api.call("GET", "/v1/nodes")).body).toEqual({ nodes: [] });
    expect(api.ports.table.items()).toEqual([]);
  });
});
