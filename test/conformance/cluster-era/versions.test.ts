/** Discovery and microversions (cluster sheet 2, 3): what is served at which version, and what is said of it. */
import { expect, test } from "vitest";
import { createHarness } from "../api-harness.ts";
import type { SheetCase } from "./sheet.ts";
import { createWorld, sheet } from "./sheet.ts";

const CLUSTER = { name: "new", cluster_template_id: "prod" };

sheet("2.3, routing", [
  ...["/v1/clusters", "/v1/clusters/", "/clusters", "/clusters/", "/v1/clusters/?limit=5", "/v1/clusters?limit=5"].map(
    (path) => ({ of: "a collection, however written", path, status: 200, shows: { clusters: [{ name: "blue" }] } }),
  ),
  ...["/v1/clusters/blue", "/v1/clusters/blue/", "/clusters/blue"].map((path) => ({
    of: "an item, however written",
    path,
    status: 200,
    shows: { name: "blue" },
  })),
  ...["/v2", "/anything", "/v1/clusters.json", "/v1/nothing", "/v1/clusters/blue/nothing"].map((path) => ({
    of: "no such path",
    path,
    status: 404,
  })),
  ...["PUT", "OPTIONS"].flatMap((method) =>
    ["/v1/clusters", "/v1/clusters/blue", "/v1/clustertemplates", "/v1/quotas"].map((path) => ({
      of: "no such method",
      method,
      path,
      status: 405,
    })),
  ),
  ...["PATCH", "DELETE"].flatMap((method) =>
    ["/v1/clusters", "/v1/clustertemplates"].map((path) => ({
      of: "the item is missing",
      method,
      path,
      body: [],
      status: 400,
      says: "Missing argument",
    })),
  ),
  { of: "a POST to an item", method: "POST", path: "/v1/clusters/blue", body: CLUSTER, status: 405 },
  { of: "certificates have no list", path: "/v1/certificates", status: 405 },
  { of: "services have no items", path: "/v1/mservices/1", as: "admin", status: 404 },
]);

test.each(["text/html", "text/plain", "application/xml"])("cluster sheet 2.3: Accept %s is 406", async (accept) => {
  const { status } = await createHarness().call("GET", "/v1/clusters", { headers: { accept } });
  expect(status).toBe(406);
});

test.each(["*/*", "application/json", ""])("cluster sheet 2.3: Accept '%s' is JSON", async (accept) => {
  const { status } = await createHarness().call("GET", "/v1/clusters", { headers: { accept } });
  expect(status).toBe(200);
});

const listed = (version: string, status: number): SheetCase => ({
  of: "asked for",
  path: "/v1/clusters",
  version,
  status,
});

sheet("3.1, the header", [
  ...["container-infra", "container-infrastructure", "container-infrastructure-management"].flatMap((word) =>
    Array.from({ length: 14 }, (_, nth) => listed(`${word} 1.${nth + 1}`, 200)),
  ),
  ...["container-infra latest", "container-infra LATEST", "compute latest", "anything Latest"].map((header) =>
    listed(header, 200),
  ),
  ...[
    "compute 1.5",
    "container-infra 1 ",
    "container-infra abc",
    "container-infra 1.5 more",
    "container-infra 1.5, compute 2.1",
    " container-infra",
    "magnum 1.5",
  ].map((header) => listed(header, 406)),
  ...["1.0", "0.9", "1.15", "2.0", "1.99"].map((version) => ({
    ...listed(version, 406),
    shows: { errors: [{ code: "magnum.microversion-unsupported", max_version: "1.14", min_version: "1.1" }] },
  })),
]);

const MANAGEMENT = "container-infrastructure-management";

test.each<[sent: string | undefined, inForce: string]>([
  [undefined, "1.1"],
  ["container-infra 1.9", "1.9"],
  ["container-infra latest", "1.14"],
  ["container-infra 1.15", "1.15"],
  ["container-infra 2.0", "2.0"],
])(
  "cluster sheet 3.2: asked for with '%s', %s is in force or echoed, and the range stands beside it",
  async (sent, inForce) => {
    const headers = sent === undefined ? {} : { "openstack-api-version": sent };
    const answer = await createHarness().call("GET", "/v1/clusters", { headers });
    expect(answer.headers.get("openstack-api-version")).toBe(`${MANAGEMENT} ${inForce}`);
    expect(answer.headers.get("openstack-api-minimum-version")).toBe(`${MANAGEMENT} 1.1`);
    expect(answer.headers.get("openstack-api-maximum-version")).toBe(`${MANAGEMENT} 1.14`);
    expect(answer.headers.get("vary")).toContain("OpenStack-API-Version");
    expect(answer.headers.get("x-openstack-request-id")).toMatch(/^req-[0-9a-f-]{36}$/);
  },
);

test.each(["/", "/v2", "/v1/nothing"])("cluster sheet 3.2: %s carries no version headers, but an id", async (path) => {
  const answer = await createHarness().call("GET", path);
  for (const name of ["openstack-api-version", "openstack-api-minimum-version", "openstack-api-maximum-version"])
    expect(answer.headers.get(name)).toBeNull();
  expect(answer.headers.get("x-openstack-request-id")).toMatch(/^req-/);
});

test.each(Array.from({ length: 14 }, (_, nth) => nth + 1))(
  "cluster sheet 2.2: /v1 at 1.%d names every resource with two links",
  async (minor) => {
    const { status, body } = await createHarness().call("GET", "/v1", {
      headers: { "openstack-api-version": `container-infra 1.${minor}` },
    });
    expect(status).toBe(200);
    expect(body["id"]).toBe("v1");
    for (const name of ["clustertemplates", "clusters", "quotas", "certificates", "mservices", "stats", "federations"])
      expect(body[name]).toEqual([
        { href: `http://magnum.test:9511/v1/${name}/`, rel: "self" },
        { href: `http://magnum.test:9511/${name}/`, rel: "bookmark" },
      ]);
  },
);

const EVERY = Array.from({ length: 14 }, (_, nth) => nth + 1);
const zero = { of: "zero workers need 1.10", body: { ...CLUSTER, node_count: 0 } };
const patchZero = [{ op: "replace", path: "/node_count", value: 0 }];
const patchTwo = [{ op: "replace", path: "/node_count", value: 2 }];

sheet("3.4, gates", [
  ...EVERY.map((minor) => ({
    ...zero,
    method: "POST",
    path: "/v1/clusters",
    version: `1.${minor}`,
    status: minor >= 10 ? 202 : 400,
    says: minor >= 10 ? "uuid" : "1.10",
  })),
  ...EVERY.map((minor) => ({
    of: "zero workers by a patch need 1.10",
    method: "PATCH",
    path: "/v1/clusters/blue",
    version: `1.${minor}`,
    body: patchZero,
    status: minor >= 10 ? 202 : 400,
    says: minor >= 10 ? "uuid" : "1.10",
  })),
  ...EVERY.map((minor) => ({
    of: "rollback needs 1.3",
    method: "PATCH",
    path: "/v1/clusters/blue?rollback=True",
    version: `1.${minor}`,
    body: patchTwo,
    status: minor >= 3 ? 202 : 400,
    says: minor >= 3 ? "uuid" : "rollback",
  })),
  ...EVERY.map((minor) => ({
    of: "an unknown template is 404 from 1.10 on",
    method: "POST",
    path: "/v1/clusters",
    version: `1.${minor}`,
    body: { ...CLUSTER, cluster_template_id: "nowhere" },
    status: minor >= 10 ? 404 : 400,
    says: "nowhere",
  })),
  ...EVERY.map((minor) => ({
    of: "creating is asynchronous at every version",
    method: "POST",
    path: "/v1/clusters",
    version: `1.${minor}`,
    body: CLUSTER,
    status: 202,
  })),
  ...EVERY.map((minor) => ({ of: "stats are not gated", path: "/v1/stats", version: `1.${minor}`, status: 200 })),
  ...EVERY.map((minor) => ({
    of: "quotas are not gated",
    path: "/v1/quotas/a/Cluster",
    version: `1.${minor}`,
    status: 200,
  })),
  ...EVERY.map((minor) => ({
    of: "bays stand beside clusters (ours)",
    path: "/v1/bays/blue",
    version: `1.${minor}`,
    status: 200,
    shows: { name: "blue" },
  })),
]);

test.each(EVERY)(
  "cluster sheet 3.4: at 1.%d a cluster shows its stack under the name of that version",
  async (minor) => {
    const { api, blue } = await createWorld();
    await api.settle(blue, { stackId: "stack" });
    const name = minor >= 13 ? "cluster_id" : "stack_id";
    const other = minor >= 13 ? "stack_id" : "cluster_id";
    for (const path of ["/v1/clusters/blue", "/v1/clusters", "/v1/clusters/detail"]) {
      const { body } = await api.call("GET", path, {
        headers: { "openstack-api-version": `container-infra 1.${minor}` },
      });
      const [shown] = Array.isArray(body["clusters"]) ? body["clusters"] : [body];
      expect(shown).toMatchObject({ [name]: "stack" });
      expect(shown).not.toHaveProperty(other);
    }
  },
);
