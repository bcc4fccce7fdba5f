/**
 * Accepting a new node group, as a bay is (bay/create-bay.ts): its name, how conductors may act for it, its cold item,
 * and last its hot item with its operation, which commits. What a crash leaves before that is provisional. Whether the
 * bay takes the group in is for the operation's first step, which reads the bay after the group was written: a delete
 * of the bay marks the bay first and looks for groups after, so at least one of the two sees the other.
 */
import type { BayPorts, Delegate } from "../bay/create-bay.ts";
import { deadlineOf } from "../bay/create-bay.ts";
import type { BayWithSpecification } from "../bay/find-bay.ts";
import { insertBegun, tookTooLong } from "../operation/begin-operation.ts";
import type { Delegation } from "../identity/delegation.ts";
import { withOperation } from "../operation/operation.ts";
import { asProvisional } from "../operation/provisional.ts";
import { newRecord } from "../operation/record-store.ts";
import { releaseGroupName, takeGroupName } from "./group-name.ts";
import { readGroupSpecification } from "./group-specification-store.ts";
import type { NodeGroup, NodeGroupSpecification, NodeGroupWithSpecification } from "./node-group.ts";
import { groupDelegationContext, groupSpecificationItem, nodeGroupKey, nodeGroupShape } from "./node-group.ts";

export type NewNodeGroup = Pick<NodeGroup, "name" | "role" | "nodeCount" | "limits"> & {
  /** Of a request that may have come before, under the same key; absent: the group gets a fresh one. */
  readonly uuid?: string | undefined;
  /** From then on another may go on with that request: this one makes no group any more. */
  readonly untilMs?: number | undefined;
  readonly specification: Omit<NodeGroupSpecification, "delegation">;
};

export type CreatedNodeGroup =
  | { readonly kind: "created"; readonly nodeGroup: NodeGroupWithSpecification }
  | { readonly kind: "name-taken" };

export async function createNodeGroup(
  ports: BayPorts,
  bay: BayWithSpecification,
  request: NewNodeGroup,
  delegate: Delegate,
): Promise<CreatedNodeGroup> {
  const group = initialState(ports, bay, request);
  if (!(await takeGroupName(ports, group))) return { kind: "name-taken" };
  const key = nodeGroupKey(group.projectId, group.bayUuid, group.uuid);
  const specification = await ensureSpecification(ports, group, request, delegate);
  const { delegation } = specification;
  const operation = {
    // A request under a key that comes again finds by it that the group was made, also when it is gone.
    id: request.uuid ?? ports.random.uuid(),
    kind: "create",
    nowMs: group.createdAtMs,
    deadlineAtMs: deadlineOf(group.createdAtMs, bay.specification.createTimeoutMinutes),
    delegation,
  };
  const record = withOperation(nodeGroupShape, newRecord(key, group), operation, {});
  // As of a bay: another may have made it meanwhile, and its user deleted it.
  if (ports.clock.nowMs() >= (request.untilMs ?? Infinity)) throw tookTooLong();
  const inserted = await insertBegun(ports, nodeGroupShape, record);
  // Also where the same request, asked for twice at once, has made it: its operation bears the same id.
  if (inserted.kind === "inserted")
    return { kind: "created", nodeGroup: { group: inserted.record.state, specification } };
  throw new Error(`the fresh uuid ${group.uuid} is a node group's already`);
}

/** The cold item with its delegation, or those of a try before: what was lent once is not asked for again. */
async function ensureSpecification(
  ports: BayPorts,
  group: NodeGroup,
  request: NewNodeGroup,
  delegate: Delegate,
): Promise<NodeGroupSpecification> {
  const before = request.uuid === undefined ? undefined : await readGroupSpecification(ports.table, group);
  if (before) return before;
  const delegation = await obtainDelegation(ports, group, delegate);
  const specification = { ...request.specification, delegation };
  const key = nodeGroupKey(group.projectId, group.bayUuid, group.uuid);
  const cold = asProvisional(groupSpecificationItem(group, specification, 1), key, group.createdAtMs);
  if ((await ports.table.put(cold, { absent: true })) === "written") return specification;
  return (await readGroupSpecification(ports.table, group)) ?? specification;
}

/** When it is refused, the name is given back: who is refused may mend it and try again. */
async function obtainDelegation(ports: BayPorts, group: NodeGroup, delegate: Delegate): Promise<Delegation> {
  try {
    return await delegate({ context: groupDelegationContext(group) });
  } catch (thrown) {
    // Whatever it was: there will be no group.
    await releaseGroupName(ports.table, group);
    throw thrown;
  }
}

function initialState(
  ports: BayPorts,
  { record: { state: bay } }: BayWithSpecification,
  request: NewNodeGroup,
): NodeGroup {
  const { name, role, nodeCount, limits } = request;
  return {
    uuid: request.uuid ?? ports.random.uuid(),
    bayUuid: bay.uuid,
    bayCreatedAtMs: bay.createdAtMs,
    projectId: bay.projectId,
    name,
    role,
    status: "CREATE_IN_PROGRESS",
    statusReason: null,
    nodeCount,
    limits,
    stackId: null,
    createdAtMs: ports.clock.nowMs(),
    updatedAtMs: null,
  };
}
