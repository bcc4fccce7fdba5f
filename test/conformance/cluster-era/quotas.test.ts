/** /v1/quotas: who sets them, who reads them, and what they hold (cluster sheet 13, 33 number 8). */
import { beforeEach, describe, expect, test } from "vitest";
import type { Call, Harness } from "../api-harness.ts";
import { at, CLUSTER_TEMPLATE, createHarness, expectRefusal } from "../api-harness.ts";

let api: Harness;
beforeEach(() => {
  api = createHarness();
});

const admin = (body?: Call["body"]): Call => ({ as: "admin", ...(body !== undefined && { body }) });
const set = (project: string, hardLimit: number) =>
  api.call("POST", "/v1/quotas", admin({ project_id: project, resource: "Cluster", hard_limit: hardLimit }));
const ITEM = "/v1/quotas/a/Cluster";

describe("setting one", () => {
  test("answers 201 with all of it", async () => {
    const { status, body } = await set("a", 5);
    expect(status).toBe(201);
    expect(body).toEqual({
      id: 1,
      hard_limit: 5,
      project_id: "a",
      resource: "Cluster",
      created_at: "2026-01-02T03:04:06+00:00",
      updated_at: null,
    });
  });

  test.each<[says: string, body: Call["body"], status: number]>([
    ["project_id. Mandatory field missing", { resource: "Cluster", hard_limit: 1 }, 400],
    ["project_id. Mandatory field missing", { project_id: null }, 400],
    ["hard_limit. Value: '-1'", { project_id: "a", hard_limit: -1 }, 400],
    ["hard_limit. Value: 'many'", { project_id: "a", hard_limit: "many" }, 400],
    ["resource. Value: 'Node'", { project_id: "a", resource: "Node" }, 400],
    ["resource. Value: 'cluster'", { project_id: "a", resource: "cluster" }, 400],
    ["id. Cannot set read only field", { project_id: "a", id: 7 }, 400],
    ["Unknown attribute for argument quota: soft_limit", { project_id: "a", soft_limit: 7 }, 400],
    ["Value should be an object", [], 400],
    ["Project gone could not be found", { project_id: "gone" }, 404],
    ["could not be looked up", { project_id: "locked" }, 403],
  ])("is refused: %s", async (says, body, status) => {
    await expectRefusal(api, status, says, "POST", "/v1/quotas", admin(body));
  });

  test("the defaults are one Cluster; digits in a text are a number", async () => {
    expect((await api.call("POST", "/v1/quotas", admin({ project_id: "a" }))).body).toMatchObject({ hard_limit: 1 });
    expect((await api.call("POST", "/v1/quotas", admin({ project_id: "b", hard_limit: "7" }))).body).toMatchObject({
      hard_limit: 7,
    });
  });

  test("twice for a project is a conflict", async () => {
    await set("a", 5);
    await expectRefusal(api, 409, "already exists", "POST", "/v1/quotas", admin({ project_id: "a", hard_limit: 6 }));
  });

  test("is for administrators", async () => {
    const call = { body: { project_id: "a", hard_limit: 100 } };
    await expectRefusal(api, 403, "quota:create", "POST", "/v1/quotas", call);
    await expectRefusal(api, 403, "quota:update", "PATCH", ITEM, { body: { hard_limit: 100 } });
    await expectRefusal(api, 403, "quota:delete", "DELETE", ITEM);
    await expectRefusal(api, 403, "quota:get_all", "GET", "/v1/quotas");
  });
});

describe("reading one", () => {
  test("that nobody set gives the default, without id and times, whatever the resource", async () => {
    for (const resource of ["Cluster", "Node"]) {
      const { status, body } = await api.call("GET", `/v1/quotas/a/${resource}`);
      expect(status).toBe(200);
      expect(body).toEqual({ hard_limit: 20, project_id: "a", resource: "Cluster" });
    }
  });

  test("is for the project's own readers, and administrators; another's is refused, not hidden", async () => {
    await set("a", 5);
    expect((await api.call("GET", ITEM, { as: "readerA" })).body).toMatchObject({ id: 1, hard_limit: 5 });
    expect((await api.call("GET", ITEM, { as: "admin" })).status).toBe(200);
    await expectRefusal(api, 403, "quota:get", "GET", ITEM, { as: "memberB" });
  });

  test.each(["GET", "PATCH", "DELETE"])("%s with half of its path is 400", async (method) => {
    const body = method === "PATCH" ? { body: { hard_limit: 1 } } : {};
    await expectRefusal(api, 400, "resource", method, "/v1/quotas/a", { as: "admin", ...body });
  });
});

describe("changing one", () => {
  test("is an object, and 202 with all of it: done, so that nothing is to be waited for", async () => {
    await set("a", 5);
    const { status, body, headers } = await api.call("PATCH", ITEM, admin({ hard_limit: 9 }));
    expect(status).toBe(202);
    expect(headers.get("retry-after")).toBeNull();
    expect(body).toMatchObject({ id: 1, hard_limit: 9, updated_at: "2026-01-02T03:04:07+00:00" });
    const whole = { project_id: "a", resource: "Cluster", hard_limit: "3" };
    expect((await api.call("PATCH", ITEM, admin(whole))).body).toMatchObject({ hard_limit: 3 });
  });

  test.each<[says: string, body: Call["body"]]>([
    ["Value should be an object", [{ op: "replace", path: "/hard_limit", value: 3 }]],
    ["hard_limit. Mandatory field missing", {}],
    ["hard_limit. Value: '-3'", { hard_limit: -3 }],
    ["project_id. Value: 'b'", { project_id: "b", hard_limit: 3 }],
  ])("is refused: %s", async (says, body) => {
    await set("a", 5);
    await expectRefusal(api, 400, says, "PATCH", ITEM, admin(body));
  });

  test("or removing one that nobody set, or of another resource, is 404", async () => {
    await expectRefusal(api, 404, "Quota could not be found", "PATCH", ITEM, admin({ hard_limit: 3 }));
    await expectRefusal(api, 404, "Quota could not be found", "DELETE", ITEM, admin());
    await set("a", 5);
    await expectRefusal(api, 404, "resource Node", "DELETE", "/v1/quotas/a/Node", admin());
    await expectRefusal(api, 404, "resource Node", "PATCH", "/v1/quotas/a/Node", admin({ hard_limit: 3 }));
  });

  test("removing one goes back to the default", async () => {
    await set("a", 5);
    expect((await api.call("DELETE", ITEM, admin())).status).toBe(204);
    expect((await api.call("GET", ITEM)).body).toEqual({ hard_limit: 20, project_id: "a", resource: "Cluster" });
  });
});

describe("listing them", () => {
  test("shows the caller's own project's, unless all are asked for", async () => {
    for (const project of ["a", "ops", "b"]) await set(project, 5);
    const list = async (query: string) => (await api.call("GET", `/v1/quotas${query}`, admin())).body;
    expect(await list("")).toMatchObject({ quotas: [{ id: 2, project_id: "ops" }] });
    for (const word of ["True", "true", "1"])
      expect(await list(`?all_tenants=${word}`)).toMatchObject({ quotas: [{ id: 1 }, { id: 2 }, { id: 3 }] });
    expect(await list("?all_tenants=True&sort_key=project_id&sort_dir=desc")).toMatchObject({
      quotas: [{ project_id: "ops" }, { project_id: "b" }, { project_id: "a" }],
    });
  });

  test("pages go by the number, and the next one is of all projects too", async () => {
    for (const project of ["a", "ops", "b"]) await set(project, 5);
    const first = await api.call("GET", "/v1/quotas?all_tenants=True&limit=2", admin());
    const next = "http://magnum.test:9511/v1/quotas?sort_key=id&sort_dir=asc&limit=2&marker=2&all_tenants=True";
    expect(first.body).toMatchObject({ quotas: [{ id: 1 }, { id: 2 }], next });
    const second = await api.call("GET", next.slice("http://magnum.test:9511".length), admin());
    expect(second.body).toEqual({ quotas: [expect.objectContaining({ id: 3 })] });
  });

  test.each([
    ["marker must be the id", "?marker=00000000-0000-4000-8000-000000000001", 400],
    ["Marker 9 could not be found", "?marker=9&all_tenants=True", 404],
    ["all_tenants", "?all_tenants=perhaps", 400],
    ["sort_key colour", "?sort_key=colour", 400],
    ['Unknown argument: "project_id"', "?project_id=a", 400],
  ])("is refused: %s", async (says, query, status) => {
    await expectRefusal(api, status, says, "GET", `/v1/quotas${query}`, admin());
  });
});

describe("a cluster", () => {
  const create = (name: string, call: Call = {}) =>
    api.call("POST", "/v1/clusters", { ...call, body: { name, cluster_template_id: "prod" } });
  beforeEach(() => api.call("POST", "/v1/clustertemplates", { body: CLUSTER_TEMPLATE }));

  test("beyond the limit is 403, before the cloud is asked anything; bays and clusters count together", async () => {
    await set("a", 2);
    expect((await create("one")).status).toBe(202);
    expect((await api.call("POST", "/v1/bays", { body: { name: "two", baymodel_id: "prod" } })).status).toBe(201);
    const asked = api.ports.asked.length;
    const says = "maximum clusters per project, 2";
    const body = { name: "three", cluster_template_id: "prod", flavor_id: "gone" };
    await expectRefusal(api, 403, says, "POST", "/v1/clusters", { body });
    await expectRefusal(api, 403, says, "POST", "/v1/bays", { body: { baymodel_id: "prod" } });
    expect(api.ports.asked).toHaveLength(asked);
  });

  test("that is refused for another reason keeps no place", async () => {
    await set("a", 1);
    const body = { name: "bad", cluster_template_id: "prod", flavor_id: "gone" };
    for (let tries = 0; tries < 3; tries += 1)
      await expectRefusal(api, 400, "flavor_id", "POST", "/v1/clusters", { body });
    expect((await create("good")).status).toBe(202);
  });

  test("is one of as many as there is room for, however many are asked for at once", async () => {
    await set("a", 5);
    const answers = await Promise.all(Array.from({ length: 12 }, (_, nth) => create(`c-${nth}`)));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(7);
    expect((await api.call("GET", "/v1/clusters")).body["clusters"]).toHaveLength(5);
  });

  test("of another project does not count, and the default holds where nobody set a limit", async () => {
    const own = createHarness();
    await own.call("POST", "/v1/clustertemplates", { body: CLUSTER_TEMPLATE, as: "memberB" });
    await set("b", 0);
    expect((await create("one")).status).toBe(202);
    expect((await api.call("GET", "/v1/quotas/a/Cluster")).body).toMatchObject({ hard_limit: 20 });
  });

  test("quotas are there at every version", async () => {
    for (const version of ["1.1", "1.5", "1.6", "1.14"])
      expect((await api.call("GET", ITEM, at(version))).status).toBe(200);
  });
});
