import type { BayStatus } from "@jeroboam/core/bay/bay";
import { RECORD_TYPES } from "@jeroboam/conductor/record-types";
import type { Item } from "@jeroboam/core/table/table";
import type { BuiltRecord } from "../bay-record.ts";
import { builtRecordOf, isBayRecord } from "../bay-record.ts";
import { ONE_STEP_MORE } from "../fleet.ts";
import type { World } from "../world.ts";
import { isRobbed } from "../world.ts";
import type { Invariant } from "./invariant.ts";

/** What may follow on what, besides itself. */
const NEXT: Readonly<Record<BayStatus, readonly BayStatus[]>> = {
  CREATE_IN_PROGRESS: ["CREATE_COMPLETE", "CREATE_FAILED", "DELETE_IN_PROGRESS"],
  // UPDATE_COMPLETE: another node group joins.
  CREATE_COMPLETE: ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE", "DELETE_IN_PROGRESS"],
  // CREATE_IN_PROGRESS: an administrator has it tried again.
  CREATE_FAILED: ["CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS"],
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

/** What reconciliation may find of a bay at rest: it has become what its stack is. */
const SETTLED: readonly BayStatus[] = ["CREATE_COMPLETE", "CREATE_FAILED", "UPDATE_COMPLETE", "UPDATE_FAILED"];

/** Of the newest version of each kind: the older ones have some of them. */
const STEPS = new Map(
  RECORD_TYPES.flatMap(({ type, operations }) =>
    operations
      .toSorted((one, other) => one.version - other.version)
      .map(({ kind, steps, always }) => [
        `${type} ${kind}`,
        [...steps, { name: ONE_STEP_MORE }, ...always].map(({ name }) => name),
      ]),
  ),
);

const CLEANING = new Map(
  RECORD_TYPES.flatMap(({ type, operations }) =>
    operations.map(({ kind, always }) => [`${type} ${kind}`, always.map(({ name }) => name)]),
  ),
);

function operationName(record: BuiltRecord): string {
  return `${isBayRecord(record) ? "bay" : "node-group"} ${record.operation?.kind ?? "none"}`;
}

export const legalTransitions: Invariant = {
  id: "I4",
  says: "a status follows legally on the one before and belongs to the operation at work; steps never go back",
  watch(world, broken) {
    const over = new Set<string>();
    return {
      wrote(item, beforeItem) {
        const after = builtRecordOf(item);
        if (!after) return;
        const before = builtRecordOf(beforeItem);
        const problem = before
          ? (changeProblem(before, after) ?? stepProblem(before, after))
          : birthProblem(item, after);
        if (problem) broken(`${after.state.uuid}: ${problem}`);
        if (before && changesStack(before, after) && !isRobbed(world, after.state.uuid))
          broken(`${after.state.uuid}: stack ${before.state.stackId}, then ${after.state.stackId}`);
        const [was, is] = [before?.operation?.id, after.operation?.id];
        if (was !== undefined && was !== is) over.add(was);
        if (is !== undefined && over.has(is)) broken(`${after.state.uuid}: operation ${is} was over and is back`);
        const busy = after.state.status.endsWith("_IN_PROGRESS") && !after.gone;
        const kind = statusKindOf(after);
        if (busy && !after.state.status.startsWith(`${kind}_`) && !isWithdrawn(after))
          broken(`${after.state.uuid} is ${after.state.status} while its operation is ${kind ?? "none"}`);
        if (!busy && after.operation && kind !== "DRIFT")
          broken(`${after.state.uuid} is ${after.state.status} and has an operation`);
      },
      removed(_key, item) {
        const record = builtRecordOf(item);
        if (record?.gone !== false || isGivenUpWith(world, record)) return;
        broken(`${item.pk} was removed while it was in use`);
      },
    };
  },
};

/** What is left of a bay that is given up goes with it, whatever goes on there. */
function isGivenUpWith({ history }: World, record: BuiltRecord): boolean {
  return !isBayRecord(record) && history.current(record.state.bayUuid)?.operation?.kind === "abandon";
}

/** What callers see as an update. */
const UPDATES: readonly string[] = ["rotate-authority", "rotate-credential", "upgrade"];

/** As its status begins while that goes on. */
function statusKindOf({ operation }: BuiltRecord): string | undefined {
  const names: Readonly<Record<string, string>> = { recreate: "CREATE", abandon: "DELETE" };
  if (operation && UPDATES.includes(operation.kind)) return "UPDATE";
  return operation && (names[operation.kind] ?? operation.kind.toUpperCase());
}

/** A node group that came when its bay was gone takes itself away, as its creation's end. */
function isWithdrawn(record: BuiltRecord): boolean {
  const { operation, state } = record;
  return !isBayRecord(record) && operation?.kind === "create" && state.status === "DELETE_IN_PROGRESS";
}

function birthProblem(item: Item, after: BuiltRecord): string | undefined {
  if (item.revision !== 1) return `began at revision ${item.revision}`;
  return after.state.status === "CREATE_IN_PROGRESS" ? undefined : `began as ${after.state.status}`;
}

/**
 * Where its stack was taken away by others, that of a creation which slept on its way to Heat comes in its place: Heat takes
 * the name again, and whoever awaits the stack finds it by that.
 */
function changesStack(before: BuiltRecord, after: BuiltRecord): boolean {
  const { stackId } = before.state;
  return stackId !== null && stackId !== after.state.stackId && after.operation?.kind !== "recreate";
}

function changeProblem(before: BuiltRecord, after: BuiltRecord): string | undefined {
  const [was, is] = [before.state, after.state];
  if (after.revision !== before.revision + 1) return `revision ${after.revision} after ${before.revision}`;
  const isSeen = before.operation?.kind === "drift" && SETTLED.includes(is.status);
  if (was.status !== is.status && !NEXT[was.status].includes(is.status) && !isSeen)
    return `${was.status}, then ${is.status}`;
  if (before.gone && !after.gone) return "was gone and is back";
  const isNew = after.operation !== undefined && after.operation.id !== before.operation?.id;
  if (isNew && after.operation?.kind === "update" && before.operation && !mayGiveWay(before))
    return "an update in the place of another operation";
  if (was.nodeCount !== is.nodeCount && !isNew && !isGivenUp(before, after) && !isSeen)
    return `${was.nodeCount} nodes, then ${is.nodeCount}, without an update`;
  if (isNew && after.operation?.kind === "delete" && before.operation?.kind === "delete")
    return "a delete begun anew while one was at work";
  const begins = was.status !== is.status && is.status.endsWith("_IN_PROGRESS") && !after.gone;
  if (begins && !isNew && !isWithdrawn(after)) return `${is.status} without a new operation`;
  const isUpgrading = before.operation?.kind === "upgrade";
  const changed = FIXED.find(
    (field) => Reflect.get(was, field) !== Reflect.get(is, field) && !(isUpgrading && field === "bayModelId"),
  );
  return changed && `${changed} changed`;
}

/** What a resize may take the place of: a look at the stack, and, of a node group, the resize before it. */
function mayGiveWay(before: BuiltRecord): boolean {
  const kind = before.operation?.kind;
  return kind === "drift" || (kind === "update" && !isBayRecord(before));
}

const FIXED = ["uuid", "projectId", "userId", "name", "bayModelId", "bayUuid", "createdAtMs"];

/** An update of which Heat took nothing gives the count back. */
function isGivenUp({ operation: was }: BuiltRecord, { operation: is, state }: BuiltRecord): boolean {
  const isFailed = is ? is.failure !== undefined : state.status === "UPDATE_FAILED";
  return isFailed && was?.input["previousNodeCount"] === state.nodeCount;
}

function stepProblem(before: BuiltRecord, after: BuiltRecord): string | undefined {
  const [was, is] = [before.operation, after.operation];
  if (!was || !is || was.id !== is.id) return undefined;
  const isFailing = was.failure !== undefined || is.failure !== undefined;
  if (isFailing && is.step !== was.step && !CLEANING.get(operationName(after))?.includes(is.step))
    return `step ${is.step} after a failure in ${was.step}`;
  if (was.version !== 0 && was.version !== is.version) return `operation version ${was.version}, then ${is.version}`;
  const steps = STEPS.get(operationName(after)) ?? [];
  const placeOf = (step: string): number => steps.indexOf(step);
  return placeOf(is.step) < placeOf(was.step) ? `step ${is.step} after ${was.step}` : undefined;
}
