/**
 * Telling all stacks of a bay the same, its own and each group's, and waiting for all of them. A tag says that a stack was
 * told, so that repeating it tells nobody twice.
 */
import type { Bay } from "@jeroboam/core/bay/bay";
import { delegationContext } from "@jeroboam/core/bay/bay";
import type { BayWithSpecification } from "@jeroboam/core/bay/find-bay";
import type { Delegation } from "@jeroboam/core/identity/delegation";
import type { NodeGroup } from "@jeroboam/core/node-group/node-group";
import { groupDelegationContext, nodeGroupKey, nodeGroupShape } from "@jeroboam/core/node-group/node-group";
import type { ActiveRecord, StepResult } from "@jeroboam/core/operation/record";
import { again, done, failed } from "@jeroboam/core/operation/record";
import { changeRecord, findRecord } from "@jeroboam/core/operation/record-store";
import type { Key } from "@jeroboam/core/table/table";
import type { ConductorPorts, Stack, StackLookup, StackParameters } from "../ports.ts";
import { pollAfterMs } from "./expected-end.ts";
import { bayStack } from "./stack.ts";
import { BUSY_MS, failureOf, fenced, isHeld, isOperationTag, operationTag } from "./stack-steps.ts";

export interface Telling {
  readonly parameters: StackParameters;
  /** Begins with the operation's own. */
  readonly tag: string;
}

/** One stack of the bay. */
interface Told {
  /** Absent: it is the bay's own. */
  readonly group?: NodeGroup;
  readonly stack: StackLookup;
  readonly delegation: Delegation;
  readonly context: string;
}

export async function tellStacks(
  ports: ConductorPorts,
  record: ActiveRecord<Bay>,
  { specification, nodeGroups }: Pick<BayWithSpecification, "specification" | "nodeGroups">,
  telling: Telling,
  signal: AbortSignal,
): Promise<StepResult<Bay>> {
  const { state } = record;
  const own: Told = {
    stack: { name: ports.stackPlans.nameOf(state), id: state.stackId },
    delegation: specification.delegation,
    context: delegationContext(state),
  };
  const groups = nodeGroups.map(({ group, specification: { delegation } }): Told => ({
    group,
    stack: { name: ports.stackPlans.nodeGroups.nameOf(group), id: group.stackId },
    delegation,
    context: groupDelegationContext(group),
  }));
  let changes: Partial<Bay> = {};
  let waitMs = 0;
  for (const told of [own, ...groups]) {
    const result = await tell(ports, record, told, telling, signal);
    if (result.kind === "failed") return result;
    if (result.kind === "again") waitMs = Math.max(waitMs, result.afterMs);
    changes = { ...changes, ...result.changes };
  }
  return waitMs > 0 ? again(waitMs, changes) : done(changes);
}

/** By the step's age: an operation that tells one thing after the other is old before the last. */
function lookAgainMs({ clock }: ConductorPorts, { operation, nudge }: ActiveRecord<Bay>): number {
  const { stepStartedAtMs: startedAtMs = operation.startedAtMs } = operation;
  return pollAfterMs(clock.nowMs(), { ...operation, startedAtMs }, nudge);
}

async function tell(
  ports: ConductorPorts,
  record: ActiveRecord<Bay>,
  { group, stack: wanted, delegation, context }: Told,
  { parameters, tag }: Telling,
  signal: AbortSignal,
): Promise<StepResult<Bay>> {
  const opened = await ports.cloud.stacks({ delegation, context, isCleanup: false }, signal);
  // A delete gives back first what conductors of before were lent.
  if (opened.kind === "refused") return group && (await isGoing(ports, group)) ? done() : failed(opened.reason);
  const stacks = fenced(opened.stacks, () => isHeld(record, ports));
  const stack = await stacks.find(wanted);
  // A group that was never made, or is on its way out, has nobody to tell.
  if (!stack) return group === undefined ? failed(`stack ${wanted.name} was not found in Heat`) : done();
  if (stack.progress === "IN_PROGRESS") return again(lookAgainMs(ports, record));
  if (stack.tags.includes(tag)) {
    if (stack.progress === "FAILED") return failed(await failureOf(stacks, stack));
    if (group === undefined) {
      // A resize before, which failed, may have had its effect all the same.
      await bayStack.keepOutputs(ports, record, stack);
      return done({ stackSeen: stack.seen });
    }
    await noteSeen(ports, group, stack);
    return done();
  }
  const atWork = group && (await findRecord(ports.table, nodeGroupShape, keyOf(group)))?.operation;
  // What a group was asked for meanwhile is known again by its tag until its own conductor has looked.
  const kept = stack.tags.filter((one) => !isOperationTag(one) || (atWork && one === operationTag(atWork)));
  const updated = await stacks.update(stack, { parameters, tags: [...kept, tag] });
  return updated.kind === "refused" ? failed(updated.reason) : again(BUSY_MS);
}

function keyOf({ projectId, bayUuid, uuid }: NodeGroup): Key {
  return nodeGroupKey(projectId, bayUuid, uuid);
}

/** Whether it is gone, or on its way out. */
async function isGoing({ table }: ConductorPorts, group: NodeGroup): Promise<boolean> {
  const found = await findRecord(table, nodeGroupShape, keyOf(group));
  return !found || found.gone || found.state.status.startsWith("DELETE_");
}

/** What was told a group's stack is no drift; a group at work notes what its own work did. */
async function noteSeen(ports: ConductorPorts, group: NodeGroup, { seen: stackSeen }: Stack): Promise<void> {
  await changeRecord<NodeGroup, never>(ports, nodeGroupShape, keyOf(group), (current) =>
    current.operation || current.state.stackSeen === stackSeen
      ? { kind: "keep" }
      : { kind: "write", record: { ...current, state: { ...current.state, stackSeen } } },
  );
}
