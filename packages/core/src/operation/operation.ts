/**
 * Beginning an operation on a record: pure, so that the one write that commits it stays with the caller. An operation
 * put in the place of another (a delete supersedes whatever goes on) has a new id: what the old one's conductor still
 * writes is refused, and the new one begins when the old lease has ended.
 */
import type { JsonObject } from "../json.ts";
import type { Operation, OperationDefinition, OutboxEvent, RecordType, WorkRecord } from "./record.ts";

export interface OperationRequest {
  readonly id: string;
  readonly kind: string;
  readonly nowMs: number;
  readonly deadlineAtMs: number;
  readonly delegation?: JsonObject;
  readonly input?: JsonObject;
}

/** The newest definition of a kind. A kind that the type does not know is a bug. */
export function newestDefinition<Ports, State>(
  type: RecordType<Ports, State>,
  kind: string,
): OperationDefinition<Ports, State> {
  const versions = type.operations.filter((one) => one.kind === kind).sort((one, other) => other.version - one.version);
  const newest = versions[0];
  if (!newest) throw new Error(`${type.type} has no operation ${kind}`);
  return newest;
}

/** The record with the operation in place and due; its revision is left to the one who writes it. */
export function withOperation<Ports, State>(
  type: RecordType<Ports, State>,
  record: WorkRecord<State>,
  request: OperationRequest,
  changes: Partial<State>,
): WorkRecord<State> {
  const definition = newestDefinition(type, request.kind);
  const first = definition.steps[0];
  if (!first) throw new Error(`operation ${request.kind} has no steps`);
  const operation: Operation = {
    id: request.id,
    kind: request.kind,
    version: definition.version,
    step: first.name,
    attempt: 0,
    bugs: 0,
    startedAtMs: request.nowMs,
    deadlineAtMs: request.deadlineAtMs,
    events: 1,
    ...(request.delegation && { delegation: request.delegation }),
    input: request.input ?? {},
  };
  const started = operationEvent(type, { ...operation, events: 0 }, "start", request.nowMs, {});
  return {
    ...record,
    state: { ...record.state, ...changes },
    operation,
    dueAtMs: Math.max(request.nowMs, record.lease?.untilMs ?? 0),
    outbox: [...record.outbox, started],
  };
}

/** An event of the operation, named `<record type>.<kind>.<what>`; its id follows from the operation and its number. */
export function operationEvent<Ports, State>(
  type: RecordType<Ports, State>,
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
