/**
 * Orphans: stacks that say they are a bay's which is not there. A restored table, a bay removed by hand or a twin can leave
 * one. It is told to its project's people and to the operator; it is removed only where the operator lets us, when it is
 * ours by its mark and by what it holds, and when an earlier round has seen it too.
 */
import { bayKey } from "@jeroboam/core/bay/bay";
import type { EventSubject } from "@jeroboam/core/event/event-source";
import { EVENT_TYPES } from "@jeroboam/core/event/event-types";
import type { Finding } from "@jeroboam/core/reconciliation/job";
import { forgetSuspect, isConfirmed } from "@jeroboam/core/reconciliation/suspect";
import type { ConductorPorts, ListedStack } from "../ports.ts";
import type { PageRequest } from "./page.ts";

export async function handleOrphan(
  ports: ConductorPorts,
  { roundId, isDryRun, signal }: PageRequest,
  uuid: string,
  stack: ListedStack,
): Promise<Finding | undefined> {
  const { projectId } = stack;
  if (projectId === null) return undefined;
  const key = bayKey(projectId, uuid);
  // The index had not shown it yet.
  if (await ports.table.get(key)) return undefined;
  const suspect = { kind: "stack", id: stack.id } as const;
  const nowMs = ports.clock.nowMs();
  const isSure = await isConfirmed(ports.table, suspect, { nowMs, roundId, isDryRun });
  const about = { projectId, bayId: uuid };
  if (!isSure)
    return {
      ...about,
      what: "stack-unknown",
      outcome: "told",
      detail: `stack ${stack.name} (${stack.id}), seen for the first time lately`,
    };
  const found = { ...about, what: "stack-orphaned", detail: `stack ${stack.name} (${stack.id}) is of no bay` };
  // The same id at each round: who is told once is not told again.
  const event = { id: `${stack.id}.orphan`, type: EVENT_TYPES.stackOrphaned, atMs: nowMs, data: { stack: stack.id } };
  if (!isDryRun) await ports.publish({ key, subject: formerBay(projectId, uuid) }, [event]);
  if (ports.reconciliation.removes !== "stacks") return { ...found, outcome: "told" };
  if (isDryRun) return { ...found, outcome: "would" };
  const removed = await removeOrphan(ports, projectId, uuid, stack.id, signal);
  if (removed !== undefined) return { ...found, outcome: "told", detail: `${found.detail}; it stays: ${removed}` };
  await forgetSuspect(ports.table, suspect);
  return { ...found, outcome: "done" };
}

/** As what a bay is told of that is not there: nobody knows whose it was. */
function formerBay(projectId: string, uuid: string): EventSubject {
  return { type: "bay", uuid, projectId, userId: "", bayUuid: uuid, description: { uuid } };
}

/** Why it stays; undefined when Heat took the request, or when it is gone. */
async function removeOrphan(
  { cloud, stackPlans }: ConductorPorts,
  projectId: string,
  uuid: string,
  stackId: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const access = { delegation: { kind: "service", projectId }, context: "", isCleanup: true } as const;
  const opened = await cloud.stacks(access, signal);
  if (opened.kind === "refused") return opened.reason;
  const stack = await opened.stacks.find(stackId);
  if (!stack) return undefined;
  if (!stackPlans.isOurs({ uuid }, stack)) return "its parameters do not say that it is ours";
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
