/**
 * What the clients there are send, and how strictly they read what comes back (cluster sheet 24 to 28): gophercloud (and
 * with it Terraform's provider and cluster-autoscaler), openstacksdk 0.101, python-magnumclient. Each request stands here
 * as its client writes it. What they ask of node groups stands with those (nodegroups.test.ts).
 */
import type { JsonObject } from "@jeroboam/core/json";
import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Call, Harness } from "../api-harness.ts";
import { textIn } from "../api-harness.ts";
import type { World } from "./sheet.ts";
import { createWorld } from "./sheet.ts";

let world: World;
let api: Harness;

beforeEach(async () => {
  world = await createWorld();
  ({ api } = world);
});

/** RFC 3339 with an offset, as Go's time.RFC3339 reads it. */
const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
const goInt = z.number().int().nullable();
/** Go reads null as the empty text; a number breaks it. */
const goString = z.string().nullable();
const goMap = z.record(z.string(), z.string());
const links = z.array(z.object({ href: z.url(), rel: z.string() })).length(2);

const goCluster = z.object({
  uuid: z.string(),
  name: z.string(),
  cluster_template_id: z.string(),
  keypair: goString,
  node_count: z.number().int(),
  master_count: z.number().int(),
  create_timeout: goInt,
  docker_volume_size: goInt,
  labels: goMap,
  flavor_id: goString,
  master_flavor_id: goString,
  status: z.string(),
  links,
});
const goClusterInFull = goCluster.extend({
  api_address: goString,
  coe_version: goString,
  container_version: goString,
  created_at: time,
  updated_at: time.nullable(),
  discovery_url: goString,
  faults: goMap.optional(),
  fixed_network: goString,
  fixed_subnet: goString,
  floating_ip_enabled: z.boolean(),
  health_status: goString,
  health_status_reason: z.record(z.string(), z.unknown()),
  labels_added: goMap,
  labels_overridden: goMap,
  labels_skipped: goMap,
  master_addresses: z.array(z.string()),
  master_lb_enabled: z.boolean(),
  node_addresses: z.array(z.string()),
  project_id: z.string(),
  user_id: z.string(),
  status_reason: goString,
});
const goTemplate = z.object({
  uuid: z.string(),
  name: goString,
  apiserver_port: goInt,
  cluster_distro: goString,
  coe: z.string(),
  created_at: time,
  updated_at: time.nullable(),
  dns_nameserver: goString,
  docker_storage_driver: goString,
  docker_volume_size: goInt,
  external_network_id: goString,
  fixed_network: goString,
  fixed_subnet: goString,
  flavor_id: goString,
  master_flavor_id: goString,
  floating_ip_enabled: z.boolean(),
  http_proxy: goString,
  https_proxy: goString,
  no_proxy: goString,
  image_id: z.string(),
  insecure_registry: goString,
  keypair_id: goString,
  labels: goMap,
  links,
  master_lb_enabled: z.boolean(),
  network_driver: goString,
  project_id: z.string(),
  public: z.boolean(),
  hidden: z.boolean(),
  registry_enabled: z.boolean(),
  server_type: z.string(),
  tls_disabled: z.boolean(),
  user_id: z.string(),
  volume_driver: goString,
});
const goQuota = z.object({
  id: z.union([z.number(), z.string()]),
  hard_limit: z.number().int(),
  project_id: z.string(),
  resource: z.string(),
  created_at: time,
  updated_at: time.nullable(),
});
const goPage = (key: string, entry: z.ZodType) => z.object({ [key]: z.array(entry), next: z.url().optional() });

interface Replay {
  readonly of: string;
  readonly method: string;
  readonly path: string;
  readonly call?: Call;
  readonly ok: readonly number[];
  readonly reads?: z.ZodType;
}

const json = { accept: "application/json", "content-type": "application/json" };
const terraform = (minor?: number): Readonly<Record<string, string>> => ({
  ...json,
  ...(minor !== undefined && { "openstack-api-version": `container-infra 1.${minor}` }),
});
const latest = { ...json, "openstack-api-version": "container-infra latest" };
const octets = {
  "openstack-api-version": "container-infra latest",
  "content-type": "application/octet-stream",
  accept: "application/json",
};
const accepted = z.object({ uuid: z.uuid() });

const GO_CREATE: JsonObject = { cluster_template_id: "prod", create_timeout: null, name: "go", keypair: "ops" };
const GO_TEMPLATE: JsonObject = {
  coe: "kubernetes",
  external_network_id: "ext-a",
  image_id: "atomic",
  name: "go",
  labels: { kube_tag: "v1" },
  floating_ip_enabled: true,
  docker_volume_size: 5,
};

const REPLAYS: readonly Replay[] = [
  {
    of: "gophercloud clusters.Create",
    method: "POST",
    path: "/v1/clusters",
    call: { headers: json, body: GO_CREATE },
    ok: [202],
    reads: accepted,
  },
  {
    of: "gophercloud clusters.Get",
    method: "GET",
    path: "/v1/clusters/blue",
    call: { headers: json },
    ok: [200],
    reads: goClusterInFull,
  },
  {
    of: "gophercloud clusters.List",
    method: "GET",
    path: "/v1/clusters",
    call: { headers: json },
    ok: [200],
    reads: goPage("clusters", goCluster),
  },
  {
    of: "gophercloud clusters.List, one a page",
    method: "GET",
    path: "/v1/clusters?limit=1",
    call: { headers: json },
    ok: [200],
    reads: goPage("clusters", goCluster),
  },
  {
    of: "gophercloud clusters.ListDetail",
    method: "GET",
    path: "/v1/clusters/detail",
    call: { headers: json },
    ok: [200],
    reads: goPage("clusters", goClusterInFull),
  },
  {
    of: "gophercloud clusters.Update",
    method: "PATCH",
    path: "/v1/clusters/blue",
    call: { headers: json, body: [{ op: "replace", path: "/node_count", value: 3 }] },
    ok: [200, 202],
    reads: accepted,
  },
  {
    of: "gophercloud clusters.Delete",
    method: "DELETE",
    path: "/v1/clusters/blue",
    call: { headers: json },
    ok: [202, 204],
  },
  {
    of: "gophercloud clustertemplates.Create",
    method: "POST",
    path: "/v1/clustertemplates",
    call: { headers: json, body: GO_TEMPLATE },
    ok: [201],
    reads: goTemplate,
  },
  {
    of: "gophercloud clustertemplates.Get",
    method: "GET",
    path: "/v1/clustertemplates/prod",
    call: { headers: json },
    ok: [200],
    reads: goTemplate,
  },
  {
    of: "gophercloud clustertemplates.List",
    method: "GET",
    path: "/v1/clustertemplates",
    call: { headers: json },
    ok: [200],
    reads: goPage("clustertemplates", goTemplate),
  },
  {
    of: "gophercloud clustertemplates.Update",
    method: "PATCH",
    path: "/v1/clustertemplates/shared",
    call: {
      as: "admin",
      headers: json,
      body: [
        { op: "replace", path: "/master_lb_enabled", value: "True" },
        { op: "add", path: "/labels/a", value: "b" },
      ],
    },
    ok: [200, 202],
    reads: goTemplate,
  },
  {
    of: "gophercloud clustertemplates.Delete",
    method: "DELETE",
    path: "/v1/clustertemplates/shared",
    call: { as: "admin", headers: json },
    ok: [202, 204],
  },
  {
    of: "gophercloud quotas.Create",
    method: "POST",
    path: "/v1/quotas",
    call: { as: "admin", headers: json, body: { project_id: "a", resource: "Cluster", hard_limit: 10 } },
    ok: [201],
    reads: goQuota,
  },
  {
    of: "Terraform, a cluster of no workers",
    method: "POST",
    path: "/v1/clusters",
    call: {
      headers: terraform(10),
      body: { ...GO_CREATE, node_count: 0, labels: { a: "b" }, merge_labels: true, floating_ip_enabled: false },
    },
    ok: [202],
    reads: accepted,
  },
  {
    of: "Terraform, reading a cluster",
    method: "GET",
    path: "/v1/clusters/blue",
    call: { headers: terraform(9) },
    ok: [200],
    reads: goClusterInFull,
  },
  {
    of: "Terraform, a template changed",
    method: "PATCH",
    path: "/v1/clustertemplates/shared",
    call: {
      as: "admin",
      headers: terraform(),
      body: [
        { op: "replace", path: "/labels", value: "{'k':'v'}" },
        { op: "replace", path: "/tls_disabled", value: "true" },
        { op: "replace", path: "/docker_volume_size", value: 9 },
        { op: "remove", path: "/dns_nameserver" },
      ],
    },
    ok: [200],
    reads: goTemplate,
  },
  {
    of: "cluster-autoscaler, at its start",
    method: "GET",
    path: "/v1/clusters/blue",
    call: { headers: latest },
    ok: [200],
    reads: goClusterInFull,
  },
  {
    of: "magnum-auto-healer, reporting",
    method: "PATCH",
    path: "/v1/clusters/blue",
    call: {
      headers: latest,
      body: [
        { op: "replace", path: "/health_status", value: "UNHEALTHY" },
        {
          op: "replace",
          path: "/health_status_reason",
          value: "{'updated_at': '2026-01-02 03:04:05', 'node-0.Ready': 'False'}",
        },
      ],
    },
    ok: [200, 202],
    reads: accepted,
  },
  ...["/v1/clusters", "/v1/clusters/blue", "/v1/clustertemplates", "/v1/clustertemplates/prod"].map((path): Replay => ({
    of: "openstacksdk 0.101",
    method: "GET",
    path,
    call: { headers: { accept: "application/json" } },
    ok: [200],
  })),
  {
    of: "openstacksdk 0.101, services",
    method: "GET",
    path: "/v1/mservices",
    call: { as: "admin", headers: { accept: "application/json" } },
    ok: [200],
  },
  {
    of: "openstacksdk, with Accept empty",
    method: "GET",
    path: "/v1/clusters/blue",
    call: { headers: { accept: "" } },
    ok: [200],
  },
  {
    of: "openstack coe cluster create",
    method: "POST",
    path: "/v1/clusters",
    call: {
      headers: latest,
      body: {
        cluster_template_id: "prod",
        create_timeout: 60,
        discovery_url: null,
        keypair: "ops",
        master_count: 1,
        name: "cli",
        node_count: 1,
      },
    },
    ok: [202],
    reads: accepted,
  },
  { of: "openstack coe cluster list", method: "GET", path: "/v1/clusters/", call: { headers: latest }, ok: [200] },
  {
    of: "openstack coe cluster list --limit",
    method: "GET",
    path: "/v1/clusters/?limit=2&sort_dir=desc&sort_key=name",
    call: { headers: latest },
    ok: [200],
  },
  {
    of: "openstack coe cluster update, value as a text",
    method: "PATCH",
    path: "/v1/clusters/blue",
    call: { headers: latest, body: [{ op: "replace", path: "/node_count", value: 2 }] },
    ok: [202],
    reads: accepted,
  },
  {
    of: "openstack coe cluster update --rollback",
    method: "PATCH",
    path: "/v1/clusters/blue/?rollback=True",
    call: { headers: latest, body: [{ op: "replace", path: "/node_count", value: 2 }] },
    ok: [202],
  },
  {
    of: "openstack coe cluster delete",
    method: "DELETE",
    path: "/v1/clusters/blue",
    call: { headers: octets },
    ok: [204],
  },
  {
    of: "openstack coe cluster template delete",
    method: "DELETE",
    path: "/v1/clustertemplates/shared",
    call: { as: "admin", headers: octets },
    ok: [204],
  },
  {
    of: "openstack coe quotas list --all-tenants",
    method: "GET",
    path: "/v1/quotas?all_tenants=True",
    call: { as: "admin", headers: latest },
    ok: [200],
  },
  {
    of: "openstack coe quotas show",
    method: "GET",
    path: "/v1/quotas/a/Cluster",
    call: { headers: latest },
    ok: [200],
  },
  {
    of: "openstack coe service list",
    method: "GET",
    path: "/v1/mservices",
    call: { as: "admin", headers: latest },
    ok: [200],
  },
  {
    of: "openstack coe stats list",
    method: "GET",
    path: "/v1/stats?project_id=a",
    call: { headers: latest },
    ok: [200],
  },
];

test.each(REPLAYS.map((one) => [`${one.of}: ${one.method} ${one.path}`, one] as const))(
  "%s",
  async (_name, { method, path, call, ok, reads }) => {
    const answer = await api.call(method, path, call);
    expect(ok).toContain(answer.status);
    const read = reads?.safeParse(answer.body);
    expect(read?.error?.issues ?? []).toEqual([]);
  },
);

describe("what a client reads without asking whether it is there", () => {
  test("openstacksdk 0.101 indexes these keys of a template", async () => {
    const { body } = await api.call("GET", "/v1/clustertemplates/prod");
    for (const key of [
      "uuid",
      "public",
      "registry_enabled",
      "tls_disabled",
      "apiserver_port",
      "cluster_distro",
      "coe",
      "created_at",
      "dns_nameserver",
      "docker_volume_size",
      "external_network_id",
      "flavor_id",
      "image_id",
      "insecure_registry",
      "keypair_id",
      "name",
      "network_driver",
      "server_type",
      "updated_at",
      "volume_driver",
    ])
      expect(body).toHaveProperty(key);
  });

  test("magnumclient removes the links of a template it shows", async () => {
    expect((await api.call("GET", "/v1/clustertemplates/prod", { headers: latest })).body).toHaveProperty("links");
  });

  test("magnumclient follows next by what stands behind /v1 in it", async () => {
    await api.call("POST", "/v1/clusters", { body: { ...GO_CREATE, name: "two" } });
    const { body } = await api.call("GET", "/v1/clusters/?limit=1", { headers: latest });
    const next = textIn(body, "next");
    const path = next.slice(next.indexOf("/v1/"));
    expect((await api.call("GET", path, { headers: latest })).body).toMatchObject({ clusters: [{ name: "two" }] });
  });

  test("Terraform takes 404 for deleted, and a status outside its pending list for an end", async () => {
    const made = await api.call("POST", "/v1/clusters", { headers: terraform(), body: GO_CREATE });
    const path = `/v1/clusters/${textIn(made.body, "uuid")}`;
    expect((await api.call("GET", path)).body["status"]).toBe("CREATE_IN_PROGRESS");
    await api.call("DELETE", path);
    expect((await api.call("GET", path)).body["status"]).toBe("DELETE_IN_PROGRESS");
  });

  test("times have an offset and no more than Go reads; updated_at is null until the first change", async () => {
    const before = (await api.call("GET", "/v1/clustertemplates/shared", { as: "admin" })).body;
    expect(before["updated_at"]).toBeNull();
    const body = [{ op: "add", path: "/tags", value: "x" }];
    const after = (await api.call("PATCH", "/v1/clustertemplates/shared", { as: "admin", body })).body;
    expect(time.safeParse(after["updated_at"]).success).toBe(true);
  });
});
