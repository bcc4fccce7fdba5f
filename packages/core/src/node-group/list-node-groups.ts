/** A bay's node groups as one list: the two that every bay has, as they follow from it, and the others. */
import type { BayStatus } from "../bay/bay.ts";
import type { CountLimits, Member } from "../bay/bay-nodes.ts";
import type { BayWithSpecification } from "../bay/find-bay.ts";
import { isUuid } from "../identity/ident.ts";
import { DEFAULT_MASTER, DEFAULT_WORKER, defaultGroupLimits, defaultGroupUuid } from "./default-groups.ts";
import type { NodeGroupSpecification, NodeGroupWithSpecification } from "./node-group.ts";

/** A node group as its callers see it. */
export interface ListedNodeGroup extends Pick<
  NodeGroupSpecification,
  "imageId" | "flavorId" | "dockerVolumeSizeGb" | "labels" | "nodeLabels" | "nodeTaints" | "nodeAddresses"
> {
  readonly uuid: string;
  readonly name: string;
  readonly role: string;
  readonly status: BayStatus;
  readonly statusReason: string | null;
  readonly nodeCount: number;
  readonly limits: CountLimits;
  readonly stackId: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number | null;
  /** Absent: no conductor has read them yet. */
  readonly members: readonly Member[] | undefined;
  /** Its record; absent for the two groups that are the bay's own. */
  readonly own: NodeGroupWithSpecification | undefined;
}

/** As many as a bay may have: the default ones first. */
export function nodeGroupsOf(bay: Shown): readonly ListedNodeGroup[] {
  return [defaultGroup(bay, DEFAULT_MASTER), defaultGroup(bay, DEFAULT_WORKER), ...bay.nodeGroups.map(listed)];
}

/** By uuid or name. */
export function findNodeGroup(bay: BayWithSpecification, ident: string): ListedNodeGroup | undefined {
  const wanted = isUuid(ident) ? ident.toLowerCase() : ident;
  return nodeGroupsOf(bay).find(({ uuid, name }) => uuid === wanted || name === wanted);
}

/** Whether the group's nodes are the bay's own workers. */
export function isDefaultWorker({ own, role }: ListedNodeGroup): boolean {
  return !own && role === "worker";
}

export function isMasters({ role }: Pick<ListedNodeGroup, "role">): boolean {
  return role === "master";
}

type Shown = Pick<BayWithSpecification, "record" | "nodeGroups"> & {
  readonly specification: Omit<BayWithSpecification["specification"], "delegation">;
};

function defaultGroup(
  { record: { state: bay }, specification }: Shown,
  name: typeof DEFAULT_MASTER | typeof DEFAULT_WORKER,
): ListedNodeGroup {
  const isMaster = name === DEFAULT_MASTER;
  return {
    uuid: defaultGroupUuid(bay, name),
    name,
    role: isMaster ? "master" : "worker",
    status: bay.status,
    statusReason: bay.statusReason,
    nodeCount: isMaster ? bay.masterCount : bay.nodeCount,
    limits: defaultGroupLimits(specification, name),
    stackId: bay.stackId,
    imageId: specification.model.imageId,
    flavorId: isMaster ? specification.masterFlavorId : specification.flavorId,
    dockerVolumeSizeGb: specification.dockerVolumeSizeGb,
    labels: specification.labels,
    nodeLabels: {},
    nodeTaints: [],
    nodeAddresses: isMaster ? specification.masterAddresses : specification.nodeAddresses,
    createdAtMs: bay.createdAtMs,
    updatedAtMs: bay.updatedAtMs,
    members: isMaster ? [] : specification.workers,
    own: undefined,
  };
}

function listed(own: NodeGroupWithSpecification): ListedNodeGroup {
  const { delegation: _delegation, ...specification } = own.specification;
  return { ...own.group, ...specification, own };
}
