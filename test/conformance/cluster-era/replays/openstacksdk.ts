/** openstacksdk: the cloud layer of 0.101, which asks at 1.1, and HEAD's proxy (cluster sheet 28). */
import { z } from "zod";
import { ADMIN_CSR } from "./certificate-requests.ts";
import type { Replay } from "./replay.ts";
import { accepted, goAuthority, goCertificate } from "./replay.ts";

const headers = { accept: "application/json", "content-type": "application/json" };
/** Of actions. */
const acceptNothing = { ...headers, accept: "" };

/** 0.101 takes these from an answer without asking whether they are there. */
const indexed = z.object({
  uuid: z.string(),
  public: z.boolean(),
  registry_enabled: z.boolean(),
  tls_disabled: z.boolean(),
  ...Object.fromEntries(
    [
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
    ].map((name) => [name, z.union([z.string(), z.number(), z.null()])]),
  ),
});
const service = z.object({
  binary: z.literal("magnum-conductor"),
  created_at: z.string().nullable(),
  disabled_reason: z.string().nullable(),
  host: z.string().nullable(),
  id: z.number().int(),
  report_count: z.number().int(),
  state: z.enum(["up", "down"]),
  updated_at: z.string().nullable(),
});
const cluster = z.object({ uuid: z.uuid(), name: z.string(), status: z.string() });
const CREATE = { name: "sdk", cluster_template_id: "{prod}", keypair: "ops" };
const TEMPLATE = {
  name: "sdk",
  image_id: "atomic",
  keypair_id: "ops",
  coe: "kubernetes",
  external_network_id: "ext-a",
};
const COUNT = [{ op: "replace", path: "/node_count", value: 2 }];
const SIZE = [{ op: "replace", path: "/docker_volume_size", value: 7 }];

const clusters = {
  method: "GET",
  path: "/v1/clusters",
  headers,
  ok: [200],
  reads: z.object({ clusters: z.array(cluster) }),
};
const createCluster = { method: "POST", path: "/v1/clusters", headers, body: CREATE, ok: [202], reads: accepted };
const getCluster = { method: "GET", path: "/v1/clusters/{blue}", headers, ok: [200], reads: cluster };
const updateCluster = {
  method: "PATCH",
  path: "/v1/clusters/{blue}",
  headers,
  body: COUNT,
  ok: [202],
  reads: accepted,
};
const deleteCluster = { method: "DELETE", path: "/v1/clusters/{blue}", headers: acceptNothing, ok: [204] };
const getCertificate = { method: "GET", path: "/v1/certificates/{blue}", headers, ok: [200], reads: goAuthority };
const signCertificate = {
  method: "POST",
  path: "/v1/certificates",
  headers,
  body: { cluster_uuid: "{blue}", csr: ADMIN_CSR },
  ok: [201],
  reads: goCertificate,
};
const templates = {
  method: "GET",
  path: "/v1/clustertemplates",
  headers,
  ok: [200],
  reads: z.object({ clustertemplates: z.array(indexed).min(1) }),
};
const createTemplate = {
  method: "POST",
  path: "/v1/clustertemplates",
  headers,
  body: TEMPLATE,
  ok: [201],
  reads: indexed,
};
const getTemplate = { method: "GET", path: "/v1/clustertemplates/{prod}", headers, ok: [200], reads: indexed };
const updateTemplate = {
  method: "PATCH",
  path: "/v1/clustertemplates/shared",
  as: "admin",
  headers,
  body: SIZE,
  ok: [200],
  reads: indexed,
} as const;
const deleteTemplate = {
  method: "DELETE",
  path: "/v1/clustertemplates/shared",
  as: "admin",
  headers: acceptNothing,
  ok: [204],
} as const;
const services = {
  method: "GET",
  path: "/v1/mservices",
  as: "admin",
  headers,
  ok: [200],
  reads: z.object({ mservices: z.array(service) }),
} as const;

export const cloudLayer: readonly Replay[] = [
  { of: "list_coe_clusters", ...clusters },
  { of: "create_coe_cluster", ...createCluster },
  { of: "get_coe_cluster", ...getCluster },
  { of: "update_coe_cluster", ...updateCluster },
  { of: "delete_coe_cluster", ...deleteCluster },
  { of: "get_coe_cluster_certificate", ...getCertificate },
  { of: "sign_coe_cluster_certificate", ...signCertificate },
  { of: "list_cluster_templates", ...templates },
  { of: "create_cluster_template", ...createTemplate },
  { of: "get_cluster_template", ...getTemplate },
  { of: "update_cluster_template", ...updateTemplate },
  { of: "delete_cluster_template", ...deleteTemplate },
  { of: "list_magnum_services", ...services },
];

export const proxy: readonly Replay[] = [
  { of: "clusters", ...clusters },
  { of: "create_cluster", ...createCluster },
  { of: "get_cluster", ...getCluster, headers: acceptNothing },
  { of: "update_cluster", ...updateCluster },
  { of: "delete_cluster", ...deleteCluster },
  {
    of: "resize_cluster",
    method: "POST",
    path: "/v1/clusters/{blue}/actions/resize",
    headers: { ...acceptNothing, "openstack-api-version": "container-infra 1.7" },
    body: { node_count: 3, nodes_to_remove: null },
    ok: [202],
    reads: accepted,
  },
  {
    of: "upgrade_cluster",
    method: "POST",
    path: "/v1/clusters/{blue}/actions/upgrade",
    headers: { ...acceptNothing, "openstack-api-version": "container-infra 1.8" },
    body: { cluster_template: "{prod}", max_batch_size: null },
    ok: [202],
    reads: accepted,
  },
  { of: "cluster_templates", ...templates },
  { of: "create_cluster_template", ...createTemplate },
  { of: "get_cluster_template", ...getTemplate },
  { of: "update_cluster_template", ...updateTemplate },
  { of: "delete_cluster_template", ...deleteTemplate },
  { of: "create_cluster_certificate", ...signCertificate },
  { of: "get_cluster_certificate", ...getCertificate },
  { of: "services", ...services },
];
