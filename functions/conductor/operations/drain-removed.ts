/**
 * Which nodes a resize takes, decided once and noted, and their work given to others before they go (drain.ts): those that
 * were named, and where the count asks for more, those that have least to do as the bay's engine says. Where it does not
 * say, Heat takes the newest. Masters are in no group of workers, so none can go.
 */
import { chooseWorkers } from "@jeroboam/coe/choose-workers";
import type { NodeLoad } from "@jeroboam/coe/engines/container-engine";
import type { Member } from "@jeroboam/core/bay/bay-nodes";
import { resizeInputSchema } from "@jeroboam/core/node-group/resize-input";
import type { ActiveRecord, Operation, Step, StepResult } from "@jeroboam/core/operation/record";
import { again, done } from "@jeroboam/core/operation/record";
import { z } from "zod";
import type { ConductorPorts, Refused, Stack, Stacks } from "../ports.ts";
import { chooseRemovals } from "./choose-removals.ts";
import type { DrainedBay } from "./drain.ts";
import { drainNodes } from "./drain.ts";
import { openBay } from "./resources/bay-engine.ts";
import type { StackOwner, StackSubject } from "./stack-steps.ts";
import { BUSY_MS, findStack, operationTag, withStacks } from "./stack-steps.ts";

export interface DrainSubject<State extends StackOwner, Specification> {
  readonly stack: StackSubject<State, Specification>;
  members(ports: ConductorPorts, specification: Specification, stack: Stack): readonly Member[];
  bayOf(state: State): DrainedBay;
}

const notesSchema = z.object({ removals: z.array(z.string()).optional() });

/** Those that were decided on, as far as they are still there; else those that were named. */
export function removalsOf(
  operation: Operation,
  members: readonly Member[],
): { readonly kind: "members"; readonly members: readonly Member[] } | Refused {
  const { removals } = notesSchema.parse(operation.notes);
  if (!removals) return chooseRemovals(members, resizeInputSchema.parse(operation.input));
  return { kind: "members", members: members.filter(({ index }) => removals.includes(index)) };
}

export function drainRemoved<State extends StackOwner, Specification>(
  subject: DrainSubject<State, Specification>,
): Step<ConductorPorts, State> {
  return withStacks(subject.stack, "drain-removed", (ports, record, stacks, specification) =>
    drain(subject, ports, record, stacks, specification),
  );
}

async function drain<State extends StackOwner, Specification>(
  subject: DrainSubject<State, Specification>,
  ports: ConductorPorts,
  { state, operation }: ActiveRecord<State>,
  stacks: Stacks,
  specification: Specification,
): Promise<StepResult<State>> {
  const { nodesToRemove, carriedNodes, previousNodeCount } = resizeInputSchema.parse(operation.input);
  const isNaming = nodesToRemove.length + carriedNodes.length > 0;
  if (!isNaming && state.nodeCount >= previousNodeCount) return done();
  const stack = await findStack(stacks, subject.stack.nameOf(ports, state), state);
  // What is wrong with it the next step says.
  if (!stack || stack.tags.includes(operationTag(operation))) return done();
  if (stack.progress === "IN_PROGRESS") return again(BUSY_MS);
  const members = subject.members(ports, specification, stack);
  const removals = removalsOf(operation, members);
  if (removals.kind === "refused") return done();
  if (notesSchema.parse(operation.notes).removals === undefined) {
    const loads = await readLoads(ports, subject.bayOf(state));
    const chosen = loads ? leastLoaded(members, removals.members, state.nodeCount, loads) : removals.members;
    return again(0, {}, { removals: chosen.map(({ index }) => index) });
  }
  const drained = await drainNodes(ports, subject.bayOf(state), removals.members, operation);
  return drained.kind === "draining" ? again(drained.afterMs, {}, drained.notes) : done();
}

/** Undefined: the engine does not say. */
async function readLoads(ports: ConductorPorts, bay: DrainedBay): Promise<readonly NodeLoad[] | undefined> {
  const opened = await openBay(ports, bay);
  if (opened.kind !== "open") return undefined;
  const listed = await opened.engine.listNodeLoads();
  return listed.kind === "listed" ? listed.objects : undefined;
}

function leastLoaded(
  members: readonly Member[],
  named: readonly Member[],
  remaining: number,
  loads: readonly NodeLoad[],
): readonly Member[] {
  const workers = members.map((member) => ({ ...member, privateAddress: null }));
  const chosen = chooseWorkers({ workers, remaining, named: named.map(({ index }) => index), loads });
  return chosen.kind === "chosen" ? chosen.workers : named;
}
