/**
 * The operation engine. `conduct(key)` moves one record's operation on, as far as the invocation's budget lasts:
 *
 *   claim    one conditional write: there is work, it is due, nobody holds it -> the lease is ours, the attempt counted
 *   run      the current step
 *   commit   one conditional write: the step's changes, the next step or the end, the due time, events in the outbox
 *   publish  the outbox, whose events have deterministic ids; then clear it
 *
 * A conductor may die between any two lines here. What it had committed stands; what it had not is done again by the
 * next, which finds the record due when the lease has lapsed: every commit that keeps the lease sets the due time to
 * the lease's end. The lease saves work; correctness rests on the conditional writes and on steps that look before they
 * make. A record is found by a hint, or, when hints are lost, by the sweep (sweep.ts).
 */
import { Transient } from "../errors.ts";
import type { Publish } from "../event/event-source.ts";
import { eventSource } from "../event/event-source.ts";
import { limits } from "../limits.ts";
import type { Clock, Log, Random } from "../ports.ts";
import type { Queue } from "../queue/queue.ts";
import type { Key, Table } from "../table/table.ts";
import type { ProvisionalPorts } from "./provisional.ts";
import { isProvisional, settleProvisional } from "./provisional.ts";
import type { RecordType, WorkRecord } from "./record.ts";
import { recordFromItem, typeOfItem } from "./record.ts";
import { writeRecord } from "./record-write.ts";
import { type Progress, type StepPorts, pinned, runStep } from "./step-run.ts";

export interface EnginePorts extends StepPorts, ProvisionalPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly table: Table;
  readonly queue: Queue;
  readonly publish: Publish;
}

export interface Engine<Ports extends EnginePorts> {
  readonly ports: Ports;
  /** Names this conductor in leases and logs. */
  readonly name: string;
  readonly types: readonly RecordType<Ports, unknown>[];
}

/** The invocation's budget. */
export interface Budget {
  /** No further step begins after this. */
  readonly endsAtMs: number;
  /** Once this has fired no further step begins: the process wants to stop. */
  readonly stopping?: AbortSignal;
  /** Cuts the calls of the step in hand: the process must stop now. */
  readonly signal: AbortSignal;
}

export type ConductOutcome =
  /** There is nothing to do now: no record, no work, not due yet, or somebody else is at it. */
  | { readonly kind: "dropped"; readonly why: "absent" | "idle" | "early" | "leased" | "lost" }
  /** Moved on; the rest is due at that time, and a hint was sent. */
  | { readonly kind: "handed-over"; readonly dueAtMs: number }
  | { readonly kind: "ended" }
  /** Another operation took this one's place. */
  | { readonly kind: "superseded" };

type Held<State> = WorkRecord<State>;

export async function conduct<Ports extends EnginePorts>(
  engine: Engine<Ports>,
  key: Key,
  budget: Budget,
): Promise<ConductOutcome> {
  const item = await engine.ports.table.get(key);
  if (!item) return { kind: "dropped", why: "absent" };
  if (isProvisional(item)) return settleProvisional(engine.ports, item);
  const named = typeOfItem(item);
  // It was provisional when the hint was sent, and has been settled since.
  if (named === undefined) return { kind: "dropped", why: "idle" };
  const type = engine.types.find((one) => one.type === named);
  if (!type) throw new Error(`no conductor knows the record type of ${item.pk} ${item.sk}`);
  return conductRecord(engine, type, recordFromItem(type, item), budget);
}

async function conductRecord<Ports extends EnginePorts, State>(
  engine: Engine<Ports>,
  type: RecordType<Ports, State>,
  found: WorkRecord<State>,
  budget: Budget,
): Promise<ConductOutcome> {
  const claimed = await claim(engine, type, found);
  if (claimed.kind === "dropped") return claimed;
  let held = claimed.record;
  for (;;) {
    if (!held.operation) return settle(engine, type, held);
    // Told first; the next commit clears exactly what is told here.
    if (held.outbox.length > 0) await engine.ports.publish(eventSource(type, held), held.outbox);
    const progress = await runStep(
      engine.ports,
      type,
      { ...held, operation: held.operation },
      stepBudget(engine, budget),
    );
    const committed = await commit(engine, type, held, progress, mayGoOn(engine, budget));
    if (committed.kind !== "held") return committed;
    held = committed.record;
    if (!held.lease) return settle(engine, type, held);
  }
}

function stepBudget<Ports extends EnginePorts>(
  engine: Engine<Ports>,
  budget: Budget,
): { signal: AbortSignal; remainingMs(): number } {
  return { signal: budget.signal, remainingMs: () => Math.max(0, budget.endsAtMs - engine.ports.clock.nowMs()) };
}

function mayGoOn<Ports extends EnginePorts>(engine: Engine<Ports>, budget: Budget): boolean {
  const isStopping = budget.stopping?.aborted === true || budget.signal.aborted;
  return !isStopping && engine.ports.clock.nowMs() < budget.endsAtMs;
}

async function claim<Ports extends EnginePorts, State>(
  engine: Engine<Ports>,
  type: RecordType<Ports, State>,
  found: WorkRecord<State>,
): Promise<{ kind: "claimed"; record: Held<State> } | (ConductOutcome & { kind: "dropped" })> {
  const nowMs = engine.ports.clock.nowMs();
  if (found.dueAtMs === undefined) return { kind: "dropped", why: "idle" };
  if (found.lease && found.lease.untilMs > nowMs) return { kind: "dropped", why: "leased" };
  if (found.dueAtMs > nowMs) return { kind: "dropped", why: "early" };
  const untilMs = nowMs + limits.engine.leaseMs;
  const operation = found.operation && pinned(type, found.operation);
  const write = await writeRecord(engine.ports, type, {
    ...found,
    // Each claim is its own holder: a conductor that was paused past its lease must not pass for the next one.
    lease: { holder: `${engine.name}/${engine.ports.random.uuid()}`, untilMs },
    dueAtMs: untilMs,
    ...(operation && { operation: { ...operation, attempt: operation.attempt + 1 } }),
  });
  return write.kind === "written" ? { kind: "claimed", record: write.record } : { kind: "dropped", why: "lost" };
}

/** Writes the progress; when the record changed meanwhile under the same operation, the progress is laid over that. */
async function commit<Ports extends EnginePorts, State>(
  engine: Engine<Ports>,
  type: RecordType<Ports, State>,
  held: Held<State>,
  progress: Progress<State>,
  mayContinue: boolean,
): Promise<{ kind: "held"; record: Held<State> } | ConductOutcome> {
  let base = held;
  for (let tries = 0; tries < limits.engine.commitRetries; tries += 1) {
    const write = await writeRecord(
      engine.ports,
      type,
      advance(engine, type, base, { before: held, progress, mayContinue }),
    );
    if (write.kind === "written") return { kind: "held", record: write.record };
    const { current } = write;
    if (!current || current.lease?.holder !== held.lease?.holder) return { kind: "dropped", why: "lost" };
    if (current.operation?.id !== held.operation?.id) return release(engine, type, current);
    base = current;
  }
  throw new Transient(`record ${held.key.pk} changes faster than its conductor can commit`);
}

interface Advance<State> {
  /** The record as the step was given it: its events are told. */
  readonly before: Held<State>;
  readonly progress: Progress<State>;
  readonly mayContinue: boolean;
}

/** The record after the progress: its state, its next step or end, its due time, and whether the lease is kept. */
function advance<Ports extends EnginePorts, State>(
  engine: Engine<Ports>,
  type: RecordType<Ports, State>,
  base: Held<State>,
  { before, progress, mayContinue }: Advance<State>,
): WorkRecord<State> {
  const nowMs = engine.ports.clock.nowMs();
  const { lease, dueAtMs: _due, operation: _operation, ...rest } = base;
  const untold = base.outbox.filter((event) => !before.outbox.some((one) => one.id === event.id));
  // A write of ours whose reply was lost may stand below what others wrote since: its events have their numbers.
  const fresh = progress.events.filter((event) => !untold.some((one) => one.id === event.id));
  const outbox = [...untold, ...(type.isSilent ? [] : fresh)].slice(-limits.engine.outboxEvents);
  const record = { ...rest, state: { ...base.state, ...progress.changes }, outbox, gone: progress.gone };
  if (!progress.operation) {
    // The end: no lease; due once more only to tell the last events and, when gone, to take the record away.
    return outbox.length > 0 || progress.gone ? { ...record, dueAtMs: nowMs } : record;
  }
  // Somebody said meanwhile that there is something to see, which the step may not have seen.
  const afterMs = base.nudge?.atMs === before.nudge?.atMs ? progress.afterMs : 0;
  const keepsLease = afterMs === 0 && mayContinue;
  const waitMs = isTooShort(engine, progress) ? 0 : afterMs;
  const untilMs = nowMs + limits.engine.leaseMs;
  return keepsLease
    ? {
        ...record,
        operation: progress.operation,
        lease: { holder: lease?.holder ?? engine.name, untilMs },
        dueAtMs: untilMs,
      }
    : { ...record, operation: progress.operation, dueAtMs: nowMs + waitMs };
}

/** A step that looks again in less than the queue can wait is due at once: the queue's own way takes a moment too. */
function isTooShort<Ports extends EnginePorts, State>(
  { ports: { queue } }: Engine<Ports>,
  { operation, afterMs }: Progress<State>,
): boolean {
  const isRetry = operation !== undefined && operation.attempt > 0;
  return queue.grainMs !== undefined && !isRetry && afterMs < queue.grainMs / 2;
}

/** After the lease is given up: tell what is untold, clear it or take the record away, and send the hint. */
async function settle<Ports extends EnginePorts, State>(
  engine: Engine<Ports>,
  type: RecordType<Ports, State>,
  record: WorkRecord<State>,
): Promise<ConductOutcome> {
  if (record.outbox.length > 0) await engine.ports.publish(eventSource(type, record), record.outbox);
  if (record.gone) {
    await type.beforeRemoval?.(engine.ports, record);
    await engine.ports.table.remove(record.key, record.revision);
    return { kind: "ended" };
  }
  if (record.outbox.length > 0 || (record.lease && !record.operation)) await clearOutbox(engine, type, record);
  if (!record.operation || record.dueAtMs === undefined) return { kind: "ended" };
  const { dueAtMs } = record;
  await hint(engine, record.key, dueAtMs - engine.ports.clock.nowMs());
  return { kind: "handed-over", dueAtMs };
}

/** A refusal leaves the record to whoever wrote it: its events are told again, which changes nothing. */
async function clearOutbox<Ports extends EnginePorts, State>(
  engine: Engine<Ports>,
  type: RecordType<Ports, State>,
  record: WorkRecord<State>,
): Promise<void> {
  const { lease: _lease, dueAtMs, ...rest } = record;
  await writeRecord(engine.ports, type, {
    ...rest,
    outbox: [],
    ...(record.operation && dueAtMs !== undefined && { dueAtMs }),
  });
}

/** Our operation was superseded while we held the lease: give it up, so that the new one need not wait for its end. */
async function release<Ports extends EnginePorts, State>(
  engine: Engine<Ports>,
  type: RecordType<Ports, State>,
  current: WorkRecord<State>,
): Promise<ConductOutcome> {
  const { lease: _lease, ...rest } = current;
  const write = await writeRecord(engine.ports, type, { ...rest, dueAtMs: engine.ports.clock.nowMs() });
  if (write.kind === "written") await hint(engine, current.key, 0);
  return { kind: "superseded" };
}

/** A hint that cannot be sent is only late: the sweep finds the record by its due time. */
async function hint<Ports extends EnginePorts>(engine: Engine<Ports>, key: Key, delayMs: number): Promise<void> {
  try {
    await engine.ports.queue.send([key], Math.max(0, delayMs));
  } catch (thrown) {
    if (!(thrown instanceof Transient)) throw thrown;
    engine.ports.log.write("warning", "hint-not-sent", { key: key.pk, reason: thrown.message });
  }
}
