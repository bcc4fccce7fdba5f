/**
 * A bay: a group of Docker hosts built by one Heat stack and run by one COE. A cluster is the same record seen through
 * the newer API. It has two items in its partition: a small hot one that steps rewrite (`Bay`: status, counts, the
 * operation), and a cold one that they read (`BaySpecification`: what to build, addresses, certificates). Wire names
 * stay in the API's views.
 */
import { z } from "zod";
import type { BayModel } from "../bay-model/bay-model.ts";
import { bayModelSchema, creationKey } from "../bay-model/bay-model.ts";
import { bayCertificatesSchema } from "../certificate/rotation.ts";
import { delegationIndexKey, delegationSchema } from "../identity/delegation.ts";
import { limits } from "../limits.ts";
import type { RecordShape } from "../operation/record.ts";
import { shardOf } from "../operation/record.ts";
import type { Item, Key } from "../table/table.ts";
import { countLimitsSchema, memberSchema } from "./bay-nodes.ts";

/** Magnum's own words (cluster sheet 17.1); DELETE_COMPLETE is never seen: the record is gone. */
export const bayStatusSchema = z.enum([
  "CREATE_IN_PROGRESS",
  "CREATE_FAILED",
  "CREATE_COMPLETE",
  "UPDATE_IN_PROGRESS",
  "UPDATE_FAILED",
  "UPDATE_COMPLETE",
  "ROLLBACK_IN_PROGRESS",
  "ROLLBACK_COMPLETE",
  "ROLLBACK_FAILED",
  "DELETE_IN_PROGRESS",
  "DELETE_FAILED",
]);
export type BayStatus = z.infer<typeof bayStatusSchema>;

/** What of a stack could not be looked at, as `stackSeen` would say it, and when that was. */
export const stackUnreadSchema = z.object({ seen: z.string(), atMs: z.number() });

/** The hot item's state, well below 1 KB. */
export const baySchema = z.object({
  uuid: z.string(),
  projectId: z.string(),
  userId: z.string(),
  name: z.string().nullable(),
  bayModelId: z.string(),
  status: bayStatusSchema,
  statusReason: z.string().nullable(),
  nodeCount: z.number().int(),
  masterCount: z.number().int(),
  stackId: z.string().nullable(),
  /** The stack's status and the time of it as an operation saw it last: what reconciliation compares. */
  stackSeen: z.string().optional(),
  stackUnread: stackUnreadSchema.optional(),
  healthStatus: z.enum(["HEALTHY", "UNHEALTHY", "UNKNOWN"]).nullable(),
  createdAtMs: z.number(),
  updatedAtMs: z.number().nullable(),
});
export type Bay = z.infer<typeof baySchema>;

/** The model as it was when the bay was made: the bay keeps working whatever becomes of the model. */
const modelSnapshotSchema = bayModelSchema.omit({ deletingSinceMs: true, createdAtMs: true, updatedAtMs: true });

/** The model as a bay keeps it. */
export function snapshotOf(model: BayModel): z.infer<typeof modelSnapshotSchema> {
  const { deletingSinceMs: _deleting, createdAtMs: _created, updatedAtMs: _updated, ...snapshot } = model;
  return snapshot;
}

/** The cold item: what the bay is built from, and what came of it. Secrets in it are sealed. */
export const baySpecificationSchema = z.object({
  model: modelSnapshotSchema,
  /** The bay type's name, decided when the bay was accepted. */
  bayType: z.string(),
  keypairId: z.string().nullable(),
  /** Of that key pair, which Nova knows for its owner alone. */
  sshPublicKey: z.string().nullable().default(null),
  flavorId: z.string().nullable(),
  masterFlavorId: z.string().nullable(),
  dockerVolumeSizeGb: z.number().int().nullable(),
  labels: z.record(z.string(), z.string()),
  mergeLabels: z.boolean(),
  fixedNetwork: z.string().nullable(),
  fixedSubnet: z.string().nullable(),
  floatingIpEnabled: z.boolean(),
  masterLbEnabled: z.boolean(),
  /** Minutes; 0: no limit of the stack's own. */
  createTimeoutMinutes: z.number().int().nullable(),
  discoveryUrl: z.string().nullable(),
  /** The person who asked, for the names that Heat templates want. */
  userName: z.string().nullable(),
  projectName: z.string().nullable(),
  apiAddress: z.string().nullable(),
  nodeAddresses: z.array(z.string()),
  masterAddresses: z.array(z.string()),
  /** The workers of the bay's own stack; absent until a conductor has read them. */
  workers: z.array(memberSchema).exactOptional(),
  /** The names of the masters; absent: the stack tells none, for its nodes cannot follow a rotation of their authority. */
  masterNames: z.array(z.string()).exactOptional(),
  /** Masters come to other versions where they stand: they were made with scripts that know how (bay/master-upgrade.ts). */
  mastersFollow: z.literal(true).exactOptional(),
  /** The masters that have not come yet to the versions that the labels name: the last of them is next. */
  mastersBehind: z.array(z.string()).exactOptional(),
  /** Of the groups default-worker and default-master, once somebody has set them (node-group/default-groups.ts). */
  workerLimits: countLimitsSchema.exactOptional(),
  masterLimits: countLimitsSchema.exactOptional(),
  coeVersion: z.string().nullable(),
  containerVersion: z.string().nullable(),
  healthStatusReason: z.record(z.string(), z.string()),
  /** The bay's own certificate authority and the conductor's client certificate. */
  certificates: bayCertificatesSchema.nullable(),
  /** How conductors act for the project as long as the bay lives; Heat's own trust hangs on it (delegation.ts). */
  delegation: delegationSchema,
  /** The least-privileged credential of the bay's nodes, once made; its password is sealed. */
  nodeCredential: z
    .object({
      /** Absent until the user is made. */
      user: z.object({ id: z.string(), domainId: z.string() }).nullable(),
      userName: z.string(),
      passwordSealed: z.string(),
      /** The operation that has renewed the password last. */
      renewedBy: z.string().exactOptional(),
    })
    .nullable(),
});
export type BaySpecification = z.infer<typeof baySpecificationSchema>;

/** Whom the bay's nodes are to Keystone. */
export function nodeUserName(bay: Pick<Bay, "uuid">): string {
  return `${NODE_USER}${bay.uuid}`;
}

const NODE_USER = "jeroboam-bay-";

/** The uuid of the bay whose nodes are that user, if it is such a one. */
export function bayOfNodeUser(name: string): string | undefined {
  return name.startsWith(NODE_USER) ? name.slice(NODE_USER.length) : undefined;
}

/**
 * The key pair that the service's user needs of its own, named like the user of the nodes: where it builds the bay itself,
 * and not in the person's name. Undefined: the person's own serves, or there is none.
 */
export function ownKeypair(
  bay: Pick<Bay, "uuid">,
  { delegation, sshPublicKey }: Pick<BaySpecification, "delegation" | "sshPublicKey">,
): { readonly name: string; readonly publicKey: string } | undefined {
  return delegation.kind === "service" && sshPublicKey
    ? { name: nodeUserName(bay), publicKey: sshPublicKey }
    : undefined;
}

/** What the bay's delegation is sealed for. */
export function delegationContext(bay: Pick<Bay, "uuid">): string {
  return `bay/${bay.uuid}/delegation`;
}

/** Binds a sealed secret to the bay and the field it is for. */
export function secretContext(bay: Pick<Bay, "uuid">, field: "ca-key" | "client-key" | "node-password"): string {
  return `bay/${bay.uuid}/${field}`;
}

export function bayPartition(uuid: string): string {
  return `bay#${uuid}`;
}

/** The hot item. The project is in the key: another project's bay is not found by construction. */
export function bayKey(projectId: string, uuid: string): Key {
  return { pk: bayPartition(uuid), sk: `${projectId}${HOT_SUFFIX}` };
}

const HOT_SUFFIX = "#bay";

/** Whose bay it is, by the key of its hot item. */
export function bayOwner({ pk, sk }: Key): Pick<Bay, "projectId" | "uuid"> {
  return { projectId: sk.slice(0, -HOT_SUFFIX.length), uuid: pk.slice(bayPartition("").length) };
}

export function baySpecificationKey(projectId: string, uuid: string): Key {
  return { pk: bayPartition(uuid), sk: `${projectId}#bay-specification` };
}

/** Partition of the project index; a bay's cold item stands right behind its hot one, so a page is one query. */
export function projectBays(projectId: string): string {
  return `bay#${projectId}`;
}

/** Partition of the name index: every project's bays of a name; the sort key begins with the project. */
export function namedBays(name: string): string {
  return `bay#${name}`;
}

/** The shard of the type index that a bay stands in, which its stack's tags name too. */
export function bayShard(uuid: string): number {
  return shardOf(bayPartition(uuid), limits.engine.typeShards);
}

/** Partitions of the type index that hold the hot items of bays and their node groups, for administrators and the schedule. */
export function bayShards(): readonly string[] {
  return Array.from({ length: limits.engine.typeShards }, (_, shard) => bayShardPartition(shard));
}

export function bayShardPartition(shard: number): string {
  return `bay#all#${shard}`;
}

/** The cold items stand apart: what compares bays with the cloud reads the small items alone. */
export function specificationShards(): readonly string[] {
  return Array.from({ length: limits.engine.typeShards }, (_, shard) => specificationShardPartition(shard));
}

export function specificationShardPartition(shard: number): string {
  return `bay-specification#all#${shard}`;
}

/** Where a bay's items stand in the lists: the hot one, the cold one, then what `behind` tells apart. */
export function bayListKeys(
  bay: Pick<Bay, "uuid" | "projectId" | "createdAtMs">,
  part: "hot" | "cold",
  behind?: string,
): { project: Key; type: Key } {
  const sk = `${creationKey(bay)}#${behind === undefined ? PART[part] : `2#${behind}#${PART[part]}`}`;
  const shard = bayShard(bay.uuid);
  const pk = part === "hot" ? bayShardPartition(shard) : specificationShardPartition(shard);
  return { project: { pk: projectBays(bay.projectId), sk }, type: { pk, sk } };
}

const PART = { hot: 0, cold: 1 } as const;

/** The cold item; its revision is left to the writer. */
export function specificationItem(
  bay: Pick<Bay, "uuid" | "projectId" | "createdAtMs">,
  specification: BaySpecification,
  revision: number,
): Item {
  const key = baySpecificationKey(bay.projectId, bay.uuid);
  const name = delegationIndexKey(specification.delegation, key);
  return {
    ...key,
    revision,
    body: { specification },
    indexes: { ...bayListKeys(bay, "cold"), ...(name && { name }) },
  };
}

/** The bay's uuid, when the item is a bay's cold one. */
export function bayOfSpecificationItem({ pk, sk }: Key): string | undefined {
  return sk.endsWith("#bay-specification") ? pk.slice(bayPartition("").length) : undefined;
}

export function specificationFromItem(item: Item): BaySpecification {
  return baySpecificationSchema.parse(item.body["specification"]);
}

/** The bay as the table sees it; the conductor adds the operations. */
export const bayShape: RecordShape<Bay> = {
  type: "bay",
  schema: baySchema,
  indexes: (_key, bay) => ({
    ...bayListKeys(bay, "hot"),
    ...(bay.name !== null && {
      name: { pk: namedBays(bay.name), sk: `${bay.projectId}#${creationKey(bay)}` },
    }),
  }),
  describe: (bay) => ({
    uuid: bay.uuid,
    name: bay.name,
    status: bay.status,
    status_reason: bay.statusReason,
    baymodel_id: bay.bayModelId,
    node_count: bay.nodeCount,
    master_count: bay.masterCount,
    stack_id: bay.stackId,
    health_status: bay.healthStatus,
  }),
};
