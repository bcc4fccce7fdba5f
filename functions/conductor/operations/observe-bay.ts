/**
 * What happens to a settled bay whose stack is not as it was left: somebody changed it, deleted it, or it ended after our
 * operation had given up. The bay's status, reason, addresses and number of nodes follow what Heat says now; its owner is
 * told by the operation's events. Begun by the drift job (reconciliation/drift.ts); a user's own operation takes its place.
 */
import type { Bay, BayStatus } from "@jeroboam/core/bay/bay";
import { changeSpecification } from "@jeroboam/core/bay/specification-store";
import type { OperationDefinition, Step } from "@jeroboam/core/operation/record";
import { again, done } from "@jeroboam/core/operation/record";
import type { ConductorPorts, Stack } from "../ports.ts";
import { bayStack } from "./stack.ts";
import { pollAfterMs } from "./expected-end.ts";
import { failureOf, findStack, withStacks } from "./stack-steps.ts";

/** What a bay has seen of a stack that is not there. */
export const MISSING = "missing";

/** Magnum's own words (bay-era sheet, what periodic tasks do). */
function missingStack(stackId: string): string {
  return `Stack with id ${stackId} not found in Heat.`;
}

/** The bay as its stack is. Repeating it writes the same. */
const lookAtStack = withStacks(bayStack, "observe-stack", async (ports, { state: bay, operation }, stacks) => {
  const stack = await findStack(stacks, ports.stackPlans.nameOf(bay), bay);
  if (!stack || stack.action === "DELETE" || !ports.stackPlans.isOurs(bay, stack)) return done(vanished(bay));
  switch (stack.progress) {
    case "IN_PROGRESS":
      return again(pollAfterMs(ports.clock.nowMs(), operation));
    case "COMPLETE":
      return done({ ...seen(stack, "COMPLETE", bay, stack.reason), ...(await keepOutputs(ports, bay, stack)) });
    case "FAILED":
      return done(seen(stack, "FAILED", bay, await failureOf(stacks, stack)));
    default:
      return stack.progress satisfies never;
  }
});

/** What the stack says of its nodes; the count follows, or the next change would undo what somebody has done. */
async function keepOutputs({ table, stackPlans }: ConductorPorts, bay: Bay, stack: Stack): Promise<Partial<Bay>> {
  let nodeCount = 0;
  await changeSpecification(table, bay, (current) => {
    const read = stackPlans.readOutputs(current, stack.outputs);
    nodeCount = read.workers?.length ?? 0;
    return read;
  });
  // A bay type whose stacks do not list their workers says nothing of their number.
  return nodeCount > 0 ? { nodeCount } : {};
}

/** A bay that may not look any more (its delegation is gone too) is told what Heat's list said. */
const observeStack: Step<ConductorPorts, Bay> = {
  name: lookAtStack.name,
  async run(ports, record, budget) {
    const looked = await lookAtStack.run(ports, record, budget);
    return looked.kind === "failed" && record.operation.input["isUnlisted"] === true
      ? done(vanished(record.state))
      : looked;
  },
};

function seen(stack: Stack, result: "COMPLETE" | "FAILED", bay: Bay, reason: string): Partial<Bay> {
  return {
    stackId: stack.id,
    stackSeen: stack.seen,
    status: `${stack.action === "CREATE" ? "CREATE" : "UPDATE"}_${result}` satisfies BayStatus,
    statusReason: reason || bay.statusReason,
  };
}

/** What the bay did last has come to nothing. */
function vanished(bay: Bay): Partial<Bay> {
  const status: BayStatus = bay.status.startsWith("CREATE_") ? "CREATE_FAILED" : "UPDATE_FAILED";
  const { stackId } = bay;
  const statusReason = stackId === null ? "The bay's stack was not found in Heat." : missingStack(stackId);
  return { status, statusReason, stackSeen: MISSING };
}

export const observeBay: OperationDefinition<ConductorPorts, Bay> = {
  kind: "drift",
  version: 1,
  steps: [observeStack],
  always: [],
  end: (_bay, outcome, nowMs) => ({
    kind: "kept",
    // One that could not look has seen nothing: the next round begins another.
    changes: outcome.kind === "succeeded" ? { updatedAtMs: nowMs } : {},
  }),
};
