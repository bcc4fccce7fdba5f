import { beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import { createMemoryTable } from "../table/memory-table.ts";
import type { Key } from "../table/table.ts";
import type { Engine, EnginePorts } from "./conduct.ts";
import { conduct } from "./conduct.ts";
import { withEvent, withOperation } from "./operation.ts";
import { asProvisional } from "./provisional.ts";
import type { OperationDefinition, OutboxEvent, RecordShape, RecordType, Step } from "./record.ts";
import { again, done, recordFromItem } from "./record.ts";
import { changeRecord, insertRecord, newRecord } from "./record-store.ts";
import { readRecord, writeRecord } from "./record-write.ts";
import { sweep } from "./sweep.ts";

const KEY: Key = { pk: "thing#1", sk: "project" };
const START_MS = 1_900_000_000_000;

const shape: RecordShape<{ status: string }> = {
  type: "thing",
  schema: z.object({ status: z.string() }),
  indexes: () => ({}),
};
type Thing = { status: string };

let nowMs = START_MS;
let loseReplies = false;
let sent: Key[] = [];
let delays: number[] = [];
let logged: string[] = [];
let serial = 0;
let told: OutboxEvent[] = [];

const table = () =>
  createMemoryTable({
    clock: { nowMs: () => nowMs },
    intercept: (call, moment) => {
      if (loseReplies && call.operation === "put" && moment === "after") {
        loseReplies = false;
        throw new Transient("reply lost");
      }
    },
  });

function createPorts(): EnginePorts {
  return {
    clock: { nowMs: () => nowMs },
    random: { uuid: () => `id-${(serial += 1)}`, fraction: () => 0.999, bytes: (length) => new Uint8Array(length) },
    log: { write: (_level, event) => void logged.push(event) },
    table: table(),
    queue: {
      send: (keys, delayMs = 0) => {
        sent.push(...keys);
        delays.push(delayMs);
        return Promise.resolve();
      },
    },
    publish: (_source, events) => Promise.resolve(void told.push(...events)),
    discard: () => Promise.resolve(),
  };
}

let ports: EnginePorts;

beforeEach(() => {
  nowMs = START_MS;
  loseReplies = false;
  sent = [];
  delays = [];
  logged = [];
  told = [];
  ports = createPorts();
});

function operationOf(steps: readonly Step<EnginePorts, Thing>[], version = 1): OperationDefinition<EnginePorts, Thing> {
  return {
    kind: "work",
    version,
    steps,
    always: [],
    end: (_state, outcome) => ({
      kind: "kept",
      changes: { status: outcome.kind === "failed" ? outcome.reason : "DONE" },
    }),
  };
}

function engineWith(...operations: readonly OperationDefinition<EnginePorts, Thing>[]): Engine<EnginePorts> {
  const type: RecordType<EnginePorts, Thing> = { ...shape, operations };
  return { ports, name: "tester", types: [type] };
}

const budget = (ms: number = limits.engine.budgetMs) => ({
  endsAtMs: nowMs + ms,
  signal: new AbortController().signal,
});

async function begin(): Promise<void> {
  const request = { id: "op-1", kind: "work", nowMs, deadlineAtMs: nowMs + 600_000 };
  await insertRecord(ports, shape, withOperation(shape, newRecord(KEY, { status: "NEW" }), request, {}));
}

async function current() {
  const record = await readRecord(ports.table, shape, KEY);
  if (!record) throw new Error("no record");
  return record;
}

const endless: Step<EnginePorts, Thing> = { name: "endless", run: () => Promise.resolve(again(4_000)) };
const failing = (thrown: () => Error): Step<EnginePorts, Thing> => ({
  name: "failing",
  run: () => Promise.reject(thrown()),
});

test("a step that waits is handed over with a hint for just then, and no lease", async () => {
  await begin();
  expect(await conduct(engineWith(operationOf([endless])), KEY, budget())).toEqual({
    kind: "handed-over",
    dueAtMs: nowMs + 4_000,
  });
  expect((await current()).lease).toBeUndefined();
  expect(delays.at(-1)).toBe(4_000);
});

test("a nudge that comes while the step runs makes it look again at once, and once", async () => {
  await begin();
  let runs = 0;
  const looking: Step<EnginePorts, Thing> = {
    name: "looking",
    async run() {
      runs += 1;
      if (runs === 1)
        await changeRecord(ports, shape, KEY, (record) => ({
          kind: "write",
          record: { ...record, nudge: { operation: "op-1", uses: 1, atMs: nowMs } },
        }));
      return again(600_000);
    },
  };
  expect(await conduct(engineWith(operationOf([looking])), KEY, budget())).toMatchObject({ dueAtMs: nowMs + 600_000 });
  expect(runs).toBe(2);
});

test("work that is not due, held by another, or absent is dropped without a write", async () => {
  const engine = engineWith(operationOf([endless]));
  expect(await conduct(engine, KEY, budget())).toEqual({ kind: "dropped", why: "absent" });
  await begin();
  await conduct(engine, KEY, budget());
  const { revision } = await current();
  expect(await conduct(engine, KEY, budget())).toEqual({ kind: "dropped", why: "early" });
  expect((await current()).revision).toBe(revision);
});

test("an operation past its deadline fails with a reason that names the step and what went wrong last", async () => {
  await begin();
  const engine = engineWith(operationOf([failing(() => new Transient("heat answers 503"))]));
  await conduct(engine, KEY, budget());
  nowMs += 600_000;
  expect(await conduct(engine, KEY, budget())).toEqual({ kind: "ended" });
  expect((await current()).state.status).toBe("timed out after 10 minutes in step failing; last: heat answers 503");
});

test("a step that has no way back is gone on with past the deadline", async () => {
  await begin();
  const left = ["not yet", "done"];
  const removing: Step<EnginePorts, Thing> = {
    name: "removing",
    hasNoWayBack: true,
    run: () => Promise.resolve(left.shift() === "done" ? done() : again(1_000)),
  };
  const engine = engineWith(operationOf([removing]));
  await conduct(engine, KEY, budget(500));
  nowMs += 600_000;
  expect(await conduct(engine, KEY, budget())).toEqual({ kind: "ended" });
  expect([left, (await current()).state.status]).toEqual([[], "DONE"]);
});

test.each([
  ["is due at once", again(400), 0],
  ["waits what it is worth", again(600), 600],
] as const)("a step that looks again sooner than its queue can wait %s", async (_what, result, afterMs) => {
  ports = { ...ports, queue: { ...ports.queue, grainMs: 1_000 } };
  await begin();
  const looking: Step<EnginePorts, Thing> = { name: "looking", run: () => Promise.resolve(result) };
  expect(await conduct(engineWith(operationOf([looking])), KEY, budget())).toEqual({
    kind: "handed-over",
    dueAtMs: nowMs + afterMs,
  });
  expect(delays.at(-1)).toBe(afterMs);
  // It is the next invocation that goes on.
  expect((await current()).lease).toBeUndefined();
});

test("a Transient is tried again after a backoff that grows with each attempt, up to its cap", async () => {
  await begin();
  const engine = engineWith(operationOf([failing(() => new Transient("busy"))]));
  const waits: number[] = [];
  for (let attempt = 0; attempt < 9; attempt += 1) {
    const outcome = await conduct(engine, KEY, budget());
    if (outcome.kind !== "handed-over") throw new Error(outcome.kind);
    waits.push(outcome.dueAtMs - nowMs);
    nowMs = outcome.dueAtMs;
  }
  expect(waits).toEqual([999, 1_998, 3_996, 7_992, 15_984, 31_968, 59_940, 59_940, 59_940]);
});

test("a Transient that names a time is not tried before", async () => {
  await begin();
  const engine = engineWith(operationOf([failing(() => new Transient("slow down", { retryAfterMs: 90_000 }))]));
  expect(await conduct(engine, KEY, budget())).toEqual({ kind: "handed-over", dueAtMs: nowMs + 90_000 });
});

test("a bug is tried a few times, then the operation fails with a reference and no internals", async () => {
  await begin();
  const engine = engineWith(operationOf([failing(() => new TypeError("x is undefined"))]));
  for (let attempt = 0; attempt < limits.engine.bugAttempts; attempt += 1) {
    const outcome = await conduct(engine, KEY, budget());
    if (outcome.kind === "handed-over") nowMs = outcome.dueAtMs;
  }
  expect((await current()).state.status).toBe("internal error in step failing (reference op-1)");
  expect(logged.filter((event) => event === "step-threw")).toHaveLength(limits.engine.bugAttempts);
});

test("an operation goes on under the version that it began with", async () => {
  const ran: string[] = [];
  const step = (name: string, result = done<Thing>()): Step<EnginePorts, Thing> => ({
    name,
    run: () => {
      ran.push(name);
      return Promise.resolve(result);
    },
  });
  await begin();
  await conduct(engineWith(operationOf([step("old", again(1_000))])), KEY, budget());
  nowMs += 1_000;
  await conduct(engineWith(operationOf([step("old"), step("appended")]), operationOf([step("new")], 2)), KEY, budget());
  expect(ran).toEqual(["old", "old", "appended"]);
});

test("a conductor that does not know an operation's version leaves it free for those who do", async () => {
  const step: Step<EnginePorts, Thing> = { name: "only", run: () => Promise.resolve(again(1_000)) };
  await begin();
  await conduct(engineWith(operationOf([step], 2)), KEY, budget());
  nowMs += 1_000;
  const before = await current();
  await expect(conduct(engineWith(operationOf([step], 1)), KEY, budget())).rejects.toThrow(Transient);
  expect(await current()).toEqual(before);
  expect(await conduct(engineWith(operationOf([step], 2)), KEY, budget())).toMatchObject({ kind: "handed-over" });
});

test("no step begins when the budget is over: the rest is handed over at once", async () => {
  await begin();
  const slow: Step<EnginePorts, Thing> = {
    name: "slow",
    run: () => {
      nowMs += 50_000;
      return Promise.resolve(done());
    },
  };
  const engine = engineWith(operationOf([slow, { ...slow, name: "slower" }]));
  expect(await conduct(engine, KEY, budget())).toMatchObject({ kind: "handed-over" });
  expect((await current()).operation?.step).toBe("slower");
  expect(await conduct(engine, KEY, budget())).toEqual({ kind: "ended" });
});

test("a process that wants to stop ends the step in hand uncut, begins no more, and hands the rest over", async () => {
  await begin();
  const stop = new AbortController();
  const cut: boolean[] = [];
  const stopped: Step<EnginePorts, Thing> = {
    name: "stopped",
    run: (_ports, _record, { signal }) => {
      stop.abort();
      cut.push(signal.aborted);
      return Promise.resolve(done());
    },
  };
  const engine = engineWith(operationOf([stopped, { ...stopped, name: "next" }]));
  const outcome = await conduct(engine, KEY, { ...budget(), stopping: stop.signal });
  expect(outcome).toEqual({ kind: "handed-over", dueAtMs: nowMs });
  expect(cut).toEqual([false]);
  const { operation, lease } = await current();
  expect(operation?.step).toBe("next");
  expect(lease).toBeUndefined();
});

test("the sweep hints at what is overdue and at nothing else", async () => {
  await begin();
  sent = [];
  expect(await sweep(ports)).toEqual({ hints: 0 });
  nowMs += limits.engine.sweepGraceMs + 1;
  expect(await sweep(ports)).toEqual({ hints: 1 });
  expect(sent).toEqual([KEY]);
});

test("a write whose reply was lost is known as our own, another's is not", async () => {
  await begin();
  const record = await current();
  loseReplies = true;
  expect(await writeRecord(ports, shape, { ...record, state: { status: "MINE" } })).toMatchObject({ kind: "written" });
  expect(await writeRecord(ports, shape, { ...record, state: { status: "LATE" } })).toMatchObject({ kind: "refused" });
  expect((await current()).state.status).toBe("MINE");
});

test("an event is told once, by one number, where another writes over a commit whose reply was lost", async () => {
  await begin();
  const { table: whole } = ports;
  const other = { id: "other", type: "thing.seen", atMs: nowMs, data: {} };
  let isOver = false;
  const losing: typeof whole = {
    ...whole,
    async put(item, condition) {
      const outcome = await whole.put(item, condition);
      const isStepDone = JSON.stringify(item.body).includes("thing.work.step");
      if (isOver || !isStepDone) return outcome;
      isOver = true;
      await changeRecord({ ...ports, table: whole }, shape, KEY, (record) => ({
        kind: "write",
        record: withEvent(record, other),
      }));
      throw new Transient("reply lost");
    },
  };
  ports = { ...ports, table: losing };
  const quick: Step<EnginePorts, Thing> = { name: "quick", run: () => Promise.resolve(done()) };
  await conduct(engineWith(operationOf([quick, endless])), KEY, budget());
  expect(isOver).toBe(true);
  const numbers = new Map(told.map(({ id, sequence }) => [sequence, id]));
  expect([...numbers].toSorted(([one = 0], [another = 0]) => one - another)).toEqual([
    [1, "op-1.0"],
    [2, "op-1.1"],
    [3, "other"],
  ]);
});

test("a provisional item without its record is removed when due; with its record it stays for good", async () => {
  const cold = { pk: KEY.pk, sk: "project-cold", revision: 1, body: { text: "kept" }, indexes: {} };
  const engine = engineWith(operationOf([endless]));
  await ports.table.put(asProvisional(cold, KEY, nowMs), { absent: true });
  await conduct(engine, cold, budget());
  expect(await ports.table.get(cold)).toBeUndefined();

  await ports.table.put(asProvisional(cold, KEY, nowMs), { absent: true });
  await begin();
  await conduct(engine, cold, budget());
  expect(await ports.table.get(cold)).toEqual({ ...cold, revision: 2 });
});

test("a hint for what was provisional that comes when it is settled is dropped: it is no record, and not due", async () => {
  const cold = { pk: KEY.pk, sk: "project-cold", revision: 1, body: { text: "kept" }, indexes: {} };
  await ports.table.put(cold, { absent: true });
  const outcome = await conduct(engineWith(operationOf([endless])), cold, budget());
  expect(outcome).toEqual({ kind: "dropped", why: "idle" });
});

test("a record of a type that nobody here knows is an error, for the dead letters to show", async () => {
  await ports.table.put({ ...KEY, revision: 1, body: { type: "other", outbox: [] }, indexes: {} }, { absent: true });
  await expect(conduct(engineWith(operationOf([endless])), KEY, budget())).rejects.toThrow("record type");
  expect(() =>
    recordFromItem(shape, {
      ...KEY,
      revision: 1,
      body: { type: "other", state: {}, outbox: [], gone: false, mark: "" },
      indexes: {},
    }),
  ).toThrow("is a other");
});

test("a late hint at an item that was provisional and is settled now is dropped", async () => {
  const ports = createPorts();
  const engine: Engine<EnginePorts> = { ports, name: "one", types: [] };
  await ports.table.put({ ...KEY, revision: 1, body: { specification: {} }, indexes: {} }, { absent: true });
  const budget = { endsAtMs: nowMs + 1_000, signal: new AbortController().signal };
  expect(await conduct(engine, KEY, budget)).toEqual({ kind: "dropped", why: "idle" });
});

test("retries are told with why: each new reason, the same one ever more seldom, and never more than a limit", async () => {
  await begin();
  let reason = "heat answers 503";
  const engine = engineWith(operationOf([failing(() => new Transient(reason))]));
  const turn = async () => {
    const outcome = await conduct(engine, KEY, budget());
    if (outcome.kind === "handed-over") nowMs = outcome.dueAtMs;
  };
  for (let attempt = 1; attempt <= 10; attempt += 1) await turn();
  const retries = () => told.filter(({ type }) => type === "thing.work.retry").map(({ data }) => data);
  expect(retries()).toMatchObject(
    [1, 2, 4, 8].map((attempts) => ({
      operation: "op-1",
      step: "failing",
      attempts,
      reason,
      retry_after_ms: expect.any(Number) as number,
    })),
  );
  reason = "keystone answers 500";
  await turn();
  expect(retries().at(-1)).toMatchObject({
    reason,
    attempts: 11,
    took_ms: nowMs - START_MS - Number(retries().at(-1)?.["retry_after_ms"]),
  });
  nowMs = START_MS;
  for (let attempt = 0; attempt < 200; attempt += 1) {
    reason = `reason ${attempt}`;
    const due = (await current()).dueAtMs ?? 0;
    nowMs = Math.min(due, START_MS + 599_000);
    await turn();
    nowMs = Math.min(nowMs, START_MS + 599_000);
  }
  expect(retries().length).toBeLessThanOrEqual(limits.engine.retryEvents);
  expect(new Set(told.map(({ id }) => id)).size).toBe(told.length);
});

test("a step that is done tells how long it took and how many tries, from the step before on", async () => {
  await begin();
  let busy = 2;
  const flaky: Step<EnginePorts, Thing> = {
    name: "flaky",
    run: () => (busy-- > 0 ? Promise.reject(new Transient("busy")) : Promise.resolve(done())),
  };
  const quick: Step<EnginePorts, Thing> = { name: "quick", run: () => Promise.resolve(done()) };
  const engine = engineWith(operationOf([flaky, quick]));
  for (let times = 0; times < 3; times += 1) {
    const outcome = await conduct(engine, KEY, budget());
    if (outcome.kind === "handed-over") nowMs = outcome.dueAtMs;
  }
  const steps = told.filter(({ type }) => type === "thing.work.step").map(({ data }) => data);
  expect(steps).toMatchObject([
    { step: "flaky", attempts: 3, took_ms: nowMs - START_MS },
    { step: "quick", attempts: 1, took_ms: 0 },
  ]);
});
