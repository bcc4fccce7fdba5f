/**
 * Upgrading workers, of a bay or of a node group: a few at a time are replaced by new ones of the newer image and versions
 * (cluster sheet 8.8). First Heat is told what new workers are, and that those that run keep their image: that touches
 * none. Then batch by batch, each awaited, the old ones are taken out of the group, and Heat makes others in their place.
 * Which are old, the stack itself says: so the work goes on wherever it stopped, also in a later upgrade.
 */
import type { Member } from "@jeroboam/core/bay/bay-nodes";
import { limits } from "@jeroboam/core/limits";
import { upgradeInputSchema } from "@jeroboam/core/node-group/upgrade-input";
import type { ActiveRecord, Operation, Step, StepResult } from "@jeroboam/core/operation/record";
import { again, done, failed } from "@jeroboam/core/operation/record";
import type { ConductorPorts, Refused, Stack, StackChange, Stacks } from "../ports.ts";
import { pinnedImages } from "../pinned-images.ts";
import { drainNodes } from "./drain.ts";
import type { DrainedBay } from "./drain.ts";
import { pollAfterMs } from "./expected-end.ts";
import type { StackOwner, StackSubject } from "./stack-steps.ts";
import { BUSY_MS, failureOf, findStack, updateStack, vanishedStack, withStacks } from "./stack-steps.ts";

export interface UpgradeSubject<State extends StackOwner, Specification> {
  readonly stack: StackSubject<State, Specification>;
  /** What new workers are from now on, and the images of those that are there. */
  planUpgrade(
    ports: ConductorPorts,
    state: State,
    specification: Specification,
    stack: Stack,
    stacks: Stacks,
  ): Promise<StackChange | Refused>;
  members(ports: ConductorPorts, specification: Specification, stack: Stack): readonly Member[];
  /** The group's present count, without these. */
  planRemoval(
    ports: ConductorPorts,
    state: State,
    specification: Specification,
    members: readonly Member[],
  ): StackChange | Refused;
  bayOf(state: State): DrainedBay;
}

export function upgradeSteps<State extends StackOwner, Specification>(
  subject: UpgradeSubject<State, Specification>,
): readonly Step<ConductorPorts, State>[] {
  return [
    withStacks(subject.stack, "announce-upgrade", (...run) => announce(subject, run)),
    withStacks(subject.stack, "replace-workers", (...run) => replaceWorkers(subject, run)),
  ];
}

type Run<State, Specification> = readonly [
  ports: ConductorPorts,
  record: ActiveRecord<State>,
  stacks: Stacks,
  specification: Specification,
];

async function announce<State extends StackOwner, Specification>(
  subject: UpgradeSubject<State, Specification>,
  [ports, record, stacks, specification]: Run<State, Specification>,
): Promise<StepResult<State>> {
  const { state, operation } = record;
  const stack = await findStack(stacks, subject.stack.nameOf(ports, state), state);
  if (!stack) return failed(vanishedStack(subject.stack, state));
  if (isAnnounced(stack, operation)) return done();
  if (stack.progress === "IN_PROGRESS") return again(BUSY_MS);
  const change = await subject.planUpgrade(ports, state, specification, stack, stacks);
  if ("kind" in change) return failed(change.reason);
  return updateStack(stacks, stack, change, tagOf(operation), record);
}

async function replaceWorkers<State extends StackOwner, Specification>(
  subject: UpgradeSubject<State, Specification>,
  [ports, record, stacks, specification]: Run<State, Specification>,
): Promise<StepResult<State>> {
  const { state, operation } = record;
  const stack = await findStack(stacks, subject.stack.nameOf(ports, state), state);
  if (!stack || stack.action === "DELETE") return failed(vanishedStack(subject.stack, state));
  const isOurs = isAnnounced(stack, operation);
  if (stack.progress === "IN_PROGRESS") return again(pollAfterMs(ports.clock.nowMs(), operation));
  if (!isOurs) return announceAgain(subject, [ports, record, stacks, specification], stack);
  await subject.stack.keepOutputs(ports, record, stack);
  if (stack.progress === "FAILED")
    return failed(await failureOf(stacks, stack), { stackSeen: stack.seen } as Partial<State>);
  const old = oldMembers(subject.members(ports, specification, stack), stack);
  const { maxBatchSize, scope } = upgradeInputSchema.parse(operation.input);
  // Of masters alone: what a resize wants meanwhile is done all the same.
  const batch = scope === "masters" ? [] : old.slice(0, maxBatchSize);
  const change = subject.planRemoval(ports, state, specification, batch);
  if ("kind" in change) return failed(change.reason);
  if (batch.length === 0 && hasCount(stack, change))
    return done({ stackId: stack.id, stackSeen: stack.seen, statusReason: stack.reason } as Partial<State>);
  const drained = await drainNodes(ports, subject.bayOf(state), batch, operation);
  if (drained.kind === "draining") return again(drained.afterMs, {}, drained.notes);
  const part = `-${batch.map(({ index }) => index).join(".")}`;
  const updated = await updateStack(stacks, stack, change, `${tagOf(operation)}${part}`, record);
  return updated.kind === "done" ? again(BUSY_MS) : updated;
}

/**
 * Heat shows an update a moment after it took it. Later than that, a call of before has come late and taken the tag: what was
 * announced stands, and is known by its tag again.
 */
async function announceAgain<State extends StackOwner, Specification>(
  subject: UpgradeSubject<State, Specification>,
  [ports, record, stacks, specification]: Run<State, Specification>,
  stack: Stack,
): Promise<StepResult<State>> {
  const { state, operation } = record;
  const nowMs = ports.clock.nowMs();
  const later = again<State>(pollAfterMs(nowMs, operation));
  const { stepStartedAtMs = operation.startedAtMs } = operation;
  if (nowMs - stepStartedAtMs < limits.rotation.tellAgainMs) return later;
  const change = subject.planRemoval(ports, state, specification, []);
  if ("kind" in change) return failed(change.reason);
  const updated = await updateStack(stacks, stack, change, `${tagOf(operation)}-again`, record);
  return updated.kind === "done" ? later : updated;
}

/** Whatever this upgrade does with the stack begins with this tag. */
function tagOf({ input }: Operation): string {
  return `jeroboam-upgrade-${upgradeInputSchema.parse(input).upgradeId}`;
}

function isAnnounced({ tags }: Stack, operation: Operation): boolean {
  return tags.some((tag) => tag.startsWith(tagOf(operation)));
}

/** Whether the stack has as many workers as it is to have: a resize may have come meanwhile. */
function hasCount(stack: Stack, { parameters }: StackChange): boolean {
  return Object.entries(parameters).every(
    ([name, value]) => typeof value !== "number" || String(stack.parameters[name]) === String(value),
  );
}

/** Those whose images the announcement kept, as far as they are still there. */
function oldMembers(members: readonly Member[], stack: Stack): readonly Member[] {
  const pinned = pinnedImages(stack);
  return members.filter(({ index }) => Object.hasOwn(pinned, index));
}
