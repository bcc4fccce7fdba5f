/**
 * What an administrator does about a bay that is stuck: try again what it was at, or give it up. Both are one conditional
 * write, as every change of a bay.
 *
 *   retry    what goes on, at once and with its time anew; what has failed, again: a creation from its stack on, an update
 *            with the numbers that the bay is to have, a deletion
 *   abandon  the bay goes, whatever can be removed of it in a bounded time; what cannot is told (bay.abandon.left-behind)
 */
import { limits } from "../limits.ts";
import { EVENT_TYPES } from "../event/event-types.ts";
import type { KeyedRequestEffect } from "../operation/begin-operation.ts";
import { beginOperation } from "../operation/begin-operation.ts";
import { resizeInput } from "../node-group/resize-input.ts";
import type { OperationRequest } from "../operation/operation.ts";
import { startEventId, withEvent, withOperation } from "../operation/operation.ts";
import type { WorkRecord } from "../operation/record.ts";
import type { Bay, BayStatus } from "./bay.ts";
import { bayShape } from "./bay.ts";
import type { ChangedBay } from "./change-bay.ts";
import { deleteBay } from "./change-bay.ts";
import type { BayPorts } from "./create-bay.ts";
import { deadlineOf } from "./create-bay.ts";
import type { BayWithSpecification } from "./find-bay.ts";

export type RetriedBay = { readonly kind: "accepted" } | Exclude<ChangedBay, { readonly kind: "accepted" }>;

export async function retryBay(
  ports: BayPorts,
  bay: BayWithSpecification,
  keyed?: KeyedRequestEffect,
): Promise<RetriedBay> {
  const { state, operation } = bay.record;
  if (operation) return hasten(ports, bay.record, keyed);
  switch (state.status) {
    case "CREATE_FAILED":
      return recreate(ports, bay, keyed);
    case "UPDATE_FAILED":
    case "ROLLBACK_FAILED":
    case "ROLLBACK_COMPLETE":
      return updateAgain(ports, bay, keyed);
    case "DELETE_FAILED":
      return deleteBay(ports, bay.record, keyed);
    default:
      return { kind: "refused", status: state.status };
  }
}

/** What goes on goes on now, not when it is due, and has as long again as it had at first. */
async function hasten(
  ports: BayPorts,
  { key }: WorkRecord<Bay>,
  keyed: KeyedRequestEffect | undefined,
): Promise<RetriedBay> {
  const nowMs = ports.clock.nowMs();
  const changed = await beginOperation<Bay, BayStatus>(ports, { shape: bayShape, key }, keyed, (current, id) => {
    const { operation, lease, state } = current;
    if (!operation) return { kind: "refuse", refusal: state.status };
    const lasts = operation.deadlineAtMs - operation.startedAtMs;
    const anew = { ...operation, attempt: 0, bugs: 0, deadlineAtMs: Math.max(operation.deadlineAtMs, nowMs + lasts) };
    // It begins nothing, and is known as what does: by its event.
    const data = { operation: operation.id };
    const asked = { id: startEventId(id), type: EVENT_TYPES.retryAsked, atMs: nowMs, data };
    const due = { ...current, operation: anew, dueAtMs: Math.max(nowMs, lease?.untilMs ?? 0) };
    return { kind: "write", record: withEvent(due, asked) };
  });
  if (changed.kind === "refused") return { kind: "refused", status: changed.refusal };
  return changed.kind === "absent" ? changed : { kind: "accepted" };
}

/** A delete that comes meanwhile ends the delegation first, as with a creation: so no stack appears behind its back. */
function recreate(
  ports: BayPorts,
  bay: BayWithSpecification,
  keyed: KeyedRequestEffect | undefined,
): Promise<RetriedBay> {
  const { delegation } = bay.specification;
  return beginAgain(ports, bay, keyed, ({ state: { status } }) =>
    status === "CREATE_FAILED"
      ? { status: "CREATE_IN_PROGRESS", operation: { kind: "recreate", delegation } }
      : undefined,
  );
}

/** With the numbers that the bay is to have by then. */
function updateAgain(
  ports: BayPorts,
  bay: BayWithSpecification,
  keyed: KeyedRequestEffect | undefined,
): Promise<RetriedBay> {
  return beginAgain(ports, bay, keyed, ({ state, operation }) => {
    const wish = { nodeCount: state.nodeCount, nodesToRemove: [], rollback: false };
    const input = HAS_NOT_UPDATED.has(state.status) ? resizeInput(state, operation, wish) : undefined;
    return input && { status: "UPDATE_IN_PROGRESS", operation: { kind: "update", input } };
  });
}

const HAS_NOT_UPDATED: ReadonlySet<BayStatus> = new Set(["UPDATE_FAILED", "ROLLBACK_FAILED", "ROLLBACK_COMPLETE"]);

interface Attempt {
  readonly status: BayStatus;
  readonly operation: Pick<OperationRequest, "kind" | "delegation" | "input">;
}

/** Begins what failed, unless something else was begun since it was looked at. */
async function beginAgain(
  ports: BayPorts,
  { record, specification }: BayWithSpecification,
  keyed: KeyedRequestEffect | undefined,
  attempt: (current: WorkRecord<Bay>) => Attempt | undefined,
): Promise<RetriedBay> {
  const nowMs = ports.clock.nowMs();
  const deadlineAtMs = deadlineOf(nowMs, specification.createTimeoutMinutes);
  const at = { shape: bayShape, key: record.key };
  const changed = await beginOperation<Bay, BayStatus>(ports, at, keyed, (current, id) => {
    const next = current.operation ? undefined : attempt(current);
    if (!next) return { kind: "refuse", refusal: current.state.status };
    const changes: Partial<Bay> = { status: next.status, statusReason: null, updatedAtMs: nowMs };
    const operation = { id, nowMs, deadlineAtMs, ...next.operation };
    return { kind: "write", record: withOperation(bayShape, current, operation, changes) };
  });
  if (changed.kind === "refused") return { kind: "refused", status: changed.refusal };
  return changed.kind === "absent" ? changed : { kind: "accepted" };
}

/** In any status, whatever goes on with it; again while that goes on changes nothing. */
export async function abandonBay(
  ports: BayPorts,
  { key }: WorkRecord<Bay>,
  keyed?: KeyedRequestEffect,
): Promise<{ readonly kind: "accepted" } | { readonly kind: "absent" }> {
  const nowMs = ports.clock.nowMs();
  const deadlineAtMs = nowMs + limits.bay.deleteDeadlineMs;
  const changed = await beginOperation<Bay, never>(ports, { shape: bayShape, key }, keyed, (current, id) => {
    if (current.operation?.kind === "abandon") return { kind: "keep" };
    const operation = { id, kind: "abandon", nowMs, deadlineAtMs };
    const changes: Partial<Bay> = { status: "DELETE_IN_PROGRESS", statusReason: null, updatedAtMs: nowMs };
    return { kind: "write", record: withOperation(bayShape, current, operation, changes) };
  });
  return changed.kind === "absent" ? changed : { kind: "accepted" };
}
