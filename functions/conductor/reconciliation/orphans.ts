/**
 * Orphans: stacks that say they are of a bay or a node group which is not there. A restored table, a bay removed by hand or
 * a twin can leave one. It is told to its project's people and to the operator; it is removed only where the operator lets
 * us, when it is ours by its mark and by what it holds, and when an earlier round has seen it too.
 */
import type { StackOwnerTags } from "@jeroboam/coe/stack-name";
import { eventCountOf, orderWithin } from "@jeroboam/core/operation/event-order";
import type { Finding } from "@jeroboam/core/reconciliation/job";
import { forgetSuspect, isConfirmed } from "@jeroboam/core/reconciliation/suspect";
import type { ConductorPorts, ListedStack } from "../ports.ts";
import type { PageRequest } from "./page.ts";
import type { ClaimedOwner } from "./stack-owners.ts";
import { claimedOwner } from "./stack-owners.ts";

export interface PossibleOrphan {
  readonly stack: ListedStack;
  readonly owner: StackOwnerTags;
  /** Other stacks stand on its networks, and go before it. */
  readonly hasOthersOnIt: boolean;
}

export async function handleOrphan(
  ports: ConductorPorts,
  { roundId, isDryRun, signal }: PageRequest,
  { stack, owner: tags, hasOthersOnIt }: PossibleOrphan,
): Promise<Finding | undefined> {
  const { projectId } = stack;
  if (projectId === null) return undefined;
  const owner = claimedOwner(projectId, tags);
  // The index had not shown it yet.
  if (await ports.table.get(owner.key)) return undefined;
  const suspect = { kind: "stack", id: stack.id } as const;
  const nowMs = ports.clock.nowMs();
  const isSure = await isConfirmed(ports.table, suspect, { nowMs, roundId, isDryRun });
  const about = { projectId, bayId: owner.bayUuid };
  if (!isSure)
    return {
      ...about,
      what: "stack-unknown",
      outcome: "told",
      detail: `stack ${stack.name} (${stack.id}), seen for the first time lately`,
    };
  const ofWhat = tags.groupUuid === undefined ? "bay" : "node group";
  const found = { ...about, what: "stack-orphaned", detail: `stack ${stack.name} (${stack.id}) is of no ${ofWhat}` };
  if (!isDryRun) await tell(ports, owner, stack, nowMs);
  if (ports.reconciliation.removes !== "stacks") return { ...found, outcome: "told" };
  if (isDryRun) return { ...found, outcome: "would" };
  const removed = hasOthersOnIt
    ? "its node groups' stacks go before it"
    : await removeOrphan(ports, projectId, owner, stack, signal);
  if (removed !== undefined) return { ...found, outcome: "told", detail: `${found.detail}; it stays: ${removed}` };
  await forgetSuspect(ports.table, suspect);
  return { ...found, outcome: "done" };
}

/** The same id at each round: who is told once is not told again. */
async function tell(ports: ConductorPorts, owner: ClaimedOwner, { id }: ListedStack, nowMs: number): Promise<void> {
  const { historyKey, subject, orphanEvent } = owner;
  const count = await eventCountOf(ports.table, historyKey);
  const order = orderWithin({ count, atMs: nowMs, sequence: 0, uuid: id });
  const event = { id: `${id}.orphan`, type: orphanEvent, atMs: nowMs, order, data: { stack: id } };
  await ports.publish({ key: historyKey, subject }, [event]);
}

/** Why it stays; undefined when Heat took the request, or when it is gone. */
async function removeOrphan(
  { cloud, stackPlans }: ConductorPorts,
  projectId: string,
  owner: ClaimedOwner,
  wanted: ListedStack,
  signal: AbortSignal,
): Promise<string | undefined> {
  const access = { delegation: { kind: "service", projectId }, context: "", isCleanup: true } as const;
  const opened = await cloud.stacks(access, signal);
  if (opened.kind === "refused") return opened.reason;
  const stack = await opened.stacks.find(wanted);
  if (!stack) return undefined;
  if (!owner.isOurs(stackPlans, stack)) return "its parameters do not say that it is ours";
  const removed = await opened.stacks.remove(stack);
  switch (removed.kind) {
    case "accepted":
      return undefined;
    case "busy":
      return "Heat is at work on it";
    case "refused":
      return removed.reason;
    default:
      return removed satisfies never;
  }
}
