/**
 * Accepting changes of a node group: the status that callers see and the operation that does the work are one write. The
 * groups that every bay has are changed with their bay (bay/change-bay.ts).
 */
import type { BayStatus } from "../bay/bay.ts";
import type { CountLimits } from "../bay/bay-nodes.ts";
import { isBeingDeleted, isResizable, isUpdatable } from "../bay/bay-status.ts";
import type { BayPorts } from "../bay/create-bay.ts";
import { deadlineOf } from "../bay/create-bay.ts";
import type { BayWithSpecification } from "../bay/find-bay.ts";
import { limits } from "../limits.ts";
import type { KeyedRequestEffect } from "../operation/begin-operation.ts";
import { beginOperation } from "../operation/begin-operation.ts";
import { withOperation } from "../operation/operation.ts";
import type { Changed } from "../operation/record-store.ts";
import { changeRecord } from "../operation/record-store.ts";
import { resizeInput, upgradeAgain } from "./resize-input.ts";
import type { ResizeWish } from "./resize-input.ts";
import type { NodeMarks } from "./node-marks.ts";
import type { NodeGroup } from "./node-group.ts";
import { nodeGroupKey, nodeGroupShape } from "./node-group.ts";

export type ChangedNodeGroup =
  | { readonly kind: "accepted"; readonly group: NodeGroup }
  /** Not in this status. */
  | { readonly kind: "refused"; readonly status: BayStatus }
  | { readonly kind: "absent" };

const keyOf = ({ projectId, bayUuid, uuid }: NodeGroup) => nodeGroupKey(projectId, bayUuid, uuid);

/** Changes the number of nodes; while that goes on already, the newest number counts, and nodes to remove add up. */
export async function resizeNodeGroup(
  ports: BayPorts,
  { specification }: BayWithSpecification,
  group: NodeGroup,
  wish: ResizeWish,
  keyed?: KeyedRequestEffect,
): Promise<ChangedNodeGroup> {
  const nowMs = ports.clock.nowMs();
  const deadlineAtMs = deadlineOf(nowMs, specification.createTimeoutMinutes);
  return outcomeOf(
    await beginOperation<NodeGroup, BayStatus>(
      ports,
      { shape: nodeGroupShape, key: keyOf(group) },
      keyed,
      (current, id) => {
        const { state, operation: running } = current;
        const upgrade = upgradeAgain(running, wish, { id, nowMs });
        if (upgrade)
          return {
            kind: "write",
            record: withOperation(nodeGroupShape, current, upgrade, { nodeCount: wish.nodeCount }),
          };
        const input = isResizable(state.status) ? resizeInput(state, running, wish) : undefined;
        if (!input) return { kind: "refuse", refusal: state.status };
        const operation = { id, kind: "update", nowMs, deadlineAtMs, input };
        const { nodeCount } = wish;
        const changes = { nodeCount, status: "UPDATE_IN_PROGRESS" as const, statusReason: null, updatedAtMs: nowMs };
        return { kind: "write", record: withOperation(nodeGroupShape, current, operation, changes) };
      },
    ),
  );
}

/** Changes what the group's nodes bear, and its limits with it; not while anything else goes on. */
export async function markNodeGroup(
  ports: BayPorts,
  { specification }: BayWithSpecification,
  group: NodeGroup,
  { marks, countLimits }: { readonly marks: NodeMarks; readonly countLimits: CountLimits },
  keyed?: KeyedRequestEffect,
): Promise<ChangedNodeGroup> {
  const nowMs = ports.clock.nowMs();
  const deadlineAtMs = deadlineOf(nowMs, specification.createTimeoutMinutes);
  const input = { nodeLabels: { ...marks.nodeLabels }, nodeTaints: marks.nodeTaints.map((taint) => ({ ...taint })) };
  const at = { shape: nodeGroupShape, key: keyOf(group) };
  return outcomeOf(
    await beginOperation<NodeGroup, BayStatus>(ports, at, keyed, (current, id) => {
      const { state, operation: running } = current;
      if (running || !isUpdatable(state.status)) return { kind: "refuse", refusal: state.status };
      const operation = { id, kind: "mark", nowMs, deadlineAtMs, input };
      const changes = {
        limits: countLimits,
        status: "UPDATE_IN_PROGRESS" as const,
        statusReason: null,
        updatedAtMs: nowMs,
      };
      return { kind: "write", record: withOperation(nodeGroupShape, current, operation, changes) };
    }),
  );
}

/** Changes how many nodes the group may be resized to. That is no work for anybody: the status stays. */
export async function limitNodeGroup(
  ports: BayPorts,
  group: NodeGroup,
  countLimits: CountLimits,
): Promise<ChangedNodeGroup> {
  return outcomeOf(
    await changeRecord<NodeGroup, BayStatus>(ports, nodeGroupShape, keyOf(group), (current) => {
      const { state } = current;
      if (!isResizable(state.status)) return { kind: "refuse", refusal: state.status };
      const changes = { limits: countLimits, updatedAtMs: ports.clock.nowMs() };
      return { kind: "write", record: { ...current, state: { ...state, ...changes } } };
    }),
  );
}

/** Deletes a group, whatever goes on with it; again while that goes on changes nothing. */
export async function deleteNodeGroup(
  ports: BayPorts,
  group: Pick<NodeGroup, "projectId" | "bayUuid" | "uuid">,
): Promise<"accepted" | "absent"> {
  const nowMs = ports.clock.nowMs();
  const deadlineAtMs = nowMs + limits.bay.deleteDeadlineMs;
  const key = nodeGroupKey(group.projectId, group.bayUuid, group.uuid);
  const changed = await changeRecord<NodeGroup, never>(ports, nodeGroupShape, key, (current) => {
    if (isBeingDeleted(current.state)) return { kind: "keep" };
    const operation = { id: ports.random.uuid(), kind: "delete", nowMs, deadlineAtMs };
    const changes = { status: "DELETE_IN_PROGRESS" as const, statusReason: null, updatedAtMs: nowMs };
    return { kind: "write", record: withOperation(nodeGroupShape, current, operation, changes) };
  });
  return changed.kind === "absent" ? "absent" : "accepted";
}

function outcomeOf(changed: Changed<NodeGroup, BayStatus>): ChangedNodeGroup {
  switch (changed.kind) {
    case "refused":
      return { kind: "refused", status: changed.refusal };
    case "changed":
    case "kept":
      return { kind: "accepted", group: changed.record.state };
    case "absent":
      return changed;
    default:
      return changed satisfies never;
  }
}
