/**
 * Beginning an operation on a record: pure, so that the one write that commits it stays with the caller. An operation
 * put in the place of another (a delete supersedes whatever goes on) has a new id: what the old one's conductor still
 * writes is refused, and the new one begins when the old lease has ended.
 */
import type { JsonObject } from "../json.ts";
import { limits } from "../limits.ts";
import type { Operation, OutboxEvent, RecordShape, WorkRecord } from "./record.ts";

export interface OperationRequest {
  readonly id: string;
  readonly kind: string;
  readonly nowMs: number;
  readonly deadlineAtMs: number;
  readonly delegation?: JsonObject;
  readonly input?: JsonObject;
}

/** The record with the operation in place and due; its revision is left to the one who writes it. */
export function withOperation<State>(
  type: RecordShape<State>,
  record: WorkRecord<State>,
  request: OperationRequest,
  changes: Partial<State>,
): WorkRecord<State> {
  const operation: Operation = {
    id: request.id,
    kind: request.kind,
    version: 0,
    step: "",
    attempt: 0,
    bugs: 0,
    startedAtMs: request.nowMs,
    deadlineAtMs: request.deadlineAtMs,
    events: 1,
    ...(request.delegation && { delegation: request.delegation }),
    inherited: delegationsOf(record.operation),
    input: request.input ?? {},
    notes: {},
  };
  const started = operationEvent(type, { ...operation, events: 0 }, "start", request.nowMs, {});
  return {
    ...record,
    state: { ...record.state, ...changes },
    operation,
    dueAtMs: Math.max(request.nowMs, record.lease?.untilMs ?? 0),
    outbox: type.isSilent ? record.outbox : [...record.outbox, started],
  };
}

/** The record with an event that belongs to no operation; a settled record becomes due, only to tell it. */
export function withEvent<State>(record: WorkRecord<State>, event: OutboxEvent): WorkRecord<State> {
  const outbox = [...record.outbox, event].slice(-limits.engine.outboxEvents);
  return { ...record, outbox, dueAtMs: record.dueAtMs ?? event.atMs };
}

/** Every delegation that an operation answers for: its own and those of the operations that it superseded. */
export function delegationsOf(operation: Operation | undefined): JsonObject[] {
  if (!operation) return [];
  return operation.delegation ? [...operation.inherited, operation.delegation] : operation.inherited;
}

/** The id of an operation's first event, by which it is known for as long as its record has a history. */
export function startEventId(operationId: string): string {
  return `${operationId}.0`;
}

/** An event of the operation, named `<record type>.<kind>.<what>`; its id follows from the operation and its number. */
export function operationEvent<State>(
  type: RecordShape<State>,
  operation: Operation,
  what: string,
  atMs: number,
  data: JsonObject,
): OutboxEvent {
  return {
    id: `${operation.id}.${operation.events}`,
    type: `${type.type}.${operation.kind}.${what}`,
    atMs,
    data: { operation: operation.id, ...data },
  };
}
