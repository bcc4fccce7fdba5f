/**
 * The facts most easily got wrong (cluster sheet 33), by their numbers, and the leniency that no client relies against
 * (32). More about node groups and what is done to them stands in nodegroups.test.ts and beside it.
 */
import type { JsonObject } from "@jeroboam/core/json";
import { beforeEach, describe, expect, test } from "vitest";
import { at, CLUSTER_TEMPLATE, expectRefusal, textIn } from "../api-harness.ts";
import type { Call, Harness } from "../api-harness.ts";
import type { World } from "./sheet.ts";
import { createWorld } from "./sheet.ts";

let world: World;
let api: Harness;

beforeEach(async () => {
  world = await createWorld();
  ({ api } = world);
});

const create = (body: JsonObject, call: Call = {}) =>
  api.call("POST", "/v1/clusters", {
    ...call,
    body: { name: "new", cluster_template_id: "prod", keypair: "ops", ...body },
  });
const shown = async (path: string, call: Call = {}) => (await api.call("GET", path, call)).body;
const header = (value: string) => ({ headers: { "openstack-api-version": value } });

describe("cluster sheet 33", () => {
  test("1: no version header means 1.1", async () => {
    expect((await api.call("GET", "/v1/clusters")).headers.get("openstack-api-version")).toMatch(/ 1\.1$/);
  });

  test("2: latest is taken with any service word, a number only with the right one", async () => {
    expect((await api.call("GET", "/v1/clusters", header("compute latest"))).status).toBe(200);
    expect((await api.call("GET", "/v1/clusters", header("compute 1.9"))).status).toBe(406);
  });

  test.each(["/v1/stats", "/v1/quotas/a/Cluster"])("3: %s is not gated by version", async (path) => {
    expect((await api.call("GET", path, at("1.1"))).status).toBe(200);
  });

  test("4: GET / is 200 without version headers, GET /v1 has them, and both need no token", async () => {
    const anonymous = { headers: { "x-auth-token": "" } };
    const [root, v1] = [await api.call("GET", "/", anonymous), await api.call("GET", "/v1", anonymous)];
    expect([root.status, v1.status]).toEqual([200, 200]);
    expect(root.headers.get("openstack-api-version")).toBeNull();
    expect(v1.headers.get("openstack-api-version")).not.toBeNull();
  });

  test("5: the title of an error stops at the first dot (its request_id is told, where Magnum's is empty)", async () => {
    const { body } = await api.call("GET", "/v1/clusters/no.such");
    expect(body["errors"]).toMatchObject([
      { title: "Cluster no", detail: expect.stringContaining("no.such") as string },
    ]);
  });

  test("6: 401 is keystonemiddleware's, not the envelope", async () => {
    const answer = await api.call("GET", "/v1/clusters", { headers: { "x-auth-token": "nobody" } });
    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({ error: { code: 401, title: "Unauthorized" } });
    expect(answer.headers.get("www-authenticate")).toMatch(/^Keystone uri="/);
  });

  test.each([
    ["1.9", 400],
    ["1.10", 404],
  ])("7: an unknown template at %s is %d", async (version, status) => {
    expect((await create({ cluster_template_id: "nowhere" }, at(version))).status).toBe(status);
  });

  test("8: a template in use is 400, a quota exceeded 403", async () => {
    await expectRefusal(api, 400, "referenced", "DELETE", "/v1/clustertemplates/prod");
    await api.call("POST", "/v1/quotas", { as: "admin", body: { project_id: "a", hard_limit: 1 } });
    expect((await create({})).status).toBe(403);
  });

  test("10: DELETE is 204, POST and PATCH of clusters 202 with the uuid alone, PATCH of a template 200, of a quota 202", async () => {
    const made = await create({});
    expect([made.status, Object.keys(made.body)]).toEqual([202, ["uuid"]]);
    const patched = await api.call("PATCH", "/v1/clusters/blue", {
      body: [{ op: "replace", path: "/node_count", value: 2 }],
    });
    expect([patched.status, Object.keys(patched.body)]).toEqual([202, ["uuid"]]);
    const deleted = await api.call("DELETE", "/v1/clusters/blue");
    expect([deleted.status, deleted.body]).toEqual([204, {}]);
    const template = await api.call("PATCH", "/v1/clustertemplates/prod", {
      body: [{ op: "add", path: "/tags", value: "x" }],
    });
    expect([template.status, template.body["tags"]]).toEqual([200, "x"]);
    await api.call("POST", "/v1/quotas", { as: "admin", body: { project_id: "a", hard_limit: 5 } });
    const quota = await api.call("PATCH", "/v1/quotas/a/Cluster", { as: "admin", body: { hard_limit: 6 } });
    expect(quota.status).toBe(202);
  });

  test("11: next is absolute, on exactly full pages, and absent otherwise", async () => {
    await create({});
    for (const [limit, hasNext] of [
      [1, true],
      [2, true],
      [3, false],
    ] as const) {
      const body = await shown(`/v1/clusters?limit=${limit}`);
      expect({ limit, has: Object.hasOwn(body, "next") }).toEqual({ limit, has: hasNext });
      expect(body["next"] ?? "http://magnum.test:9511/v1/clusters?").toMatch(
        /^http:\/\/magnum\.test:9511\/v1\/clusters\?/,
      );
    }
  });

  test("12: an administrator sees all projects without asking, and there is no all_tenants", async () => {
    expect((await shown("/v1/clusters", { as: "admin" }))["clusters"]).toHaveLength(2);
    await expectRefusal(api, 400, "all_tenants", "GET", "/v1/clusters?all_tenants=1", { as: "admin" });
  });

  test("13: certificates are for the user who owns the cluster, not for the project", async () => {
    const status = async (as: Call["as"]) =>
      (await api.call("GET", `/v1/certificates/${world.blue}`, as ? { as } : {})).status;
    expect(await status("otherMemberA")).toBe(403);
    expect(await status("memberA")).not.toBe(403);
    expect(await status("memberB")).toBe(404);
  });

  test("14: labels given replace the template's, unless they are to be merged; none given, or {}, inherit", async () => {
    await create({ name: "own", labels: { x: "1" } });
    await create({ name: "merged", labels: { x: "1" }, merge_labels: true });
    await create({ name: "empty", labels: {} });
    expect((await shown("/v1/clusters/own"))["labels"]).toEqual({ x: "1" });
    expect((await shown("/v1/clusters/merged"))["labels"]).toEqual({ kube_tag: "v1", team: "a", x: "1" });
    expect((await shown("/v1/clusters/empty"))["labels"]).toEqual({ kube_tag: "v1", team: "a" });
  });

  test("15: labels_overridden shows the template's value", async () => {
    await create({ labels: { team: "b" } });
    expect((await shown("/v1/clusters/new"))["labels_overridden"]).toEqual({ team: "a" });
  });

  test("16: JSON true in labels becomes the text True", async () => {
    await create({ labels: { on: true } });
    expect((await shown("/v1/clusters/new"))["labels"]).toEqual({ on: "True" });
  });

  test("17: node_count of a patch is the default workers'", async () => {
    await api.call("PATCH", "/v1/clusters/blue", { body: [{ op: "replace", path: "/node_count", value: 4 }] });
    expect(await shown("/v1/clusters/blue")).toMatchObject({ node_count: 4, master_count: 1 });
  });

  test("18: literal-valued fields travel as texts that hold a Python dict", async () => {
    const value = "{'api': 'ok', 'updated_at': '2026-01-02'}";
    const body = [{ op: "replace", path: "/health_status_reason", value }];
    expect((await api.call("PATCH", "/v1/clusters/blue", { body })).status).toBe(202);
    expect((await shown("/v1/clusters/blue"))["health_status_reason"]).toEqual({ api: "ok", updated_at: "2026-01-02" });
  });

  test("19: only node_count and the health fields of a cluster can be patched", async () => {
    for (const name of ["name", "keypair", "flavor_id", "labels", "master_count", "create_timeout"])
      await expectRefusal(api, 400, name, "PATCH", "/v1/clusters/blue", {
        body: [{ op: "replace", path: `/${name}`, value: name === "labels" ? { a: "b" } : "9" }],
      });
  });

  test("22: even numbers of masters are refused", async () => {
    await expectRefusal(api, 400, "odd", "POST", "/v1/clusters", {
      body: { name: "new", cluster_template_id: "prod", keypair: "ops", master_count: 2 },
    });
  });

  test("23: stack_id makes way for cluster_id at 1.13", async () => {
    expect(await shown("/v1/clusters/blue", at("1.12"))).toHaveProperty("stack_id");
    expect(await shown("/v1/clusters/blue", at("1.13"))).not.toHaveProperty("stack_id");
    expect(await shown("/v1/clusters/blue", at("1.13"))).toHaveProperty("cluster_id");
  });

  test("24: rows and statuses have changed before the reply", async () => {
    const uuid = textIn((await create({})).body, "uuid");
    expect(await shown(`/v1/clusters/${uuid}`)).toMatchObject({ status: "CREATE_IN_PROGRESS" });
    await api.call("PATCH", "/v1/clusters/blue", { body: [{ op: "replace", path: "/node_count", value: 2 }] });
    expect(await shown("/v1/clusters/blue")).toMatchObject({ status: "UPDATE_IN_PROGRESS", node_count: 2 });
    await api.call("DELETE", "/v1/clusters/blue");
    expect(await shown("/v1/clusters/blue")).toMatchObject({ status: "DELETE_IN_PROGRESS" });
  });
});

describe("cluster sheet 33, node groups", () => {
  const GROUPS = "/v1/clusters/blue/nodegroups";
  const add = (body: JsonObject, version = "1.14") =>
    api.call("POST", GROUPS, { ...at(version), body: { name: "extra", ...body } });
  const resize = (body: JsonObject, version = "1.14") =>
    api.call("POST", "/v1/clusters/blue/actions/resize", { ...at(version), body });
  beforeEach(() => api.specify(world.blue, { apiAddress: "https://10.0.0.5:6443" }));

  test("3: node groups need 1.9, resizing 1.7: 406 before", async () => {
    expect((await api.call("GET", GROUPS, at("1.8"))).status).toBe(406);
    expect((await api.call("GET", GROUPS, at("1.9"))).status).toBe(200);
    expect((await resize({ node_count: 2 }, "1.6")).status).toBe(406);
    expect((await resize({ node_count: 2 }, "1.7")).status).toBe(202);
  });

  test("9: values of a node group that do not go together are 409", async () => {
    expect((await add({ node_count: 1, min_node_count: 5 })).status).toBe(409);
    expect((await add({ node_count: 9, max_node_count: 5 })).status).toBe(409);
  });

  test("12: an administrator may not touch the node groups of others, nor resize", async () => {
    const admin = { ...at("1.14"), as: "admin" } as const;
    expect((await api.call("GET", GROUPS, admin)).status).toBe(200);
    expect((await api.call("POST", GROUPS, { ...admin, body: { name: "x" } })).status).toBe(404);
    const body = { node_count: 2 };
    expect((await api.call("POST", "/v1/clusters/blue/actions/resize", { ...admin, body })).status).toBe(404);
  });

  test("14: no labels are the cluster's, {} stays {}", async () => {
    await add({ name: "same" });
    await api.settle(world.blue, { status: "UPDATE_COMPLETE" });
    await add({ name: "none", labels: {} });
    const labelsOf = async (name: string) => (await shown(`${GROUPS}/${name}`, at("1.14")))["labels"];
    expect(await labelsOf("same")).toEqual({ kube_tag: "v1", team: "a" });
    expect(await labelsOf("none")).toEqual({});
  });

  test("20: resizing is taken while an update goes on and after it failed; a patch of the count is not while it goes on", async () => {
    for (const status of ["UPDATE_IN_PROGRESS", "UPDATE_FAILED"] as const) {
      await api.settle(world.blue, { status });
      expect((await resize({ node_count: status === "UPDATE_FAILED" ? 4 : 3 })).status).toBe(202);
    }
    await api.settle(world.blue, { status: "UPDATE_IN_PROGRESS" });
    const body = [{ op: "replace", path: "/node_count", value: 9 }];
    expect((await api.call("PATCH", "/v1/clusters/blue", { body })).status).toBe(400);
  });

  test("21: resizing to the same count with nodes to remove is work: they are replaced", async () => {
    expect((await resize({ node_count: 1, nodes_to_remove: ["3f0c1b9e-54b4-4a6c-9d1e-2f6a7b8c9d0e"] })).status).toBe(
      202,
    );
    expect((await shown("/v1/clusters/blue"))["status"]).toBe("UPDATE_IN_PROGRESS");
  });

  test("23: a node group keeps its stack_id at every version", async () => {
    for (const version of ["1.9", "1.13", "1.14"])
      expect(await shown(`${GROUPS}/default-worker`, at(version))).toHaveProperty("stack_id");
  });

  test("25: the list shows the true least and most, where Magnum's shows 0 and null", async () => {
    await add({ min_node_count: 1, max_node_count: 5 });
    const { nodegroups } = await shown(GROUPS, at("1.14"));
    expect(nodegroups).toContainEqual(expect.objectContaining({ name: "extra", min_node_count: 1, max_node_count: 5 }));
  });
});

describe("cluster sheet 32", () => {
  const patchTemplate = (op: string, path: string, value: NonNullable<Call["body"]>) =>
    api.call("PATCH", "/v1/clustertemplates/shared", { as: "admin", body: [{ op, path, value }] });

  test("digits in texts are integers in patches", async () => {
    const body = [{ op: "replace", path: "/node_count", value: "3" }];
    expect((await api.call("PATCH", "/v1/clusters/blue", { body })).status).toBe(202);
    expect((await patchTemplate("add", "/docker_volume_size", "3")).body["docker_volume_size"]).toBe(3);
  });

  test("labels and health_status_reason may be JSON objects in patches", async () => {
    expect((await patchTemplate("add", "/labels", { a: "b" })).body["labels"]).toEqual({ a: "b" });
    const body = [{ op: "replace", path: "/health_status_reason", value: { api: "ok" } }];
    expect((await api.call("PATCH", "/v1/clusters/blue", { body })).status).toBe(202);
  });

  test.each(["a.b", "example.com~1role"])("the label key %s can be patched", async (key) => {
    const { body } = await patchTemplate("add", `/labels/${key}`, "1");
    expect(body["labels"]).toEqual({ [key.replace("~1", "/")]: "1" });
  });

  test("null flavors are the same as none when a template is made", async () => {
    const body = { ...CLUSTER_TEMPLATE, flavor_id: null, master_flavor_id: null };
    expect((await api.call("POST", "/v1/clustertemplates", { body })).status).toBe(201);
  });

  test.each([
    "/v1/clusters/",
    "/v1/clusters/blue/",
    "/v1/clustertemplates/",
    "/v1/stats/",
    "/v1/quotas/a/Cluster/",
    "/v1/",
  ])("a slash at the end of %s changes nothing", async (path) => {
    expect((await api.call("GET", path)).status).toBe(200);
  });

  test("filters stay in next", async () => {
    for (const project of ["a", "b"])
      await api.call("POST", "/v1/quotas", { as: "admin", body: { project_id: project, hard_limit: 5 } });
    const { body } = await api.call("GET", "/v1/quotas?all_tenants=1&limit=1", { as: "admin" });
    expect(body["next"]).toContain("all_tenants=True");
  });

  test("merge_labels reads false, as Terraform's comparison needs it", async () => {
    await create({ labels: { x: "1" }, merge_labels: true });
    expect((await shown("/v1/clusters/new"))["merge_labels"]).toBe(false);
  });

  test.each<[what: string, body: Call["body"]]>([
    ["a list in place of an object", []],
    ["a label that is null", { name: "n", cluster_template_id: "prod", labels: { a: null } }],
    ["an unknown word for a boolean", { name: "n", cluster_template_id: "prod", master_lb_enabled: "nah" }],
    [
      "a boot volume whose size is no number",
      { name: "n", cluster_template_id: "prod", labels: { boot_volume_size: "x" } },
    ],
  ])("%s is 400, not 500", async (_what, body) => {
    await expectRefusal(api, 400, "", "POST", "/v1/clusters", body === undefined ? {} : { body });
  });
});
