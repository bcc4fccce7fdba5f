/** Mistakes in the engine: claims, leases, conditions, due times, the outbox, the sweep. */
import type { Sabotage } from "./sabotages.ts";

const CONDUCT = "packages/core/src/operation/conduct.ts";
const STEP_RUN = "packages/core/src/operation/step-run.ts";
const RECORD_WRITE = "packages/core/src/operation/record-write.ts";
const PROVISIONAL = "packages/core/src/operation/provisional.ts";
const OPERATION = "packages/core/src/operation/operation.ts";
const RECORD = "packages/core/src/operation/record.ts";
const SWEEP = "packages/core/src/operation/sweep.ts";

export const ENGINE_SABOTAGES: readonly Sabotage[] = [
  {
    name: "neither lease nor due time is looked at",
    file: CONDUCT,
    find: `if (found.lease && found.lease.untilMs > nowMs) return { kind: "dropped", why: "leased" };
      if (found.dueAtMs > nowMs) return { kind: "dropped", why: "early" };`,
    put: "",
  },
  {
    name: "work is begun before it is due",
    file: CONDUCT,
    find: `if (found.dueAtMs > nowMs) return { kind: "dropped", why: "early" };`,
    put: "",
  },
  {
    name: "a claim sets the due time too late",
    file: CONDUCT,
    find: `dueAtMs: untilMs, ...(operation && {`,
    put: `dueAtMs: untilMs + 7 * 86_400_000, ...(operation && {`,
  },
  {
    name: "a claim leaves no due time",
    file: CONDUCT,
    find: `dueAtMs: untilMs, ...(operation && {`,
    put: `dueAtMs: undefined, ...(operation && {`,
  },
  {
    name: "who lost the lease commits all the same",
    file: CONDUCT,
    find: `if (!current || current.lease?.holder !== held.lease?.holder) return { kind: "dropped", why: "lost" };`,
    put: `if (!current) return { kind: "dropped", why: "lost" };`,
  },
  {
    name: "progress is laid over another operation",
    file: CONDUCT,
    find: `if (current.operation?.id !== held.operation?.id) return release(engine, type, current);`,
    put: "",
  },
  {
    name: "all claims of a conductor bear one name",
    file: CONDUCT,
    find: "lease: { holder: `${engine.name}/${engine.ports.random.uuid()}`, untilMs },",
    put: `lease: { holder: "conductor", untilMs },`,
  },
  {
    name: "a commit keeps the lease and forgets when it is due",
    file: CONDUCT,
    find: `lease: { holder: lease?.holder ?? engine.name, untilMs }, dueAtMs: untilMs,`,
    put: `lease: { holder: lease?.holder ?? engine.name, untilMs },`,
  },
  {
    name: "a step that waits is due in a year",
    file: CONDUCT,
    find: `dueAtMs: nowMs + waitMs };`,
    put: `dueAtMs: nowMs + progress.afterMs + (progress.afterMs > 0 ? 365 * 86_400_000 : 0) };`,
  },
  {
    name: "the end of an operation is due no more",
    file: CONDUCT,
    find: `return outbox.length > 0 || progress.gone ? { ...record, dueAtMs: nowMs } : record;`,
    put: `return record;`,
  },
  {
    name: "the outbox is cleared before it is told",
    file: CONDUCT,
    find: `if (record.outbox.length > 0) await engine.ports.publish(eventSource(type, record), record.outbox);`,
    put: `if (record.outbox.length > 0 && !record.gone) await clearOutbox(engine, type, record);
      if (record.outbox.length > 0) await engine.ports.publish(eventSource(type, record), record.outbox);`,
  },
  {
    name: "a record goes before its last events are told",
    file: CONDUCT,
    find: `if (record.outbox.length > 0) await engine.ports.publish(eventSource(type, record), record.outbox);`,
    put: `if (record.gone) await engine.ports.table.remove(record.key, record.revision);
      if (record.outbox.length > 0) await engine.ports.publish(eventSource(type, record), record.outbox);`,
  },
  {
    name: "events are dropped by the commit and never told",
    file: CONDUCT,
    find: `if (held.outbox.length > 0) await engine.ports.publish(eventSource(type, held), held.outbox);`,
    put: ``,
  },
  {
    name: "a commit forgets events that others left",
    file: CONDUCT,
    find: `const untold = base.outbox.filter((event) => !before.outbox.some((one) => one.id === event.id));`,
    put: `const untold = base.outbox.slice(base.outbox.length);`,
  },
  {
    name: "who lost the reply of a commit leaves its events again",
    file: CONDUCT,
    find: `const fresh = progress.events.filter((event) => !untold.some((one) => one.id === event.id));`,
    put: `const fresh = progress.events;`,
  },
  {
    name: "an ended operation stays due for ever",
    file: CONDUCT,
    find: `outbox: [], ...(record.operation && dueAtMs !== undefined && { dueAtMs }),`,
    put: `outbox: [], dueAtMs: dueAtMs ?? 0,`,
  },
  {
    name: "a record that is gone is kept",
    file: CONDUCT,
    find: `await engine.ports.table.remove(record.key, record.revision); return { kind: "ended" };`,
    put: `return { kind: "ended" };`,
  },
  {
    name: "writes go over whatever stands there",
    file: RECORD_WRITE,
    find: `const condition: Condition = record.revision === 0 ? { absent: true } : { revision: record.revision };`,
    put: `if (record.revision > 0) written.revision = ((await ports.table.get(record.key))?.revision ?? record.revision) + 1;
      const condition: Condition = record.revision === 0 ? { absent: true } : { revision: written.revision - 1 };`,
  },
  {
    name: "who lost the reply takes its own write for another's",
    file: RECORD_WRITE,
    find: `if (current?.mark === written.mark) return { kind: "written", record: written };`,
    put: "",
  },
  {
    name: "a write whose reply was lost counts as done",
    file: RECORD_WRITE,
    find: `trouble = thrown; }`,
    put: `return { kind: "written", record: written }; }`,
  },
  {
    name: "an operation never times out",
    file: STEP_RUN,
    find: `const isLate = ports.clock.nowMs() >= operation.deadlineAtMs;`,
    put: `const isLate = ports.clock.nowMs() < 0;`,
  },
  {
    name: "an operation times out after a minute",
    file: STEP_RUN,
    find: `const isLate = ports.clock.nowMs() >= operation.deadlineAtMs;`,
    put: `const isLate = ports.clock.nowMs() >= operation.startedAtMs + 60_000;`,
  },
  {
    name: "a step is skipped",
    file: STEP_RUN,
    find: `const following = all.slice(all.findIndex((one) => one.name === operation.step) + 1);`,
    put: `const following = all.slice(all.findIndex((one) => one.name === operation.step) + 1 + (operation.step === "settle-items" ? 1 : 0));`,
  },
  {
    name: "a failure that may pass fails the operation",
    file: STEP_RUN,
    find: `if (thrown instanceof Transient) {`,
    put: `if (thrown instanceof Transient && operation.attempt > 2) return failed(thrown.message);
      if (thrown instanceof Transient) {`,
  },
  {
    name: "a failed operation goes on with its steps",
    file: STEP_RUN,
    find: `return operation.failure === undefined ? following[0] : following.find((one) => definition.always.includes(one));`,
    put: `return following[0];`,
  },
  {
    name: "an operation moves to a newer version half-way",
    file: STEP_RUN,
    find: `if (operation.version !== 0) { definitionOf(type, operation); return operation; }`,
    put: `if (operation.version !== 0 && operation.attempt === 0) { definitionOf(type, operation); return operation; }`,
  },
  {
    name: "retries come at once and without end",
    file: "packages/core/src/operation/backoff.ts",
    find: `return Math.ceil(Math.max(leastMs, random.fraction() * ceiling));`,
    put: `return 0 * Math.ceil(Math.max(leastMs, random.fraction() * ceiling));`,
  },
  {
    name: "an operation forgets what it took over",
    file: OPERATION,
    find: `inherited: delegationsOf(record.operation),`,
    put: `inherited: [],`,
  },
  {
    name: "an operation's start is not told",
    file: OPERATION,
    find: `outbox: type.isSilent ? record.outbox : [...record.outbox, started],`,
    put: `outbox: record.outbox,`,
  },
  {
    name: "a new operation drops untold events",
    file: OPERATION,
    find: `outbox: type.isSilent ? record.outbox : [...record.outbox, started],`,
    put: `outbox: type.isSilent ? record.outbox : [started],`,
  },
  {
    name: "what is provisional goes although its owner is there",
    file: PROVISIONAL,
    find: `if (await ports.table.get(ownerOf(item))) {`,
    put: `if ((await ports.table.get(ownerOf(item))) && item.revision > 1) {`,
  },
  {
    name: "what is provisional is kept without its owner",
    file: PROVISIONAL,
    find: `} else { await ports.discard(item); await ports.table.remove(item, item.revision); }`,
    put: `} else { await ports.table.put({ ...asSettled(item), revision: item.revision + 1 }, { revision: item.revision }); }`,
  },
  {
    name: "what is provisional goes without giving back its trust",
    file: PROVISIONAL,
    find: `await ports.discard(item); await ports.table.remove(item, item.revision);`,
    put: `await ports.table.remove(item, item.revision);`,
  },
  {
    name: "a bay's specification is not marked as provisional",
    file: PROVISIONAL,
    find: `indexes: { ...item.indexes, due: dueIndexKey(item, nowMs + limits.engine.provisionalMs) },`,
    put: `indexes: item.indexes,`,
  },
  {
    name: "the sweep forgets a shard",
    file: SWEEP,
    find: `shard < dueShards;`,
    put: `shard < dueShards - 1;`,
  },
  {
    name: "the sweep looks only at what is a year overdue",
    file: SWEEP,
    find: `timeKey(clock.nowMs() - graceMs)`,
    put: `timeKey(clock.nowMs() - graceMs - 365 * 86_400_000)`,
  },
  {
    name: "a record on its way out stands in lists",
    file: RECORD,
    find: `...(!record.gone && type.indexes(key, state)),`,
    put: `...type.indexes(key, state),`,
  },
  {
    name: "one bad message fails its whole batch",
    file: "functions/conductor/batch.ts",
    find: `if (!hint) {`,
    put: `if (!hint) { throw new Error("not understood");`,
  },
];
