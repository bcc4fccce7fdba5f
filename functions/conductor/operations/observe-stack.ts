/**
 * What happens to a settled bay or node group whose stack is not as it was left: somebody changed it, deleted it, or it
 * ended after our operation had given up. Status, reason, addresses and number of nodes follow what Heat says now; the
 * owner is told by the operation's events. Begun by the drift job (reconciliation/drift.ts); a user's own operation takes
 * its place.
 */
import type { BayStatus } from "@jeroboam/core/bay/bay";
import type { OperationDefinition, Step } from "@jeroboam/core/operation/record";
import { again, done, failed } from "@jeroboam/core/operation/record";
import type { ConductorPorts, Stack } from "../ports.ts";
import { pollAfterMs } from "./expected-end.ts";
import { groupStack } from "./node-group.ts";
import { bayStack } from "./stack.ts";
import type { StackOwner, StackSubject } from "./stack-steps.ts";
import { failureOf, findStack, vanishedStack, withStacks } from "./stack-steps.ts";

/** What a stack's owner has seen of a stack that is not there. */
export const MISSING = "missing";

/** Magnum's own words (bay-era sheet, what periodic tasks do). */
function missingStack(stackId: string): string {
  return `Stack with id ${stackId} not found in Heat.`;
}

/** What was asked for last has come to nothing. */
function vanished(subject: { readonly whose: string }, owner: StackOwner): Partial<StackOwner> {
  const { stackId } = owner;
  return {
    status: owner.status.startsWith("CREATE_") ? "CREATE_FAILED" : "UPDATE_FAILED",
    statusReason: stackId === null ? vanishedStack(subject, owner) : missingStack(stackId),
    stackSeen: MISSING,
  };
}

function seen(stack: Stack, result: "COMPLETE" | "FAILED", owner: StackOwner, reason: string): Partial<StackOwner> {
  return {
    stackId: stack.id,
    stackSeen: stack.seen,
    status: `${stack.action === "CREATE" ? "CREATE" : "UPDATE"}_${result}` satisfies BayStatus,
    statusReason: reason || owner.statusReason,
  };
}

/** The record as its stack is. Repeating it writes the same. */
function lookAtStack<State extends StackOwner, Specification>(
  subject: StackSubject<State, Specification>,
): Step<ConductorPorts, State> {
  return withStacks(subject, "observe-stack", async (ports, record, stacks) => {
    const { state, operation } = record;
    const stack = await findStack(stacks, subject.nameOf(ports, state), state);
    if (!stack || stack.action === "DELETE" || !subject.isOurs(ports, state, stack))
      return done(asChanges(vanished(subject, state)));
    switch (stack.progress) {
      case "IN_PROGRESS":
        return again(pollAfterMs(ports.clock.nowMs(), operation));
      case "COMPLETE": {
        const { workers } = await subject.keepOutputs(ports, record, stack);
        // The count follows, or the next change would undo what somebody has done. Stacks that list no workers say nothing.
        const counted = workers > 0 ? { nodeCount: workers } : {};
        return done(asChanges({ ...seen(stack, "COMPLETE", state, stack.reason), ...counted }));
      }
      case "FAILED":
        return done(asChanges(seen(stack, "FAILED", state, await failureOf(stacks, stack))));
      default:
        return stack.progress satisfies never;
    }
  });
}

/** What every owner of a stack holds, of the one at hand. */
function asChanges<State extends StackOwner>(changes: Partial<StackOwner>): Partial<State> {
  return changes as Partial<State>;
}

function observation<State extends StackOwner & { readonly updatedAtMs: number | null }, Specification>(
  subject: StackSubject<State, Specification>,
): OperationDefinition<ConductorPorts, State> {
  const look = lookAtStack(subject);
  return {
    kind: "drift",
    version: 1,
    steps: [
      {
        name: look.name,
        async run(ports, record, budget) {
          const looked = await look.run(ports, record, budget);
          if (looked.kind !== "failed") return looked;
          const { isUnlisted, listedSeen } = record.operation.input;
          // Who may not look any more (the delegation is gone too) is told what Heat's list said.
          if (isUnlisted === true) return done(asChanges(vanished(subject, record.state)));
          if (typeof listedSeen !== "string") return looked;
          const stackUnread = { seen: listedSeen, atMs: ports.clock.nowMs() };
          return failed(looked.reason, asChanges<State>({ stackUnread }));
        },
      },
    ],
    always: [],
    end: (_state, outcome, nowMs) => ({
      kind: "kept",
      // One that could not look has seen nothing: a later round begins another, at once if time ran out.
      changes: (outcome.kind === "succeeded" ? { updatedAtMs: nowMs } : {}) as Partial<State>,
    }),
  };
}

export const observeBay = observation(bayStack);
export const observeNodeGroup = observation(groupStack);
