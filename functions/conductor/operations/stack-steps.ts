/**
 * The steps about a Heat stack, whoever's it is: a bay's or a node group's. The stack's name holds its owner's uuid, so a
 * repeated step finds the stack made before; a stack is adopted only when it bears our mark. Each operation tags the stack
 * with its own id: so a step can tell whether the update that it sees finished is its own.
 */
import { Transient } from "@jeroboam/core/errors";
import type { Delegation } from "@jeroboam/core/identity/delegation";
import type { ActiveRecord, Operation, Step, StepBudget, StepResult } from "@jeroboam/core/operation/record";
import { again, done, failed, leaseHolderOf } from "@jeroboam/core/operation/record";
import type { BayStatus } from "@jeroboam/core/bay/bay";
import { expectedMs, learnEnd, NOTE, pollAfterMs } from "./expected-end.ts";
import type { ConductorPorts, Refused, Stack, StackChange, StackPlan, Stacks } from "../ports.ts";

/** So many deletes that Heat could not finish, and the owner says so. */
const DELETE_FAILURES = 3;
export const BUSY_MS = 2_000;
const POLL_LEAST_MS = 1_000;
const OPERATION_TAG = "jeroboam-operation-";

/** The tag by which an operation knows its own work on a stack. */
export function operationTag(operation: Pick<Operation, "id">): string {
  return `${OPERATION_TAG}${operation.id}`;
}

/** Whether it is such a one, of whatever operation. */
export function isOperationTag(tag: string): boolean {
  return tag.startsWith(OPERATION_TAG);
}

/** What a record that has a stack holds of it. */
export interface StackOwner {
  readonly stackId: string | null;
  readonly status: BayStatus;
  readonly statusReason: string | null;
  readonly nodeCount: number;
  readonly stackSeen?: string | undefined;
  readonly stackUnread?: { readonly seen: string; readonly atMs: number } | undefined;
}

/** Whose stack it is, and what it is to be. */
export interface StackSubject<State extends StackOwner, Specification> {
  /** For texts: `the bay's`. */
  readonly whose: string;
  read(ports: ConductorPorts, state: State): Promise<Specification | undefined>;
  access(state: State, specification: Specification): { readonly delegation: Delegation; readonly context: string };
  nameOf(ports: ConductorPorts, state: State): string;
  /** Names those whose stacks take about as long. */
  alike(state: State): string;
  isOurs(ports: ConductorPorts, state: State, stack: Stack): boolean;
  /** What Heat is to make; `stacks` to look at others. */
  plan(
    ports: ConductorPorts,
    record: ActiveRecord<State>,
    specification: Specification,
    stacks: Stacks,
  ): Promise<StackPlan | Refused>;
  /** What is to change for this operation; a refusal changes nothing. */
  planUpdate(
    ports: ConductorPorts,
    record: ActiveRecord<State>,
    specification: Specification,
    stack: Stack,
  ): Promise<StackChange | Refused>;
  /**
   * Keeps what the finished stack says, as long as the lease lives: who slept since it looked has what was true before.
   * How many workers the stack lists, none where its template does not list them.
   */
  keepOutputs(ports: ConductorPorts, record: ActiveRecord<State>, stack: Stack): Promise<{ readonly workers: number }>;
}

type StackStep<State, Specification> = (
  ports: ConductorPorts,
  record: ActiveRecord<State>,
  stacks: Stacks,
  specification: Specification,
) => Promise<StepResult<State>>;

export interface StackSteps<State> {
  /** Makes the stack exist. */
  readonly ensureStack: Step<ConductorPorts, State>;
  /** Waits until the stack that was made is complete. */
  readonly awaitStackCreated: Step<ConductorPorts, State>;
  /** Asks Heat for what is to change, once an operation. */
  readonly ensureStackUpdated: Step<ConductorPorts, State>;
  /** Waits until this operation's own update is complete. */
  readonly awaitStackUpdated: Step<ConductorPorts, State>;
  /** Makes the stack be gone; a delete that Heat could not finish is asked for again, a few times. */
  readonly ensureStackGone: Step<ConductorPorts, State>;
}

export function specificationMissing(whose: string): string {
  return `${whose} specification is missing`;
}

/** A step that needs Heat: without access the operation fails with the cloud's own reason. */
export function withStacks<State extends StackOwner, Specification>(
  subject: StackSubject<State, Specification>,
  name: string,
  run: StackStep<State, Specification>,
  isCleanup = false,
): Step<ConductorPorts, State> {
  return {
    name,
    async run(ports, record, { signal }: StepBudget) {
      const specification = await subject.read(ports, record.state);
      if (!specification) return isCleanup ? done() : failed(specificationMissing(subject.whose));
      const access = { ...subject.access(record.state, specification), isCleanup };
      const opened = await ports.cloud.stacks(access, signal);
      if (opened.kind === "refused") return failed(opened.reason);
      return run(
        ports,
        record,
        fenced(opened.stacks, () => isHeld(record, ports)),
        specification,
      );
    },
  };
}

/**
 * Heat changes nothing for a conductor whose lease has ended: one that slept in the middle of a step may wake when
 * another has done its work, and the operation is over. What it had sent before that is as late as it is.
 */
export function fenced(stacks: Stacks, isOurs: () => Promise<boolean>): Stacks {
  const guarded = async <Result>(change: () => Promise<Result>): Promise<Result> => {
    if (await isOurs()) return await change();
    throw leaseEnded();
  };
  return {
    ...stacks,
    create: (stack) => guarded(() => stacks.create(stack)),
    update: (stack, change) => guarded(() => stacks.update(stack, change)),
    remove: (stack) => guarded(() => stacks.remove(stack)),
  };
}

function leaseEnded(): Transient {
  return new Transient("the conductor's lease has ended");
}

/** Throws where the lease has ended. Asked between a read and the write that is conditional on it, it is as good as one. */
export async function requireHeld<State>(record: ActiveRecord<State>, ports: ConductorPorts): Promise<void> {
  if (!(await isHeld(record, ports))) throw leaseEnded();
}

/** As the table says at this moment: clocks differ, and one that slept does not know for how long. */
export async function isHeld<State>(
  { key, lease }: ActiveRecord<State>,
  { clock, table }: ConductorPorts,
): Promise<boolean> {
  if (!lease) return false;
  const item = await table.get(key);
  // Its own clock last: it may have slept since it asked.
  return item !== undefined && leaseHolderOf(item) === lease.holder && clock.nowMs() < lease.untilMs;
}

export function stackSteps<State extends StackOwner, Specification>(
  subject: StackSubject<State, Specification>,
): StackSteps<State> {
  return {
    ensureStack: withStacks(subject, "ensure-stack", (...run) => ensureStack(subject, ...run)),
    awaitStackCreated: withStacks(subject, "await-stack", (ports, record, stacks) =>
      awaitStack(subject, ports, record, stacks),
    ),
    ensureStackUpdated: withStacks(subject, "ensure-stack-updated", (...run) => ensureUpdated(subject, ...run)),
    awaitStackUpdated: withStacks(subject, "await-stack", (ports, record, stacks) =>
      awaitStack(subject, ports, record, stacks, operationTag(record.operation)),
    ),
    ensureStackGone: withStacks(
      subject,
      "ensure-stack-gone",
      (ports, record, stacks) => ensureGone(subject, ports, record, stacks),
      true,
    ),
  };
}

async function ensureStack<State extends StackOwner, Specification>(
  subject: StackSubject<State, Specification>,
  ports: ConductorPorts,
  record: ActiveRecord<State>,
  stacks: Stacks,
  specification: Specification,
): Promise<StepResult<State>> {
  const { state, operation } = record;
  const name = subject.nameOf(ports, state);
  const found = await stacks.find({ name, id: null });
  if (found)
    return subject.isOurs(ports, state, found)
      ? done(asChanges({ stackId: found.id }))
      : failed(foreignStack(subject, name));
  const plan = await subject.plan(ports, record, specification, stacks);
  if ("kind" in plan) return failed(plan.reason);
  const made = await stacks.create({ ...plan, name, tags: [...plan.tags, operationTag(operation)] });
  switch (made.kind) {
    case "made":
      return done(asChanges({ stackId: made.id }));
    case "exists":
      // Another run of this step won the race: the next look finds its stack.
      return again(POLL_LEAST_MS);
    case "refused":
      return failed(made.reason);
    default:
      return made satisfies never;
  }
}

async function ensureUpdated<State extends StackOwner, Specification>(
  subject: StackSubject<State, Specification>,
  ports: ConductorPorts,
  record: ActiveRecord<State>,
  stacks: Stacks,
  specification: Specification,
): Promise<StepResult<State>> {
  const { state, operation } = record;
  const stack = await findStack(stacks, subject.nameOf(ports, state), state);
  if (!stack) return failed(vanishedStack(subject, state), givenUp(record));
  if (stack.tags.includes(operationTag(operation))) return done();
  if (stack.progress === "IN_PROGRESS") return again(BUSY_MS);
  const change = await subject.planUpdate(ports, record, specification, stack);
  if ("kind" in change) return failed(change.reason, givenUp(record));
  return updateStack(stacks, stack, change, operationTag(operation), record);
}

/** Asks Heat for the change, under the tag by which it is known again. */
export async function updateStack<State extends StackOwner>(
  stacks: Stacks,
  stack: Stack,
  change: StackChange,
  tag: string,
  record: ActiveRecord<State>,
): Promise<StepResult<State>> {
  const updated = await stacks.update(stack, { ...change, tags: [...change.tags, tag] });
  switch (updated.kind) {
    case "accepted":
      return done();
    case "busy":
      return again(BUSY_MS);
    case "refused":
      return failed(updated.reason, givenUp(record));
    default:
      return updated satisfies never;
  }
}

/** Heat took nothing of it: the count is what it was (cluster sheet 17.3). */
function givenUp<State extends StackOwner>({ operation }: ActiveRecord<State>): Partial<State> {
  const { previousNodeCount } = operation.input;
  return asChanges(typeof previousNodeCount === "number" ? { nodeCount: previousNodeCount } : {});
}

/** What every owner of a stack holds, of the one at hand. */
function asChanges<State extends StackOwner>(changes: Partial<StackOwner>): Partial<State> {
  return changes as Partial<State>;
}

/** Waits for the stack's end; with a tag, for that of the update which bears it. */
async function awaitStack<State extends StackOwner, Specification>(
  subject: StackSubject<State, Specification>,
  ports: ConductorPorts,
  record: ActiveRecord<State>,
  stacks: Stacks,
  tag?: string,
): Promise<StepResult<State>> {
  const { state, operation } = record;
  const stack = await findStack(stacks, subject.nameOf(ports, state), state);
  // Heat shows the update a moment after it took it.
  if (stack && tag !== undefined && !stack.tags.includes(tag)) return again(POLL_LEAST_MS);
  if (!stack || stack.action === "DELETE") return failed(vanishedStack(subject, state));
  const isRollback = stack.action === "ROLLBACK";
  const seen = { stackSeen: stack.seen };
  switch (stack.progress) {
    case "IN_PROGRESS": {
      const notes = { [NOTE]: await expectedMs(ports.table, subject.alike(state), operation) };
      return again(
        pollAfterMs(ports.clock.nowMs(), { ...operation, notes }, record.nudge),
        asChanges<State>(isRollback ? { status: "ROLLBACK_IN_PROGRESS" } : {}),
        notes,
      );
    }
    case "COMPLETE": {
      await subject.keepOutputs(ports, record, stack);
      await learnEnd(ports.table, subject.alike(state), operation, ports.clock.nowMs());
      if (isRollback)
        return failed(rolledBack(stack), asChanges({ ...givenUp(record), ...seen, status: "ROLLBACK_COMPLETE" }));
      return done(asChanges({ stackId: stack.id, ...seen, statusReason: stack.reason }));
    }
    case "FAILED": {
      const status = isRollback ? ({ status: "ROLLBACK_FAILED" } as const) : {};
      return failed(await failureOf(stacks, stack), asChanges({ ...seen, ...status }));
    }
    default:
      return stack.progress satisfies never;
  }
}

async function ensureGone<State extends StackOwner, Specification>(
  subject: StackSubject<State, Specification>,
  ports: ConductorPorts,
  { state, operation }: ActiveRecord<State>,
  stacks: Stacks,
): Promise<StepResult<State>> {
  const stack = await findStack(stacks, subject.nameOf(ports, state), state);
  // A stack that only bears the name is somebody else's.
  if (!stack || !subject.isOurs(ports, state, stack)) return done();
  if (stack.action === "DELETE" && stack.progress === "IN_PROGRESS")
    return again(pollAfterMs(ports.clock.nowMs(), operation), {}, { deleteAsked: true });
  const failures = Number(operation.notes["deleteFailures"] ?? 0);
  if (stack.action === "DELETE") {
    // A failure is counted by a write of its own, before anything is asked again: so none is counted twice or not at all.
    if (operation.notes["deleteAsked"] === true)
      return again(0, {}, { deleteAsked: false, deleteFailures: failures + 1 });
    if (failures >= DELETE_FAILURES) return failed(await failureOf(stacks, stack));
  }
  const removed = await stacks.remove(stack);
  switch (removed.kind) {
    case "accepted":
      return again(BUSY_MS, {}, { deleteAsked: true });
    case "busy":
      return again(BUSY_MS);
    case "refused":
      return failed(removed.reason);
    default:
      return removed satisfies never;
  }
}

/** By its id where it is known; else, when a crash came between Heat's reply and our note of it, by its name. */
export async function findStack(stacks: Stacks, name: string, { stackId }: StackOwner): Promise<Stack | undefined> {
  const known = stackId === null ? undefined : await stacks.find({ name, id: stackId });
  return known ?? stacks.find({ name, id: null });
}

export async function failureOf(stacks: Stacks, stack: Stack): Promise<string> {
  const failures = await stacks.failures(stack);
  return failures.length > 0 ? failures.join("; ") : stack.reason || `stack ${stack.name} is ${stack.action}_FAILED`;
}

function rolledBack(stack: Stack): string {
  return `the update failed and was rolled back: ${stack.reason}`;
}

export function vanishedStack({ whose }: { readonly whose: string }, { stackId }: StackOwner): string {
  return stackId === null
    ? `${whose} stack was not found in Heat`
    : `stack ${stackId} was not found in Heat: somebody deleted it`;
}

function foreignStack({ whose }: { readonly whose: string }, name: string): string {
  return `a stack named ${name} exists in the project and is not ${whose}; delete or rename it`;
}
