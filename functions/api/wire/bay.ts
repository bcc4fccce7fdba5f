/**
 * Bays and clusters on the wire: what a caller may set when making one, as each generation has it, read into one wish
 * (bay-era sheet 3.2, cluster sheet 8.2). Null in a wish means: as the model has it.
 */
import type { Json } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import { z } from "zod";
import type { AttributeSet } from "./attributes.ts";
import { readAttributes } from "./attributes.ts";
import type { PatchRules } from "./patch.ts";
import { COMMON_INTERNAL } from "./patch.ts";
import { describeBody } from "./reader.ts";
import { boolean, integer, labels, optional, reference, text } from "./types.ts";

export interface BayWish {
  /** Uuid or name. */
  readonly model: string;
  readonly name: string | null;
  readonly nodeCount: number;
  readonly masterCount: number;
  readonly createTimeoutMinutes: number | null;
  readonly discoveryUrl: string | null;
  readonly keypairId: string | null;
  readonly flavorId: string | null;
  readonly masterFlavorId: string | null;
  readonly dockerVolumeSizeGb: number | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly mergeLabels: boolean;
  readonly fixedNetwork: string | null;
  readonly fixedSubnet: string | null;
  readonly floatingIpEnabled: boolean | null;
  readonly masterLbEnabled: boolean | null;
}

const timeoutMinutes = integer(0, limits.bay.createTimeoutMaxMinutes);
const discoveryUrl = optional(text(1, limits.api.urlChars));

export const nodeCount = (least: 0 | 1) => integer(least, limits.bay.nodes);

const SHOWN_ONLY = [
  "links",
  "stack_id",
  "api_address",
  "node_addresses",
  "master_addresses",
  "created_at",
  "updated_at",
] as const;

const BAY = {
  argument: "bay",
  schema: z.strictObject({
    name: optional(reference),
    baymodel_id: reference,
    node_count: nodeCount(1).default(1),
    master_count: integer(1, limits.bay.masters).default(1),
    // Null means what is configured, and nothing is: no limit.
    bay_create_timeout: timeoutMinutes.default(0),
    discovery_url: discoveryUrl,
  }),
  // The era's servers took a status from the caller (bay-era sheet 16, number 8).
  readOnly: [...SHOWN_ONLY, "status", "status_reason"],
  ignored: ["uuid"],
} satisfies AttributeSet<z.ZodObject>;

const CLUSTER_NAME_CHARS = 242;

const CLUSTER = {
  argument: "cluster",
  schema: z.strictObject({
    name: optional(
      text(1, CLUSTER_NAME_CHARS).refine((name) => /^[A-Za-z][A-Za-z0-9_.-]*$/.test(name), {
        error: "Value should begin with a letter, and hold letters, digits, _, . and - only",
      }),
    ),
    cluster_template_id: reference,
    keypair: optional(reference),
    node_count: nodeCount(0).default(1),
    master_count: integer(1, limits.bay.masters).default(1),
    docker_volume_size: optional(integer(1)),
    labels: labels.default({}),
    merge_labels: boolean.default(false),
    flavor_id: optional(reference),
    master_flavor_id: optional(reference),
    create_timeout: timeoutMinutes.nullable().default(limits.bay.createTimeoutDefaultMinutes),
    discovery_url: discoveryUrl,
    fixed_network: optional(reference),
    fixed_subnet: optional(reference),
    floating_ip_enabled: optional(boolean),
    master_lb_enabled: optional(boolean),
  }),
  readOnly: [
    ...SHOWN_ONLY,
    "cluster_id",
    "coe_version",
    "container_version",
    "project_id",
    "user_id",
    "faults",
    "labels_overridden",
    "labels_added",
    "labels_skipped",
  ],
  ignored: ["uuid", "status", "status_reason", "health_status", "health_status_reason"],
  keepsNull: ["create_timeout"],
} satisfies AttributeSet<z.ZodObject>;

export const readBayWish = describeBody({ kind: "object", schema: BAY.schema }, (given: Json | undefined): BayWish => {
  const wire = readAttributes(BAY, given);
  return {
    model: wire.baymodel_id,
    name: wire.name,
    nodeCount: wire.node_count,
    masterCount: wire.master_count,
    createTimeoutMinutes: wire.bay_create_timeout,
    discoveryUrl: wire.discovery_url,
    keypairId: null,
    flavorId: null,
    masterFlavorId: null,
    dockerVolumeSizeGb: null,
    labels: {},
    mergeLabels: false,
    fixedNetwork: null,
    fixedSubnet: null,
    floatingIpEnabled: null,
    // The era's Kubernetes bays have their load balancer without asking.
    masterLbEnabled: wire.master_count > 1 ? true : null,
  };
});

export const readClusterWish = describeBody(
  { kind: "object", schema: CLUSTER.schema },
  (given: Json | undefined): BayWish => {
    const wire = readAttributes(CLUSTER, given);
    return {
      model: wire.cluster_template_id,
      name: wire.name,
      nodeCount: wire.node_count,
      masterCount: wire.master_count,
      createTimeoutMinutes: wire.create_timeout,
      discoveryUrl: wire.discovery_url,
      keypairId: wire.keypair,
      flavorId: wire.flavor_id,
      masterFlavorId: wire.master_flavor_id,
      dockerVolumeSizeGb: wire.docker_volume_size,
      labels: wire.labels,
      mergeLabels: wire.merge_labels,
      fixedNetwork: wire.fixed_network,
      fixedSubnet: wire.fixed_subnet,
      floatingIpEnabled: wire.floating_ip_enabled,
      masterLbEnabled: wire.master_lb_enabled,
    };
  },
);

const INTERNAL = [
  ...COMMON_INTERNAL,
  "api_address",
  "node_addresses",
  "master_addresses",
  "stack_id",
  "ca_cert_ref",
  "magnum_cert_ref",
];

export const BAY_PATCH: PatchRules = {
  internal: [...INTERNAL, "trust_id", "trustee_user_name", "trustee_username", "trustee_password", "trustee_user_id"],
  mandatory: ["baymodel_id"],
  dicts: [],
};

export const CLUSTER_PATCH: PatchRules = {
  internal: [...INTERNAL, "cluster_id", "etcd_ca_cert_ref", "front_proxy_ca_cert_ref"],
  mandatory: ["cluster_template_id"],
  dicts: ["labels", "health_status_reason"],
};
