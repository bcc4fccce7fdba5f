/** /v1/stats (cluster sheet 14): counted over bays and clusters alike, masters among the nodes. */
import { beforeEach, expect, test } from "vitest";
import type { Call, Harness } from "../api-harness.ts";
import { at, CLUSTER_TEMPLATE, createHarness, expectRefusal } from "../api-harness.ts";

let api: Harness;
beforeEach(async () => {
  api = createHarness();
  for (const as of ["memberA", "memberB"] as const) {
    await api.call("POST", "/v1/clustertemplates", { as, body: { ...CLUSTER_TEMPLATE, master_lb_enabled: true } });
    await api.call("POST", "/v1/clusters", { as, body: { name: "one", cluster_template_id: "prod", node_count: 2 } });
  }
  await api.call("POST", "/v1/bays", { body: { baymodel_id: "prod", node_count: 3, master_count: 3 } });
});

test.each<[of: string, query: string, as: NonNullable<Call["as"]>, clusters: number, nodes: number]>([
  ["the caller's own project", "", "memberA", 2, 9],
  ["the caller's own project, named", "?project_id=a", "readerA", 2, 9],
  ["the caller's own project, by an empty name", "?project_id=", "memberB", 1, 3],
  ["a project that an administrator names", "?project_id=a", "admin", 2, 9],
  ["a project that has none", "?project_id=nobody", "admin", 0, 0],
  ["the whole cloud, for an administrator", "", "admin", 3, 12],
  ["clusters by their type", "?type=Cluster", "memberB", 1, 3],
  ["clusters by their type, in any case", "?type=CLUSTER&project_id=a", "memberA", 2, 9],
])("%s (%s)", async (_of, query, as, clusters, nodes) => {
  const { status, body } = await api.call("GET", `/v1/stats${query}`, { as });
  expect(status).toBe(200);
  expect(body).toEqual({ clusters, nodes });
});

test("more than a page of them are counted in full", async () => {
  await api.call("POST", "/v1/quotas", { as: "admin", body: { project_id: "a", hard_limit: 2_000 } });
  for (let made = 0; made < 1_000; made += 1)
    await api.call("POST", "/v1/clusters", { body: { name: `c-${made}`, cluster_template_id: "prod" } });
  expect((await api.call("GET", "/v1/stats")).body).toEqual({ clusters: 1_002, nodes: 9 + 2 * 1_000 });
});

test.each<[says: string, query: string, status: number]>([
  ["stats:get_all", "?project_id=b", 403],
  ["type. Value: 'node'", "?type=node", 400],
  ['Unknown argument: "limit"', "?limit=3", 400],
])("is refused: %s", async (says, query, status) => {
  await expectRefusal(api, status, says, "GET", `/v1/stats${query}`);
});

test("is read only, and there at every version", async () => {
  for (const method of ["POST", "PATCH", "DELETE"]) expect((await api.call(method, "/v1/stats")).status).toBe(405);
  expect((await api.call("GET", "/v1/stats/1")).status).toBe(404);
  for (const version of ["1.1", "1.3", "1.4", "1.14"])
    expect((await api.call("GET", "/v1/stats", at(version))).status).toBe(200);
});
