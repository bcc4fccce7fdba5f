/**
 * Node groups on the wire: what a caller may set when making one, and change later (cluster sheet 10). What is wrong with
 * types is 400, as everywhere; what is wrong with numbers, node labels and taints is 409, as Magnum has it.
 */
import { Rejected } from "@jeroboam/core/errors";
import type { Json } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import type { CountLimits } from "@jeroboam/core/bay/bay-nodes";
import type { NodeTaint } from "@jeroboam/core/node-group/node-group";
import type { NodeMarks } from "@jeroboam/core/node-group/node-marks";
import { z } from "zod";
import type { AttributeSet } from "./attributes.ts";
import { invalid, readAttributes } from "./attributes.ts";
import { nodeCount } from "./bay.ts";
import type { PatchRules } from "./patch.ts";
import { COMMON_INTERNAL } from "./patch.ts";
import { describeBody } from "./reader.ts";
import { boolean, integer, labels, optional, reference, text } from "./types.ts";

export interface NodeGroupWish {
  readonly name: string;
  readonly role: string;
  readonly nodeCount: number;
  readonly limits: CountLimits;
  readonly dockerVolumeSizeGb: number | null;
  /** Null: the cluster's. */
  readonly labels: Readonly<Record<string, string>> | null;
  readonly mergeLabels: boolean;
  readonly imageId: string | null;
  readonly flavorId: string | null;
  readonly nodeLabels: Record<string, string>;
  readonly nodeTaints: NodeTaint[];
}

const nodeLabels = z
  .record(text(1, limits.nodeGroup.labelKeyChars), text(0, limits.nodeGroup.labelValueChars), {
    error: "Value should be an object",
  })
  .refine((value) => Object.keys(value).length <= limits.nodeGroup.nodeLabels, {
    error: `Value should have at most ${limits.nodeGroup.nodeLabels} entries`,
  });

/** Its fields are looked at later: what is wrong with them is 409. */
const nodeTaints = z
  .array(z.record(z.string(), z.unknown(), { error: "Value should be a list of objects" }), {
    error: "Value should be a list",
  })
  .max(limits.nodeGroup.nodeTaints, { error: `Value should have at most ${limits.nodeGroup.nodeTaints} entries` });

const NODE_GROUP = {
  argument: "nodegroup",
  schema: z.strictObject({
    name: reference,
    role: reference
      .refine((role) => role !== "master", { error: "Node groups of masters are not supported" })
      .default("worker"),
    node_count: nodeCount(0).default(1),
    min_node_count: nodeCount(0).default(0),
    max_node_count: optional(integer(0)),
    docker_volume_size: optional(integer(1)),
    labels: optional(labels),
    merge_labels: boolean.default(false),
    image_id: optional(reference),
    flavor_id: optional(reference),
    node_labels: optional(nodeLabels),
    node_taints: optional(nodeTaints),
  }),
  readOnly: [
    "project_id",
    "links",
    "node_addresses",
    "stack_id",
    "status_reason",
    "version",
    "labels_overridden",
    "labels_added",
    "labels_skipped",
    "created_at",
    "updated_at",
  ],
  // Magnum takes these from the caller, though they are not the caller's to say.
  ignored: ["id", "uuid", "cluster_id", "is_default", "status"],
} satisfies AttributeSet<z.ZodObject>;

export const readNodeGroupWish = describeBody(
  { kind: "object", schema: NODE_GROUP.schema },
  (given: Json | undefined): NodeGroupWish => {
    const wire = readAttributes(NODE_GROUP, given);
    const wish = {
      name: wire.name,
      role: wire.role,
      nodeCount: wire.node_count,
      limits: { min: wire.min_node_count, max: wire.max_node_count },
      dockerVolumeSizeGb: wire.docker_volume_size,
      labels: wire.labels,
      mergeLabels: wire.merge_labels,
      imageId: wire.image_id,
      flavorId: wire.flavor_id,
      nodeLabels: wire.node_labels ?? {},
      nodeTaints: (wire.node_taints ?? []).map(readTaint),
    };
    requireCounts(wish.nodeCount, wish.limits);
    requireNodeLabels(wish.nodeLabels);
    return wish;
  },
);

/** A maximum of 0 is none, as Magnum has it. */
export function mostOf({ max }: CountLimits): number {
  return max === null || max === 0 ? limits.bay.nodes : max;
}

export function requireCounts(count: number, countLimits: CountLimits): void {
  const { min } = countLimits;
  const max = mostOf(countLimits);
  if (min > max) throw new Rejected(409, `min_node_count (${min}) should not be above max_node_count (${max}).`);
  if (count < min) throw new Rejected(409, `node_count (${count}) should not be below min_node_count (${min}).`);
  if (count > max) throw new Rejected(409, `node_count (${count}) should not be above max_node_count (${max}).`);
}

/** What kubelets may set of themselves (cluster sheet 10.4). */
const OPEN_PREFIXES: readonly string[] = ["kubelet.kubernetes.io", "node.kubernetes.io"];
const WELL_KNOWN: ReadonlySet<string> = new Set([
  "kubernetes.io/arch",
  "kubernetes.io/hostname",
  "kubernetes.io/os",
  "beta.kubernetes.io/arch",
  "beta.kubernetes.io/os",
  "beta.kubernetes.io/instance-type",
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
]);
const QUALIFIED = /^(?:([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)\/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;

function requireNodeLabel(key: string): void {
  const [, prefix] = requireQualified("node_labels", key);
  if (prefix === undefined || WELL_KNOWN.has(key) || OPEN_PREFIXES.includes(prefix)) return;
  if (/(?:^|\.)(?:kubernetes|k8s)\.io$/.test(prefix))
    throw new Rejected(409, `node_labels: ${key} is in a namespace of Kubernetes that no kubelet may set.`);
}

function requireQualified(attribute: string, key: string): RegExpExecArray {
  const found = QUALIFIED.exec(key);
  if (!found) throw new Rejected(409, `${attribute}: ${key.slice(0, 100)} is no name that Kubernetes takes.`);
  return found;
}

function requireValue(key: string, value: string): void {
  if (!VALUE.test(value)) throw new Rejected(409, `${key}: ${value} is no value that Kubernetes takes.`);
}

const EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"] as const;

function readTaint({ key, value = null, effect, ...rest }: Readonly<Record<string, unknown>>): NodeTaint {
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new Rejected(409, `node_taints: ${unknown.slice(0, 100)} is no field of a taint.`);
  if (typeof key !== "string") throw new Rejected(409, "node_taints: a taint needs a key.");
  requireQualified("node_taints", key);
  const found = EFFECTS.find((word) => word === effect);
  if (!found) throw new Rejected(409, `node_taints: effect should be one of: ${EFFECTS.join(", ")}.`);
  if (value !== null && typeof value !== "string") throw new Rejected(409, "node_taints: a value should be text.");
  if (value !== null) requireValue(key, value);
  return { key, value, effect: found };
}

export const NODE_GROUP_PATCH: PatchRules = {
  internal: [
    ...COMMON_INTERNAL,
    "name",
    "role",
    "cluster_id",
    "node_count",
    "docker_volume_size",
    "labels",
    "merge_labels",
    "image_id",
    "flavor_id",
    "node_addresses",
    "is_default",
    "stack_id",
    "status",
    "status_reason",
    "version",
  ],
  mandatory: [],
  dicts: ["node_labels"],
  lists: ["node_taints"],
};

const MARKS = z.object({ node_labels: optional(nodeLabels), node_taints: optional(nodeTaints) });

/** As they are to be, in a patched document; removed, there are none. */
export function readNodeMarks(labels: Json, taints: Json): NodeMarks {
  const read = MARKS.safeParse({ node_labels: labels, node_taints: taints });
  if (!read.success) {
    const [issue] = read.error.issues;
    throw invalid(String(issue?.path[0] ?? ""), null, issue?.message ?? "Value is of another type");
  }
  const marks = {
    nodeLabels: read.data.node_labels ?? {},
    nodeTaints: (read.data.node_taints ?? []).map(readTaint),
  };
  requireNodeLabels(marks.nodeLabels);
  return marks;
}

function requireNodeLabels(given: Readonly<Record<string, string>>): void {
  for (const key of Object.keys(given)) requireNodeLabel(key);
  for (const [key, value] of Object.entries(given)) requireValue(key, value);
}

const RESIZE = {
  argument: "cluster_resize_req",
  schema: z.strictObject({
    node_count: nodeCount(0),
    nodes_to_remove: optional(
      z
        .array(reference, { error: "Value should be a list of texts" })
        .max(limits.bay.nodes, { error: `Value should have at most ${limits.bay.nodes} entries` }),
    ),
    nodegroup: optional(reference),
  }),
  readOnly: [],
} satisfies AttributeSet<z.ZodObject>;

export interface ResizeRequest {
  readonly nodeCount: number;
  readonly nodesToRemove: readonly string[];
  /** Uuid or name; null: the whole cluster. */
  readonly group: string | null;
}

export const readResize = describeBody(
  { kind: "object", schema: RESIZE.schema },
  (given: Json | undefined): ResizeRequest => {
    if (given !== null && typeof given === "object" && !Array.isArray(given) && given["nodegroup"] === "")
      throw new Rejected(400, "Invalid input for field/attribute nodegroup. Value should have at least 1 characters.");
    const { node_count, nodes_to_remove, nodegroup } = readAttributes(RESIZE, given);
    return { nodeCount: node_count, nodesToRemove: nodes_to_remove ?? [], group: nodegroup };
  },
);

const UPGRADE = {
  argument: "cluster_upgrade_req",
  schema: z.strictObject({
    cluster_template: reference,
    max_batch_size: integer(1, limits.bay.nodes).default(1),
    nodegroup: optional(reference),
  }),
  readOnly: [],
} satisfies AttributeSet<z.ZodObject>;

export interface UpgradeRequest {
  /** Uuid or name. */
  readonly model: string;
  readonly maxBatchSize: number;
  /** Uuid or name; null: the whole cluster. */
  readonly group: string | null;
}

export const readUpgrade = describeBody(
  { kind: "object", schema: UPGRADE.schema },
  (given: Json | undefined): UpgradeRequest => {
    const { cluster_template, max_batch_size, nodegroup } = readAttributes(UPGRADE, given);
    return { model: cluster_template, maxBatchSize: max_batch_size, group: nodegroup };
  },
);
