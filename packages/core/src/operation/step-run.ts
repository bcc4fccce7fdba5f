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
  const isCleaning = definition.always.some((one) => one.name === operation.step);
  const attempt =
    refuseToRun(ports, operation, isCleaning) ??
    (await attemptStep(ports, stepOf(definition, operation), record, budget));
  return progressAfter(ports, type, definition, record, attempt);
}

function stepOf<Ports, State>(definition: OperationDefinition<Ports, State>, operation: Operation): Step<Ports, State> {
  const found = [...definition.steps, ...definition.always].find((one) => one.name === operation.step);
  if (!found) throw new Transient(`step ${operation.step} of operation ${operation.kind} is not known here`);
  return found;
}

/** The operation as its first claim finds it: bound to the newest version that this conductor knows, at its first step. */
export function pinned<Ports, State>(type: RecordType<Ports, State>, operation: Operation): Operation {
  if (operation.version !== 0) return operation;
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

/** The reasons for which a step is not even tried: time is up, or it kills its conductor again and again. */
function refuseToRun<State>(
  ports: StepPorts,
  operation: Operation,
  isCleaning: boolean,
): StepResult<State> | undefined {
  if (isCleaning) {
    return operation.attempt > limits.engine.cleanupAttempts ? failed("") : undefined;
  }
  const lately = operation.trouble ? `; last: ${operation.trouble}` : "";
  if (ports.clock.nowMs() >= operation.deadlineAtMs) {
    const minutes = Math.round((operation.deadlineAtMs - operation.startedAtMs) / 60_000);
    return failed(`timed out after ${minutes} minutes in step ${operation.step}${lately}`);
  }
  if (operation.attempt > limits.engine.attempts) {
    return failed(`step ${operation.step} did not succeed in ${limits.engine.attempts} attempts${lately}`);
  }
  return undefined;
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

function progressAfter<Ports extends StepPorts, State>(
  ports: Ports,
  type: RecordType<Ports, State>,
  definition: OperationDefinition<Ports, State>,
  record: ActiveRecord<State>,
  attempt: Attempt<State>,
): Progress<State> {
  const { operation } = record;
  const nowMs = ports.clock.nowMs();
  const event = (what: string, data: JsonObject): OutboxEvent =>
    operationEvent(type, operation, what, nowMs, { step: operation.step, attempts: operation.attempt, ...data });
  switch (attempt.kind) {
    case "again":
      return {
        changes: attempt.changes,
        operation: { ...fresh(operation) },
        afterMs: attempt.afterMs,
        events: [],
        gone: false,
      };
    case "retry": {
      const next = {
        ...operation,
        trouble: attempt.trouble.slice(0, limits.engine.statusReasonChars),
        bugs: attempt.bugs,
      };
      return { changes: {}, operation: next, afterMs: attempt.afterMs, events: [], gone: false };
    }
    case "done":
      return goOn(ports, type, definition, record, attempt.changes, event("step", {}), nextStep(definition, operation));
    case "failed": {
      if (definition.always.some((one) => one.name === operation.step)) {
        ports.log.write("warning", "left-behind", {
          key: record.key.pk,
          operation: operation.id,
          step: operation.step,
          reason: attempt.reason,
        });
        return goOn(
          ports,
          type,
          definition,
          record,
          attempt.changes,
          event("left-behind", {}),
          nextStep(definition, operation),
        );
      }
      const reason = attempt.reason.slice(0, limits.engine.statusReasonChars);
      const failing = { ...record, operation: { ...operation, failure: reason } };
      return goOn(ports, type, definition, failing, attempt.changes, event("failed", { reason }), definition.always[0]);
    }
    default:
      return attempt satisfies never;
  }
}

function fresh(operation: Operation): Operation {
  const { trouble: _trouble, ...rest } = operation;
  return { ...rest, attempt: 0, bugs: 0 };
}

function nextStep<Ports, State>(
  definition: OperationDefinition<Ports, State>,
  operation: Operation,
): Step<Ports, State> | undefined {
  const all = operation.failure === undefined ? [...definition.steps, ...definition.always] : definition.always;
  return all[all.findIndex((one) => one.name === operation.step) + 1];
}

/** On to the next step, or, when there is none, to the operation's end. */
function goOn<Ports extends StepPorts, State>(
  ports: Ports,
  type: RecordType<Ports, State>,
  definition: OperationDefinition<Ports, State>,
  record: ActiveRecord<State>,
  changes: Partial<State>,
  event: OutboxEvent,
  next: Step<Ports, State> | undefined,
): Progress<State> {
  const operation = { ...fresh(record.operation), events: record.operation.events + 1 };
  if (next)
    return {
      changes,
      operation: { ...operation, step: next.name, attempt: 1 },
      afterMs: 0,
      events: [event],
      gone: false,
    };
  const { failure } = operation;
  const ending = definition.end(
    { ...record.state, ...changes },
    failure === undefined ? { kind: "succeeded" } : { kind: "failed", reason: failure },
  );
  const ended = operationEvent(
    type,
    operation,
    failure === undefined ? "end" : "error",
    ports.clock.nowMs(),
    failure === undefined ? {} : { reason: failure },
  );
  return ending.kind === "removed"
    ? { changes, afterMs: 0, events: [event, ended], gone: true }
    : { changes: { ...changes, ...ending.changes }, afterMs: 0, events: [event, ended], gone: false };
}
