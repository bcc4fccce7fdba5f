/** Who has a stack of its own, bays and node groups, as far as comparing them with Heat's list needs to know. */
import type { StackOwnerTags } from "@jeroboam/coe/stack-name";
import type { Bay } from "@jeroboam/core/bay/bay";
import { bayKey, bayShape } from "@jeroboam/core/bay/bay";
import { deleteBay } from "@jeroboam/core/bay/change-bay";
import type { EventSubject } from "@jeroboam/core/event/event-source";
import { EVENT_TYPES } from "@jeroboam/core/event/event-types";
import { deleteNodeGroup } from "@jeroboam/core/node-group/change-node-group";
import type { NodeGroup } from "@jeroboam/core/node-group/node-group";
import { nodeGroupKey, nodeGroupShape } from "@jeroboam/core/node-group/node-group";
import type { RecordShape, WorkRecord } from "@jeroboam/core/operation/record";
import type { Key } from "@jeroboam/core/table/table";
import type { StackOwner } from "../operations/stack-steps.ts";
import type { ConductorPorts, Stack, StackPlans } from "../ports.ts";

export interface OwnsStack extends StackOwner {
  readonly uuid: string;
  readonly projectId: string;
}

export interface OwnerKind<State extends OwnsStack> {
  readonly shape: RecordShape<State>;
  keyOf(state: State): Key;
  bayUuidOf(state: State): string;
  stackNameOf(plans: StackPlans, state: State): string;
  /** What its owner wanted gone, and Heat could not remove, somebody has removed: takes its record away. */
  finishDelete(ports: ConductorPorts, record: WorkRecord<State>): Promise<"accepted" | "absent">;
}

export const BAYS: OwnerKind<Bay> = {
  shape: bayShape,
  keyOf: ({ projectId, uuid }) => bayKey(projectId, uuid),
  bayUuidOf: ({ uuid }) => uuid,
  stackNameOf: (plans, bay) => plans.nameOf(bay),
  finishDelete: async (ports, record) => ((await deleteBay(ports, record)).kind === "accepted" ? "accepted" : "absent"),
};

export const NODE_GROUPS: OwnerKind<NodeGroup> = {
  shape: nodeGroupShape,
  keyOf: ({ projectId, bayUuid, uuid }) => nodeGroupKey(projectId, bayUuid, uuid),
  bayUuidOf: ({ bayUuid }) => bayUuid,
  stackNameOf: (plans, group) => plans.nodeGroups.nameOf(group),
  finishDelete: (ports, { state }) => deleteNodeGroup(ports, state),
};

/** Of whom a stack says that it is, whether there is such a record or not. */
export interface ClaimedOwner {
  readonly bayUuid: string;
  readonly key: Key;
  /** In whose history it is told. */
  readonly historyKey: Key;
  /** As what is told of it: nobody knows whose it was. */
  readonly subject: EventSubject;
  readonly orphanEvent: string;
  /** What the stack itself holds says the same. */
  isOurs(plans: StackPlans, stack: Stack): boolean;
}

export function claimedOwner(projectId: string, { bayUuid, groupUuid }: StackOwnerTags): ClaimedOwner {
  const uuid = groupUuid ?? bayUuid;
  const whose = { uuid, projectId, userId: "", bayUuid };
  const historyKey = bayKey(projectId, bayUuid);
  if (groupUuid === undefined)
    return {
      bayUuid,
      key: historyKey,
      historyKey,
      subject: { ...whose, type: bayShape.type, description: { uuid } },
      orphanEvent: EVENT_TYPES.bayStackOrphaned,
      isOurs: (plans, stack) => plans.isOurs({ uuid }, stack),
    };
  return {
    bayUuid,
    key: nodeGroupKey(projectId, bayUuid, groupUuid),
    historyKey,
    subject: { ...whose, type: nodeGroupShape.type, description: { uuid, cluster_id: bayUuid } },
    orphanEvent: EVENT_TYPES.groupStackOrphaned,
    isOurs: (plans, stack) => plans.nodeGroups.isOurs({ uuid }, stack),
  };
}
