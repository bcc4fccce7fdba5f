/**
 * Replacing workers that stay unhealthy, where the bay model's owner asks for it (core's bay/node-repair.ts decides). First
 * the decision is written down with the budget it uses up, then it is carried out by one conditional write: an ordinary
 * resize that names the nodes and leaves the count. A crash between the two finds the decision and goes on; a bay that
 * has changed in between is left alone, at the cost of that part of the budget.
 */
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import { bayKey, bayShape } from "@jeroboam/core/bay/bay";
import { isComplete } from "@jeroboam/core/bay/bay-status";
import { deadlineOf } from "@jeroboam/core/bay/create-bay";
import type { HealthWatch } from "@jeroboam/core/bay/health-watch";
import { judgeNodes, NO_REPAIR } from "@jeroboam/core/bay/node-repair";
import type { NodeRepair } from "@jeroboam/core/bay/node-repair";
import { EVENT_TYPES } from "@jeroboam/core/event/event-types";
import { resizeInput } from "@jeroboam/core/node-group/resize-input";
import { withEvent, withOperation } from "@jeroboam/core/operation/operation";
import { changeRecord, findRecord } from "@jeroboam/core/operation/record-store";
import type { ConductorPorts } from "../ports.ts";

/** What is remembered now; with a decision in it, that is to be carried out next. */
export async function judgeRepair(
  ports: ConductorPorts,
  { projectId, bayUuid, repair: before = NO_REPAIR }: HealthWatch,
  specification: BaySpecification,
  conditions: Readonly<Record<string, string>> | undefined,
): Promise<NodeRepair> {
  const record = await findRecord(ports.table, bayShape, bayKey(projectId, bayUuid));
  if (!record) return before;
  const { state: bay, operation } = record;
  const { workers = [] } = specification;
  const nowMs = ports.clock.nowMs();
  const seen = { bay, isBusy: operation !== undefined, workers, conditions, nowMs };
  const { repair, tell } = judgeNodes(before, seen, ports.random.uuid());
  if (tell) await tellSuspended(ports, bay, tell);
  return repair;
}

/** Told again after a crash it has the same id. */
async function tellSuspended(
  ports: ConductorPorts,
  { projectId, uuid }: Bay,
  { reason, sinceMs }: { readonly reason: string; readonly sinceMs: number },
): Promise<void> {
  const id = `${uuid}.repair-suspended.${sinceMs}.${reason.replaceAll(/[^a-z]+/gi, "-")}`;
  const event = { id, type: EVENT_TYPES.repairSuspended, atMs: ports.clock.nowMs(), data: { reason } };
  await changeRecord<Bay, never>(ports, bayShape, bayKey(projectId, uuid), (current) =>
    current.outbox.some((one) => one.id === id)
      ? { kind: "keep" }
      : { kind: "write", record: withEvent(current, event) },
  );
}

export async function carryOutRepair(
  ports: ConductorPorts,
  { projectId, bayUuid }: HealthWatch,
  { createTimeoutMinutes }: BaySpecification,
  { operation: id, workers, bayUpdatedAtMs }: NonNullable<NodeRepair["decided"]>,
): Promise<void> {
  const nowMs = ports.clock.nowMs();
  const deadlineAtMs = deadlineOf(nowMs, createTimeoutMinutes);
  const names = workers.map(({ name }) => name);
  const data = { operation: id, nodes: names };
  await changeRecord<Bay, never>(ports, bayShape, bayKey(projectId, bayUuid), (current) => {
    const { state, operation } = current;
    if (operation || !isComplete(state.status) || state.updatedAtMs !== bayUpdatedAtMs) return { kind: "keep" };
    const nodesToRemove = workers.map(({ index }) => index);
    const input = resizeInput(state, operation, { nodeCount: state.nodeCount, nodesToRemove, rollback: false });
    const event = { id: `${id}.repair`, type: EVENT_TYPES.repairBegun, atMs: nowMs, data };
    const changes: Partial<Bay> = {
      status: "UPDATE_IN_PROGRESS",
      statusReason: `Nodes that were not ready are replaced: ${names.join(", ")}`,
      updatedAtMs: nowMs,
    };
    const request = { id, kind: "update", nowMs, deadlineAtMs, ...(input && { input }) };
    return { kind: "write", record: withOperation(bayShape, withEvent(current, event), request, changes) };
  });
}
