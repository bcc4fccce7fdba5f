/**
 * Running one step and turning whatever comes of it into progress: the next step, a wait, a retry, a failure, an end.
 * Pure but for the step itself; the engine (conduct.ts) alone writes the progress.
 */
import { Transient, textOf } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { limits } from "../limits.ts";
import type { Clock, Log, Random } from "../ports.ts";
import { backoffMs } from "./backoff.ts";
import { operationEvent } from "./operation.ts";
import type {
  ActiveRecord,
  Operation,
  OperationDefinition,
  OutboxEvent,
  RecordType,
  Step,
  StepBudget,
  StepResult,
} from "./record.ts";
import { failed } from "./record.ts";

export interface StepPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What is to be written after a step. */
export interface Progress<State> {
  readonly changes: Partial<State>;
  /** The operation as it goes on; absent when it has ended. */
  readonly operation?: Operation;
  readonly afterMs: number;
  readonly events: readonly OutboxEvent[];
  /** The record itself is to go. */
  readonly gone: boolean;
}

type Attempt<State> =
  | StepResult<State>
  | { readonly kind: "retry"; readonly afterMs: number; readonly trouble: string; readonly bugs: number };

export async function runStep<Ports extends StepPorts, State>(
  ports: Ports,
  type: RecordType<Ports, State>,
  record: ActiveRecord<State>,
  budget: StepBudget,
): Promise<Progress<State>> {
  const definition = definitionOf(type, record.operation);
  const { operation } = record;
  const attempt =
    refuseToRun(ports, definition, operation) ??
    (await attemptStep(ports, stepOf(definition, operation), record, budget));
  return progressAfter(ports.log, { type, definition, record, nowMs: ports.clock.nowMs() }, attempt);
}

function stepOf<Ports, State>(definition: OperationDefinition<Ports, State>, operation: Operation): Step<Ports, State> {
  const found = [...definition.steps, ...definition.always].find((one) => one.name === operation.step);
  if (!found) throw new Transient(`step ${operation.step} of operation ${operation.kind} is not known here`);
  return found;
}

/**
 * The operation as a claim takes it: at its first, bound to the newest version that this conductor knows. One that it
 * does not know is not claimed, so that it stays free for a conductor that does.
 */
export function pinned<Ports, State>(type: RecordType<Ports, State>, operation: Operation): Operation {
  if (operation.version !== 0) {
    definitionOf(type, operation);
    return operation;
  }
  const versions = type.operations.filter((one) => one.kind === operation.kind);
  const newest = versions.sort((one, other) => other.version - one.version)[0];
  const first = newest?.steps[0];
  if (!newest || !first) throw new Transient(`operation ${operation.kind} is not known here`);
  return { ...operation, version: newest.version, step: first.name };
}

function definitionOf<Ports, State>(
  type: RecordType<Ports, State>,
  operation: Operation,
): OperationDefinition<Ports, State> {
  const found = type.operations.find((one) => one.kind === operation.kind && one.version === operation.version);
  // A deploy went back to code that does not know this version yet: another conductor may.
  if (!found) throw new Transient(`operation ${operation.kind} version ${operation.version} is not known here`);
  return found;
}

/** A step is not even tried when time is up; a cleaning step, when it was tried often enough. */
function refuseToRun<Ports, State>(
  ports: StepPorts,
  definition: OperationDefinition<Ports, State>,
  operation: Operation,
): StepResult<State> | undefined {
  const lately = operation.trouble ? `; last: ${operation.trouble}` : "";
  if (isCleaning(definition, operation)) {
    return operation.attempt > limits.engine.cleanupAttempts ? failed(`gave up${lately}`) : undefined;
  }
  const isLate = ports.clock.nowMs() >= operation.deadlineAtMs;
  if (!isLate || definition.steps.some((one) => one.name === operation.step && one.hasNoWayBack)) return undefined;
  const minutes = Math.round((operation.deadlineAtMs - operation.startedAtMs) / 60_000);
  return failed(`timed out after ${minutes} minutes in step ${operation.step}${lately}`);
}

async function attemptStep<Ports extends StepPorts, State>(
  ports: Ports,
  step: Step<Ports, State>,
  record: ActiveRecord<State>,
  budget: StepBudget,
): Promise<Attempt<State>> {
  const { operation } = record;
  const facts = { key: record.key.pk, operation: operation.id, step: step.name, attempt: operation.attempt };
  try {
    return await step.run(ports, record, budget);
  } catch (thrown) {
    if (thrown instanceof Transient) {
      ports.log.write("info", "step-retries", { ...facts, reason: thrown.message });
      return {
        kind: "retry",
        afterMs: backoffMs(ports.random, operation.attempt, thrown.retryAfterMs),
        trouble: thrown.message,
        bugs: 0,
      };
    }
    const bugs = operation.bugs + 1;
    ports.log.write("error", "step-threw", {
      ...facts,
      bugs,
      reason: textOf(thrown),
      stack: thrown instanceof Error ? thrown.stack : undefined,
    });
    if (bugs >= limits.engine.bugAttempts)
      return failed(`internal error in step ${step.name} (reference ${operation.id})`);
    return {
      kind: "retry",
      afterMs: backoffMs(ports.random, bugs),
      trouble: `internal error in step ${step.name}`,
      bugs,
    };
  }
}

/** What happened to an operation's step, on the way to being written. */
interface Turn<Ports, State> {
  readonly type: RecordType<Ports, State>;
  readonly definition: OperationDefinition<Ports, State>;
  readonly record: ActiveRecord<State>;
  readonly nowMs: number;
}

function progressAfter<State, Ports extends StepPorts>(
  log: Log,
  turn: Turn<Ports, State>,
  attempt: Attempt<State>,
): Progress<State> {
  const { definition, record } = turn;
  const { operation } = record;
  switch (attempt.kind) {
    case "again":
      return waiting(attempt.changes, fresh(operation, attempt.notes), attempt.afterMs);
    case "retry": {
      const trouble = attempt.trouble.slice(0, limits.engine.statusReasonChars);
      return retrying(turn, { ...operation, trouble, bugs: attempt.bugs }, attempt.afterMs);
    }
    case "done":
      return goOn(turn, fresh(operation, attempt.notes), attempt.changes, stepEvent(turn, "step", {}));
    case "failed": {
      if (isCleaning(definition, operation)) {
        log.write("warning", "left-behind", {
          key: record.key.pk,
          operation: operation.id,
          step: operation.step,
          reason: attempt.reason,
        });
        const reason = attempt.reason.slice(0, limits.engine.statusReasonChars);
        return goOn(turn, fresh(operation, {}), attempt.changes, stepEvent(turn, "left-behind", { reason }));
      }
      const reason = attempt.reason.slice(0, limits.engine.statusReasonChars);
      return goOn(
        turn,
        { ...fresh(operation, {}), failure: reason },
        attempt.changes,
        stepEvent(turn, "failed", { reason }),
      );
    }
    default:
      return attempt satisfies never;
  }
}

function waiting<State>(changes: Partial<State>, operation: Operation, afterMs: number): Progress<State> {
  return { changes, operation, afterMs, events: [], gone: false };
}

/** Told when the reason is a new one, and then ever more seldom. */
function retrying<Ports, State>(turn: Turn<Ports, State>, operation: Operation, afterMs: number): Progress<State> {
  const { trouble: before, attempt, retriesTold = 0 } = turn.record.operation;
  const isNews = operation.trouble !== before || (attempt & (attempt - 1)) === 0;
  if (!isNews || retriesTold >= limits.engine.retryEvents) return waiting({}, operation, afterMs);
  const event = stepEvent(turn, "retry", { reason: operation.trouble ?? "", retry_after_ms: afterMs });
  const told = { ...operation, retriesTold: retriesTold + 1, events: operation.events + 1 };
  return { ...waiting<State>({}, told, afterMs), events: [event] };
}

function stepEvent<Ports, State>(
  { type, record, nowMs }: Turn<Ports, State>,
  what: string,
  data: JsonObject,
): OutboxEvent {
  const { operation } = record;
  const { step, attempt, stepStartedAtMs = operation.startedAtMs } = operation;
  const tookMs = Math.max(0, nowMs - stepStartedAtMs);
  return operationEvent(type, operation, what, nowMs, { step, attempts: attempt, took_ms: tookMs, ...data });
}

function isCleaning<Ports, State>(definition: OperationDefinition<Ports, State>, operation: Operation): boolean {
  return definition.always.some((one) => one.name === operation.step);
}

function fresh(operation: Operation, notes: JsonObject): Operation {
  const { trouble: _trouble, ...rest } = operation;
  return { ...rest, attempt: 0, bugs: 0, notes: { ...operation.notes, ...notes } };
}

/** The step that comes after the operation's present one: a failure goes straight to the cleaning steps. */
function nextStep<Ports, State>(
  definition: OperationDefinition<Ports, State>,
  operation: Operation,
): Step<Ports, State> | undefined {
  const all = [...definition.steps, ...definition.always];
  const following = all.slice(all.findIndex((one) => one.name === operation.step) + 1);
  return operation.failure === undefined ? following[0] : following.find((one) => definition.always.includes(one));
}

/** On to the next step, or, when there is none, to the operation's end. */
function goOn<Ports, State>(
  turn: Turn<Ports, State>,
  operation: Operation,
  changes: Partial<State>,
  event: OutboxEvent,
): Progress<State> {
  const { definition, record, type, nowMs } = turn;
  const next = nextStep(definition, operation);
  if (next) {
    const onward = { ...operation, step: next.name, stepStartedAtMs: nowMs, attempt: 1, events: operation.events + 1 };
    return { changes, operation: onward, afterMs: 0, events: [event], gone: false };
  }
  const { failure } = operation;
  const outcome =
    failure === undefined ? ({ kind: "succeeded" } as const) : ({ kind: "failed", reason: failure } as const);
  const ending = definition.end({ ...record.state, ...changes }, outcome, nowMs);
  const numbered = { ...operation, events: operation.events + 1 };
  const ended =
    outcome.kind === "succeeded"
      ? operationEvent(type, numbered, "end", nowMs, {})
      : operationEvent(type, numbered, "error", nowMs, { reason: outcome.reason });
  const gone = ending.kind === "removed";
  return { changes: gone ? changes : { ...changes, ...ending.changes }, afterMs: 0, events: [event, ended], gone };
}
