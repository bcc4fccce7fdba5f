/**
 * The steps about a bay's Heat stack. Its name holds the bay's uuid, so a repeated step finds the stack made before; a
 * stack is adopted only when it bears our mark. Each operation tags the stack with its own id: so a step can tell whether
 * the update that it sees finished is its own.
 */
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import { delegationContext, secretContext } from "@jeroboam/core/bay/bay";
import { Transient } from "@jeroboam/core/errors";
import { changeSpecification, readSpecification } from "@jeroboam/core/bay/specification-store";
import type { ActiveRecord, Operation, Step, StepBudget, StepResult } from "@jeroboam/core/operation/record";
import { again, done, failed } from "@jeroboam/core/operation/record";
import type { ConductorPorts, Stack, Stacks } from "../ports.ts";
import { SPECIFICATION_MISSING } from "./specification.ts";

/** So many deletes that Heat could not finish, and the bay says so. */
const DELETE_FAILURES = 3;
const BUSY_MS = 2_000;
const POLL_LEAST_MS = 1_000;
const POLL_MOST_MS = 10_000;

/** Polling slows down with the operation's age: a tenth of it, between one second and ten. */
export function pollAfterMs(nowMs: number, operation: Operation): number {
  return Math.min(POLL_MOST_MS, Math.max(POLL_LEAST_MS, Math.floor((nowMs - operation.startedAtMs) / 10)));
}

/** The tag by which an operation knows its own work on a stack. */
export function operationTag(operation: Operation): string {
  return `jeroboam-operation-${operation.id}`;
}

type StackStep = (
  ports: ConductorPorts,
  record: ActiveRecord<Bay>,
  stacks: Stacks,
  specification: BaySpecification,
) => Promise<StepResult<Bay>>;

/** A step that needs Heat: without access the operation fails with the cloud's own reason. */
export function withStacks(name: string, run: StackStep, isCleanup = false): Step<ConductorPorts, Bay> {
  return {
    name,
    async run(ports, record, { signal }: StepBudget) {
      const specification = await readSpecification(ports.table, record.state);
      if (!specification) return isCleanup ? done() : failed(SPECIFICATION_MISSING);
      const { delegation } = specification;
      const access = { delegation, context: delegationContext(record.state), isCleanup };
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
function fenced(stacks: Stacks, isOurs: () => boolean): Stacks {
  const guarded = <Result>(change: () => Promise<Result>): Promise<Result> =>
    isOurs() ? change() : Promise.reject(new Transient("the conductor's lease has ended"));
  return {
    ...stacks,
    create: (stack) => guarded(() => stacks.create(stack)),
    update: (stack, change) => guarded(() => stacks.update(stack, change)),
    remove: (stack) => guarded(() => stacks.remove(stack)),
  };
}

/** As far as one can tell by one's own clock. */
function isHeld({ lease }: ActiveRecord<Bay>, { clock }: ConductorPorts): boolean {
  return lease !== undefined && clock.nowMs() < lease.untilMs;
}

/** Makes the bay's stack exist. */
export const ensureStack = withStacks(
  "ensure-stack",
  async ({ stackPlans, sealer }, { state: bay, operation }, stacks, specification) => {
    const name = stackPlans.nameOf(bay);
    const found = await stacks.find(name);
    if (found) return stackPlans.isOurs(bay, found) ? done({ stackId: found.id }) : failed(foreignStack(name));
    const credential = specification.nodeCredential;
    if (!credential?.user) return failed(SPECIFICATION_MISSING);
    const { user, userName, passwordSealed } = credential;
    const password = await sealer.open(passwordSealed, secretContext(bay, "node-password"));
    const plan = stackPlans.plan(bay, specification, { userId: user.id, domainId: user.domainId, userName, password });
    const made = await stacks.create({ ...plan, name, tags: [...plan.tags, operationTag(operation)] });
    switch (made.kind) {
      case "made":
        return done({ stackId: made.id });
      case "exists":
        // Another run of this step won the race: the next look finds its stack.
        return again(POLL_LEAST_MS);
      case "refused":
        return failed(made.reason);
      default:
        return made satisfies never;
    }
  },
);

/** Waits until the stack that was made is complete. */
export const awaitStackCreated = withStacks("await-stack", (ports, record, stacks) =>
  awaitStack(ports, record, stacks),
);

/** Asks Heat for the bay's present counts, once an operation. */
export const ensureStackUpdated = withStacks(
  "ensure-stack-updated",
  async ({ stackPlans }, { state: bay, operation }, stacks, specification) => {
    const stack = await findStack(stacks, stackPlans.nameOf(bay), bay);
    if (!stack) return failed(vanishedStack(bay));
    if (stack.tags.includes(operationTag(operation))) return done();
    if (stack.progress === "IN_PROGRESS") return again(BUSY_MS);
    const change = stackPlans.planScaling(bay, specification);
    const updated = await stacks.update(stack, { ...change, tags: [...change.tags, operationTag(operation)] });
    switch (updated.kind) {
      case "accepted":
        return done();
      case "busy":
        return again(BUSY_MS);
      case "refused":
        return failed(updated.reason);
      default:
        return updated satisfies never;
    }
  },
);

/** Waits until this operation's own update is complete. */
export const awaitStackUpdated = withStacks("await-stack", async (ports, record, stacks) => {
  const stack = await findStack(stacks, ports.stackPlans.nameOf(record.state), record.state);
  // Heat shows the update a moment after it took it.
  if (stack && !stack.tags.includes(operationTag(record.operation))) return again(POLL_LEAST_MS);
  return awaitStack(ports, record, stacks);
});

async function awaitStack(
  ports: ConductorPorts,
  { state: bay, operation }: ActiveRecord<Bay>,
  stacks: Stacks,
): Promise<StepResult<Bay>> {
  const stack = await findStack(stacks, ports.stackPlans.nameOf(bay), bay);
  if (!stack || stack.action === "DELETE") return failed(vanishedStack(bay));
  switch (stack.progress) {
    case "IN_PROGRESS":
      return again(pollAfterMs(ports.clock.nowMs(), operation));
    case "COMPLETE": {
      await changeSpecification(ports.table, bay, (current) => ports.stackPlans.readOutputs(current, stack.outputs));
      return done({ stackId: stack.id, stackSeen: stack.seen, statusReason: stack.reason });
    }
    case "FAILED":
      return failed(await failureOf(stacks, stack), { stackSeen: stack.seen });
    default:
      return stack.progress satisfies never;
  }
}

/** Makes the bay's stack be gone; a delete that Heat could not finish is asked for again, a few times. */
export const ensureStackGone = withStacks(
  "ensure-stack-gone",
  async ({ stackPlans, clock }, { state: bay, operation }, stacks) => {
    const stack = await findStack(stacks, stackPlans.nameOf(bay), bay);
    // A stack that only bears the name is somebody else's.
    if (!stack || !stackPlans.isOurs(bay, stack)) return done();
    if (stack.action === "DELETE" && stack.progress === "IN_PROGRESS")
      return again(pollAfterMs(clock.nowMs(), operation), {}, { deleteAsked: true });
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
  },
  true,
);

/** By its id where it is known; else, when a crash came between Heat's reply and our note of it, by its name. */
export async function findStack(stacks: Stacks, name: string, bay: Bay): Promise<Stack | undefined> {
  return (bay.stackId === null ? undefined : await stacks.find(bay.stackId)) ?? stacks.find(name);
}

export async function failureOf(stacks: Stacks, stack: Stack): Promise<string> {
  const failures = await stacks.failures(stack);
  return failures.length > 0 ? failures.join("; ") : stack.reason || `stack ${stack.name} is ${stack.action}_FAILED`;
}

function vanishedStack(bay: Bay): string {
  return bay.stackId === null
    ? "the bay's stack was not found in Heat"
    : `stack ${bay.stackId} was not found in Heat: somebody deleted it`;
}

function foreignStack(name: string): string {
  return `a stack named ${name} exists in the project and is not this bay's; delete or rename it`;
}
