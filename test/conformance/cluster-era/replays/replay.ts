/**
 * One request as a client writes it, and how strictly it reads what comes back. `{blue}`, `{group}`, `{prod}` in paths and
 * bodies stand for the uuids of the world's cluster, node group and template.
 */
import type { Json } from "@jeroboam/core/json";
import { z } from "zod";
import type { Call } from "../../api-harness.ts";

export interface Replay {
  /** One of the calls of its client (client-requests.ts). */
  readonly of: string;
  /** What is particular about it. */
  readonly with?: string;
  readonly method: string;
  readonly path: string;
  readonly as?: Call["as"];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Json;
  /** What the client takes for success. */
  readonly ok: readonly number[];
  readonly reads?: z.ZodType;
}

const JSON_HEADERS = { accept: "application/json", "content-type": "application/json" };

/** Of gophercloud and who is built on it: with a version only where one was set. */
export function goHeaders(version?: string): Readonly<Record<string, string>> {
  return { ...JSON_HEADERS, ...(version !== undefined && { "openstack-api-version": `container-infra ${version}` }) };
}

export const LATEST = goHeaders("latest");

/** magnumclient's, for what has no body. */
export const OCTETS = { ...LATEST, "content-type": "application/octet-stream" };

/** RFC 3339 with an offset, as Go's time.RFC3339 reads it. */
export const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
export const accepted = z.object({ uuid: z.uuid() });
const pem = z.string().regex(/^-----BEGIN CERTIFICATE-----\n[\s\S]+\n-----END CERTIFICATE-----\n?$/);

const goInt = z.number().int();
/** Go reads null as zero where it has no pointer. */
const goIntOrNull = goInt.nullable();
/** Go reads null as the empty text; a number breaks it. */
const goString = z.string().nullable();
const goMap = z.record(z.string(), z.string());
const goMapOrNull = goMap.nullable();
const links = z.array(z.object({ href: z.url(), rel: z.string() })).length(2);

export const goCluster = z.object({
  uuid: z.uuid(),
  name: z.string(),
  cluster_template_id: z.uuid(),
  keypair: goString,
  node_count: goInt,
  master_count: goInt,
  create_timeout: goIntOrNull,
  docker_volume_size: goIntOrNull,
  labels: goMap,
  flavor_id: goString,
  master_flavor_id: goString,
  status: z.string(),
  links,
});
export const goClusterInFull = goCluster.extend({
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
export const goTemplate = z.object({
  uuid: z.uuid(),
  name: goString,
  apiserver_port: goIntOrNull,
  cluster_distro: goString,
  coe: z.string(),
  created_at: time,
  updated_at: time.nullable(),
  dns_nameserver: goString,
  docker_storage_driver: goString,
  docker_volume_size: goIntOrNull,
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
/** As a list has it. */
export const goNodeGroup = z.object({
  uuid: z.uuid(),
  name: z.string(),
  flavor_id: goString,
  image_id: goString,
  node_count: goInt,
  role: z.string(),
  min_node_count: goInt,
  max_node_count: goIntOrNull,
  is_default: z.boolean(),
  stack_id: goString,
  status: z.string(),
});
export const goNodeGroupInFull = goNodeGroup.extend({
  id: goIntOrNull,
  cluster_id: z.uuid(),
  project_id: z.string(),
  docker_volume_size: goIntOrNull,
  labels: goMap,
  links,
  node_addresses: z.array(z.string()),
  status_reason: goString,
  version: goString,
  created_at: time.nullable(),
  updated_at: time.nullable(),
  labels_added: goMapOrNull,
  labels_overridden: goMapOrNull,
  labels_skipped: goMapOrNull,
});
export const goQuota = z.object({
  id: z.union([z.number(), z.string()]),
  hard_limit: goInt,
  project_id: z.string(),
  resource: z.string(),
  created_at: time,
  updated_at: time.nullable(),
});
export const goAuthority = z.object({ cluster_uuid: z.uuid(), links, pem });
export const goCertificate = goAuthority.extend({ csr: z.string() });
export const goPage = (key: string, entry: z.ZodType) =>
  z.object({ [key]: z.array(entry).min(1), next: z.url().optional() });
