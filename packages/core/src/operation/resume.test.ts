import { expect, test } from "vitest";
import { z } from "zod";
import { limits } from "../limits.ts";
import { createMemoryTable } from "../table/memory-table.ts";
import type { Key } from "../table/table.ts";
import type { Engine, EnginePorts } from "./conduct.ts";
import { conduct } from "./conduct.ts";
import { withOperation } from "./operation.ts";
import type { OperationDefinition, RecordType, Step } from "./record.ts";
import { again, done } from "./record.ts";
import { insertRecord, newRecord } from "./record-store.ts";
import { readRecord } from "./record-write.ts";
import { resume } from "./resume.ts";

const START_MS = 1_900_000_000_000;

interface Thing {
  status: string;
}

/** One process after another over the same table, each with a queue that forgets when it dies. */
function createWorld() {
  let nowMs = START_MS;
  let serial = 0;
  const clock = { nowMs: () => nowMs };
  const table = createMemoryTable({ clock });
  const startProcess = (name: string, steps: readonly Step<EnginePorts, Thing>[]) => {
    const hints: { readonly pk: string; readonly delayMs: number }[] = [];
    const ports: EnginePorts = {
      clock,
      random: { uuid: () => `id-${(serial += 1)}`, fraction: () => 0.5, bytes: (length) => new Uint8Array(length) },
      log: { write: () => undefined },
      table,
      queue: {
        send: (keys, delayMs = 0) => {
          hints.push(...keys.map(({ pk }) => ({ pk, delayMs })));
          return Promise.resolve();
        },
      },
      publish: () => Promise.resolve(),
      discard: () => Promise.resolve(),
    };
    const work: OperationDefinition<EnginePorts, Thing> = {
      kind: "work",
      version: 1,
      steps,
      always: [],
      end: () => ({ kind: "kept", changes: { status: "done" } }),
    };
    const thing: RecordType<EnginePorts, Thing> = {
      type: "thing",
      schema: z.object({ status: z.string() }),
      indexes: () => ({}),
      operations: [work],
    };
    const engine: Engine<EnginePorts> = { ports, name, types: [thing] };
    const begin = async (pk: string): Promise<void> => {
      const key: Key = { pk, sk: "hot" };
      const record = withOperation(
        thing,
        newRecord(key, { status: "busy" }),
        { id: `operation-${pk}`, kind: "work", nowMs, deadlineAtMs: nowMs + 1_000_000_000 },
        {},
      );
      await insertRecord(ports, thing, record);
    };
    const conductOne = (pk: string) =>
      conduct(engine, { pk, sk: "hot" }, { endsAtMs: nowMs + limits.engine.budgetMs, signal: AbortSignal.any([]) });
    const stateOf = async (pk: string) => (await readRecord(table, thing, { pk, sk: "hot" }))?.state.status;
    return { engine, hints, begin, conduct: conductOne, stateOf };
  };
  return { startProcess, advance: (ms: number) => void (nowMs += ms) };
}

const finish: Step<EnginePorts, Thing> = { name: "only", run: () => Promise.resolve(done()) };

test("work that a dead process held under a lease goes on at once", async () => {
  const world = createWorld();
  const hangs: Step<EnginePorts, Thing> = { name: "only", run: () => new Promise(() => undefined) };
  const dead = world.startProcess("dead", [hangs]);
  await dead.begin("thing#1");
  void dead.conduct("thing#1");
  await new Promise((resolve) => setImmediate(resolve));
  world.advance(1);

  const next = world.startProcess("next", [finish]);
  expect(await next.conduct("thing#1")).toEqual({ kind: "dropped", why: "leased" });
  expect(await resume(next.engine)).toEqual({ leases: 1, hints: 1 });
  expect(next.hints).toEqual([{ pk: "thing#1", delayMs: 0 }]);
  expect(await next.conduct("thing#1")).toEqual({ kind: "ended" });
  expect(await next.stateOf("thing#1")).toBe("done");
});

test("hints that died with the queue are sent again for their time; settled records get none", async () => {
  const world = createWorld();
  const waits: Step<EnginePorts, Thing> = { name: "only", run: () => Promise.resolve(again(4_000)) };
  const dead = world.startProcess("dead", [waits]);
  for (const pk of ["thing#1", "thing#2"]) await dead.begin(pk);
  await dead.conduct("thing#1");
  world.advance(1_000);
  await dead.begin("thing#3");
  const other = world.startProcess("other", [finish]);
  await other.conduct("thing#2");

  const next = world.startProcess("next", [finish]);
  expect(await resume(next.engine)).toEqual({ leases: 0, hints: 2 });
  const byKey = next.hints.toSorted((one, another) => one.pk.localeCompare(another.pk));
  expect(byKey).toEqual([
    { pk: "thing#1", delayMs: 3_000 },
    { pk: "thing#3", delayMs: 0 },
  ]);
});

test("what is due later than a hint may wait is left to the sweep", async () => {
  const world = createWorld();
  const waits: Step<EnginePorts, Thing> = {
    name: "only",
    run: () => Promise.resolve(again(limits.queue.delayMaxMs + 1)),
  };
  const dead = world.startProcess("dead", [waits]);
  await dead.begin("thing#1");
  await dead.conduct("thing#1");
  expect(await resume(world.startProcess("next", [finish]).engine)).toEqual({ leases: 0, hints: 0 });
});
