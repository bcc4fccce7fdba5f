/**
 * Node groups as today's clients see them (cluster sheet 10.2). Lists show the real limits, where Magnum always shows 0
 * and null; `id` is a number, as gophercloud wants it, and nothing can be found by it.
 */
import type { BayWithSpecification } from "@jeroboam/core/bay/find-bay";
import type { JsonObject } from "@jeroboam/core/json";
import type { ListedNodeGroup } from "@jeroboam/core/node-group/list-node-groups";
import type { SortValue } from "@jeroboam/core/listing/page";
import { itemLinks } from "../links.ts";
import { wireTime } from "../wire/time.ts";
import { labelDifferences } from "./label-differences.ts";

export function viewBriefNodeGroup(group: ListedNodeGroup): JsonObject {
  return {
    uuid: group.uuid,
    name: group.name,
    flavor_id: group.flavorId,
    image_id: group.imageId,
    node_count: group.nodeCount,
    role: group.role,
    min_node_count: group.limits.min,
    max_node_count: group.limits.max,
    is_default: !group.own,
    stack_id: group.stackId,
    status: group.status,
    // As a cluster's: never the true one.
    merge_labels: false,
  };
}

export function viewNodeGroup(
  { record: { state: bay }, specification }: BayWithSpecification,
  group: ListedNodeGroup,
  base: string,
): JsonObject {
  const { uuid, name, node_count, ...brief } = viewBriefNodeGroup(group);
  return {
    id: numberOf(group.uuid),
    uuid: uuid ?? null,
    name: name ?? null,
    cluster_id: bay.uuid,
    project_id: bay.projectId,
    docker_volume_size: group.dockerVolumeSizeGb,
    labels: group.labels,
    links: itemLinks(base, `clusters/${bay.uuid}/nodegroups`, group.uuid).map((link) => ({ ...link })),
    node_addresses: [...group.nodeAddresses],
    node_count: node_count ?? null,
    ...brief,
    status_reason: group.statusReason,
    version: group.labels["kube_tag"] ?? specification.labels["kube_tag"] ?? null,
    ...labelDifferences(specification.labels, group.labels),
    node_labels: group.nodeLabels,
    node_taints: group.nodeTaints.map(({ key, value, effect }) => ({ key, ...(value !== null && { value }), effect })),
    created_at: wireTime(group.createdAtMs),
    updated_at: wireTime(group.updatedAtMs),
  };
}

/** The same number at every look; 52 bits of the uuid, so that a JSON number holds it. */
function numberOf(uuid: string): number {
  return Number.parseInt(uuid.replaceAll("-", "").slice(-13), 16);
}

export const NODE_GROUP_SORT_KEYS: Readonly<Record<string, (group: ListedNodeGroup) => SortValue>> = {
  uuid: ({ uuid }) => uuid,
  name: ({ name }) => name,
  role: ({ role }) => role,
  status: ({ status }) => status,
  status_reason: ({ statusReason }) => statusReason,
  node_count: ({ nodeCount }) => nodeCount,
  min_node_count: ({ limits }) => limits.min,
  max_node_count: ({ limits }) => limits.max,
  flavor_id: ({ flavorId }) => flavorId,
  image_id: ({ imageId }) => imageId,
  stack_id: ({ stackId }) => stackId,
  docker_volume_size: ({ dockerVolumeSizeGb }) => dockerVolumeSizeGb,
  is_default: ({ own }) => !own,
  updated_at: ({ updatedAtMs }) => updatedAtMs,
};
