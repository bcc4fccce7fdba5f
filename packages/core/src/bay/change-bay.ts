/**
 * Accepting a change of a bay: the status that callers see and the operation that does it are one write, so that no
 * reply tells of work that might not be done, and no status lags behind a reply. Conductors act by the delegation that
 * was obtained when the bay was made: nobody who changes or deletes it later need lend anything.
 */
import { limits } from "../limits.ts";
import type { KeyedRequestEffect } from "../operation/begin-operation.ts";
import { beginOperation } from "../operation/begin-operation.ts";
import { withOperation } from "../operation/operation.ts";
import type { WorkRecord } from "../operation/record.ts";
import { resizeInput, upgradeAgain } from "../node-group/resize-input.ts";
import type { ResizeWish } from "../node-group/resize-input.ts";
import type { Bay, BayStatus } from "./bay.ts";
import { bayShape } from "./bay.ts";
import { isBeingDeleted, isResizable, isUpdatable } from "./bay-status.ts";
import type { BayPorts } from "./create-bay.ts";
import { deadlineOf } from "./create-bay.ts";
import type { BayWithSpecification } from "./find-bay.ts";

export type ChangedBay =
  /** Accepted, or as it was asked for already. */
  | { readonly kind: "accepted"; readonly bay: Bay }
  /** Not in this status. */
  | { readonly kind: "refused"; readonly status: BayStatus }
  | { readonly kind: "absent" };

/**
 * Changes the number of the bay's own workers. A patch that changes nothing is nothing to do; the action is always done,
 * and while another goes on too: then the newest number counts (cluster sheet 8.6, 8.7).
 */
export async function resizeBay(
  ports: BayPorts,
  { record, specification }: Pick<BayWithSpecification, "record" | "specification">,
  wish: ResizeWish,
  by: "patch" | "action" = "patch",
  keyed?: KeyedRequestEffect,
): Promise<ChangedBay> {
  const { nodeCount, nodesToRemove } = wish;
  const { state } = record;
  if (by === "patch" && state.nodeCount === nodeCount && nodesToRemove.length === 0)
    return { kind: "accepted", bay: state };
  const isAllowed = by === "patch" ? isUpdatable : isResizable;
  const nowMs = ports.clock.nowMs();
  const deadlineAtMs = deadlineOf(nowMs, specification.createTimeoutMinutes);
  const at = { shape: bayShape, key: record.key };
  const changed = await beginOperation<Bay, BayStatus>(ports, at, keyed, (current, id) => {
    const { status } = current.state;
    const upgrade = by === "action" ? upgradeAgain(current.operation, wish, { id, nowMs }) : undefined;
    if (upgrade) return { kind: "write", record: withOperation(bayShape, current, upgrade, { nodeCount }) };
    const input = isAllowed(status) ? resizeInput(current.state, current.operation, wish) : undefined;
    if (!input) return { kind: "refuse", refusal: status };
    const operation = { id, kind: "update", nowMs, deadlineAtMs, input };
    const changes: Partial<Bay> = { nodeCount, status: "UPDATE_IN_PROGRESS", statusReason: null, updatedAtMs: nowMs };
    return { kind: "write", record: withOperation(bayShape, current, operation, changes) };
  });
  switch (changed.kind) {
    case "refused":
      return { kind: "refused", status: changed.refusal };
    case "changed":
    case "kept":
      return { kind: "accepted", bay: changed.record.state };
    case "absent":
      return changed;
    default:
      return changed satisfies never;
  }
}

/** Deletes a bay, whatever goes on with it; again while that goes on changes nothing. */
export async function deleteBay(
  ports: BayPorts,
  record: WorkRecord<Bay>,
  keyed?: KeyedRequestEffect,
): Promise<{ readonly kind: "accepted" } | { readonly kind: "absent" }> {
  if (isBeingDeleted(record.state)) return { kind: "accepted" };
  const nowMs = ports.clock.nowMs();
  const deadlineAtMs = nowMs + limits.bay.deleteDeadlineMs;
  const at = { shape: bayShape, key: record.key };
  const changed = await beginOperation<Bay, never>(ports, at, keyed, (current, id) => {
    if (isBeingDeleted(current.state)) return { kind: "keep" };
    const operation = { id, kind: "delete", nowMs, deadlineAtMs };
    const changes: Partial<Bay> = { status: "DELETE_IN_PROGRESS", statusReason: null, updatedAtMs: nowMs };
    return { kind: "write", record: withOperation(bayShape, current, operation, changes) };
  });
  return changed.kind === "absent" ? { kind: "absent" } : { kind: "accepted" };
}
