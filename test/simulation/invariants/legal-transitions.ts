import type { Bay, BayStatus } from "@jeroboam/core/bay/bay";
import type { WorkRecord } from "@jeroboam/core/operation/record";
import { RECORD_TYPES } from "@jeroboam/conductor/record-types";
import type { Item } from "@jeroboam/core/table/table";
import { bayRecordOf } from "../bay-record.ts";
import type { Invariant } from "./invariant.ts";

/** What may follow on what, besides itself. */
const NEXT: Readonly<Record<BayStatus, readonly BayStatus[]>> = {
  CREATE_IN_PROGRESS: ["CREATE_COMPLETE", "CREATE_FAILED", "DELETE_IN_PROGRESS"],
  // UPDATE_COMPLETE: another node group joins.
  CREATE_COMPLETE: ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE", "DELETE_IN_PROGRESS"],
  CREATE_FAILED: ["DELETE_IN_PROGRESS"],
  UPDATE_IN_PROGRESS: [
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "DELETE_IN_PROGRESS",
  ],
  ROLLBACK_IN_PROGRESS: ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "UPDATE_FAILED", "DELETE_IN_PROGRESS"],
  ROLLBACK_COMPLETE: ["UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"],
  ROLLBACK_FAILED: ["UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"],
  UPDATE_COMPLETE: ["UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"],
  UPDATE_FAILED: ["UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"],
  DELETE_IN_PROGRESS: ["DELETE_FAILED"],
  DELETE_FAILED: ["DELETE_IN_PROGRESS"],
};

const STEPS = new Map(
  RECORD_TYPES.filter(({ type }) => type === "bay").flatMap((type) =>
    type.operations.map((operation) => [
      operation.kind,
      [...operation.steps, ...operation.always].map(({ name }) => name),
    ]),
  ),
);

const CLEANING = new Map(
  RECORD_TYPES.flatMap((type) => type.operations.map(({ kind, always }) => [kind, always.map(({ name }) => name)])),
);

export const legalTransitions: Invariant = {
  id: "I4",
  says: "a status follows legally on the one before and belongs to the operation at work; steps never go back",
  watch(_world, broken) {
    const over = new Set<string>();
    return {
      wrote(item, beforeItem) {
        const after = bayRecordOf(item);
        if (!after) return;
        const before = bayRecordOf(beforeItem);
        const problem = before
          ? (changeProblem(before, after) ?? stepProblem(before, after))
          : birthProblem(item, after);
        if (problem) broken(`bay ${after.state.uuid}: ${problem}`);
        const [was, is] = [before?.operation?.id, after.operation?.id];
        if (was !== undefined && was !== is) over.add(was);
        if (is !== undefined && over.has(is)) broken(`bay ${after.state.uuid}: operation ${is} was over and is back`);
        const busy = after.state.status.endsWith("_IN_PROGRESS") && !after.gone;
        const kind = after.operation?.kind.toUpperCase();
        if (busy && !after.state.status.startsWith(`${kind}_`))
          broken(`bay ${after.state.uuid} is ${after.state.status} while its operation is ${kind ?? "none"}`);
        if (!busy && after.operation) broken(`bay ${after.state.uuid} is ${after.state.status} and has an operation`);
      },
      removed(_key, item) {
        if (bayRecordOf(item)?.gone === false) broken(`${item.pk} was removed while it was in use`);
      },
    };
  },
};

function birthProblem(item: Item, after: WorkRecord<Bay>): string | undefined {
  if (item.revision !== 1) return `began at revision ${item.revision}`;
  return after.state.status === "CREATE_IN_PROGRESS" ? undefined : `began as ${after.state.status}`;
}

function changeProblem(before: WorkRecord<Bay>, after: WorkRecord<Bay>): string | undefined {
  const [was, is] = [before.state, after.state];
  if (after.revision !== before.revision + 1) return `revision ${after.revision} after ${before.revision}`;
  if (was.status !== is.status && !NEXT[was.status].includes(is.status)) return `${was.status}, then ${is.status}`;
  if (before.gone && !after.gone) return "was gone and is back";
  if (was.stackId !== null && was.stackId !== is.stackId) return `stack ${was.stackId}, then ${is.stackId}`;
  const isNew = after.operation !== undefined && after.operation.id !== before.operation?.id;
  if (isNew && after.operation?.kind === "update" && before.operation)
    return "an update in the place of another operation";
  if (was.nodeCount !== is.nodeCount && !isNew && !isGivenUp(before, after))
    return `${was.nodeCount} nodes, then ${is.nodeCount}, without an update`;
  if (isNew && after.operation?.kind === "delete" && before.operation?.kind === "delete")
    return "a delete begun anew while one was at work";
  const begins = was.status !== is.status && is.status.endsWith("_IN_PROGRESS");
  if (begins && !isNew) return `${is.status} without a new operation`;
  const fixed = ["uuid", "projectId", "userId", "name", "bayModelId", "createdAtMs"] as const;
  const changed = fixed.find((field) => was[field] !== is[field]);
  return changed && `${changed} changed`;
}

/** An update of which Heat took nothing gives the count back. */
function isGivenUp({ operation: was }: WorkRecord<Bay>, { operation: is, state }: WorkRecord<Bay>): boolean {
  const isFailed = is ? is.failure !== undefined : state.status === "UPDATE_FAILED";
  return isFailed && was?.input["previousNodeCount"] === state.nodeCount;
}

function stepProblem(before: WorkRecord<Bay>, after: WorkRecord<Bay>): string | undefined {
  const [was, is] = [before.operation, after.operation];
  if (!was || !is || was.id !== is.id) return undefined;
  const isFailing = was.failure !== undefined || is.failure !== undefined;
  if (isFailing && is.step !== was.step && !CLEANING.get(is.kind)?.includes(is.step))
    return `step ${is.step} after a failure in ${was.step}`;
  if (was.version !== 0 && was.version !== is.version) return `operation version ${was.version}, then ${is.version}`;
  const steps = STEPS.get(is.kind) ?? [];
  // A step of a newer version is not in the list, and comes after all that are.
  const placeOf = (step: string): number =>
    step === "" ? -1 : (steps.indexOf(step) + steps.length + 1) % (steps.length + 1);
  return placeOf(is.step) < placeOf(was.step) ? `step ${is.step} after ${was.step}` : undefined;
}
