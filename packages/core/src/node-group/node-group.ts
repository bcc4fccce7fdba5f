/**
 * Node groups: some of a bay's nodes, alike (cluster sheet 10). Two of them every bay has: `default-master` and
 * `default-worker`, which are the bay's own nodes in the bay's own stack; what is said of them follows from the bay
 * (default-groups.ts), so bays of any age have them. The others are records in the bay's partition, one query away, each
 * with a stack of its own: a hot item that steps rewrite (`NodeGroup`) and a cold one that they read
 * (`NodeGroupSpecification`).
 */
import { z } from "zod";
import { bayKey, bayListKeys, bayPartition, bayStatusSchema, stackUnreadSchema } from "../bay/bay.ts";
import { countLimitsSchema, memberSchema } from "../bay/bay-nodes.ts";
import { delegationIndexKey, delegationSchema } from "../identity/delegation.ts";
import type { RecordShape } from "../operation/record.ts";
import type { Item, Key } from "../table/table.ts";

/** Kubernetes' words; a taint without a value has none. */
export const nodeTaintSchema = z.object({
  key: z.string(),
  value: z.string().nullable(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]),
});
export type NodeTaint = z.infer<typeof nodeTaintSchema>;

/** The hot item's state. */
export const nodeGroupSchema = z.object({
  uuid: z.string(),
  bayUuid: z.string(),
  /** Its place in lists is behind its bay's. */
  bayCreatedAtMs: z.number(),
  projectId: z.string(),
  name: z.string(),
  /** Any word but `master`. */
  role: z.string(),
  status: bayStatusSchema,
  statusReason: z.string().nullable(),
  nodeCount: z.number().int(),
  limits: countLimitsSchema,
  stackId: z.string().nullable(),
  /** As a bay's. */
  stackSeen: z.string().optional(),
  stackUnread: stackUnreadSchema.optional(),
  createdAtMs: z.number(),
  updatedAtMs: z.number().nullable(),
});
export type NodeGroup = z.infer<typeof nodeGroupSchema>;

/** The cold item: what the group's nodes are, and what came of them. */
export const nodeGroupSpecificationSchema = z.object({
  imageId: z.string(),
  flavorId: z.string().nullable(),
  dockerVolumeSizeGb: z.number().int().nullable(),
  labels: z.record(z.string(), z.string()),
  nodeLabels: z.record(z.string(), z.string()),
  nodeTaints: z.array(nodeTaintSchema),
  /** What nodes may bear from before and should not any more: there while a change of it is not over. */
  staleMarks: z
    .object({ labels: z.array(z.string()), taints: z.array(nodeTaintSchema.pick({ key: true, effect: true })) })
    .exactOptional(),
  /** By which the group's stack was made; Heat's own trust hangs on it (identity/delegation.ts). */
  delegation: delegationSchema,
  nodeAddresses: z.array(z.string()),
  members: z.array(memberSchema),
});
export type NodeGroupSpecification = z.infer<typeof nodeGroupSpecificationSchema>;

/** Both of a group's items. */
export interface NodeGroupWithSpecification {
  readonly group: NodeGroup;
  readonly specification: NodeGroupSpecification;
}

/** What the group's delegation is sealed for. */
export function groupDelegationContext(group: Pick<NodeGroup, "uuid">): string {
  return `node-group/${group.uuid}/delegation`;
}

/** Behind the bay's own two items, and before everything else in its partition. */
export function nodeGroupPrefix(projectId: string): string {
  return `${projectId}#bay-workers#`;
}

export function nodeGroupKey(projectId: string, bayUuid: string, uuid: string): Key {
  return { pk: bayPartition(bayUuid), sk: `${nodeGroupPrefix(projectId)}${uuid}` };
}

export function nodeGroupSpecificationKey(projectId: string, bayUuid: string, uuid: string): Key {
  const { pk, sk } = nodeGroupKey(projectId, bayUuid, uuid);
  return { pk, sk: `${sk}#specification` };
}

/** What says where a group stands. */
export type NodeGroupIdentity = Pick<NodeGroup, "uuid" | "bayUuid" | "bayCreatedAtMs" | "projectId">;

function listKeys(group: NodeGroupIdentity, part: "hot" | "cold"): { project: Key; type: Key } {
  const bay = { uuid: group.bayUuid, projectId: group.projectId, createdAtMs: group.bayCreatedAtMs };
  return bayListKeys(bay, part, group.uuid);
}

/** The group as the table sees it; the conductor adds the operations. */
export const nodeGroupShape: RecordShape<NodeGroup> = {
  type: "node-group",
  schema: nodeGroupSchema,
  indexes: (_key, group) => listKeys(group, "hot"),
  bayOf: ({ projectId, bayUuid, uuid }) => ({ key: bayKey(projectId, bayUuid), uuid }),
  historyKey: ({ projectId, bayUuid }) => bayKey(projectId, bayUuid),
  describe: (group) => ({
    uuid: group.uuid,
    name: group.name,
    cluster_id: group.bayUuid,
    role: group.role,
    status: group.status,
    status_reason: group.statusReason,
    node_count: group.nodeCount,
    stack_id: group.stackId,
  }),
};

/** The cold item; its revision is left to the writer. */
export function groupSpecificationItem(
  group: NodeGroupIdentity,
  specification: NodeGroupSpecification,
  revision: number,
): Item {
  const key = nodeGroupSpecificationKey(group.projectId, group.bayUuid, group.uuid);
  const name = delegationIndexKey(specification.delegation, key);
  return {
    ...key,
    revision,
    body: { nodeGroupSpecification: specification },
    indexes: { ...listKeys(group, "cold"), ...(name && { name }) },
  };
}

export function groupSpecificationFromItem(item: Item): NodeGroupSpecification {
  return nodeGroupSpecificationSchema.parse(item.body["nodeGroupSpecification"]);
}

/** The group's uuid, when the item is a group's cold one. */
export function groupOfSpecificationItem({ sk }: Key): string | undefined {
  return /#bay-workers#([^#]+)#specification$/.exec(sk)?.[1];
}
