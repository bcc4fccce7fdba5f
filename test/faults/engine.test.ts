/** The engine itself, on a small record with an effect outside, through the harness that every operation passes. */
import { expect } from "vitest";
import { z } from "zod";
import type { EnginePorts } from "@jeroboam/core/operation/conduct";
import { withOperation } from "@jeroboam/core/operation/operation";
import type { OutboxEvent, RecordShape, RecordType } from "@jeroboam/core/operation/record";
import { again, done, failed, recordFromItem } from "@jeroboam/core/operation/record";
import { changeRecord, insertRecord, newRecord } from "@jeroboam/core/operation/record-store";
import { createMemoryTable } from "@jeroboam/core/table/memory-table";
import { createSimulatedClock } from "../simulated/clock.ts";
import { createSimulatedQueue } from "../simulated/queue.ts";
import { createSeededRandom } from "../simulated/random.ts";
import type { Gate } from "./gate.ts";
import type { Scenario, ScenarioRun } from "./harness.ts";
import { describeInterruption, describeOperationFaults } from "./harness.ts";

const lampSchema = z.object({ status: z.string(), reason: z.string().nullable(), lampId: z.string().nullable() });
type Lamp = z.infer<typeof lampSchema>;

const lampShape: RecordShape<Lamp> = { type: "lamp", schema: lampSchema, indexes: () => ({}) };
const LAMP_KEY = { pk: "lamp#1", sk: "project" };

/** What stands outside: named things, made once or refused, that take a while to warm up. */
function createOutside(gate: Gate, nowMs: () => number) {
  const things = new Map<string, number>();
  const tools = new Set<string>();
  let makes = 0;
  return {
    things,
    tools,
    makes: () => makes,
    find: (name: string) => gate.pass("outside.find", () => Promise.resolve(things.get(name))),
    make: (name: string) =>
      gate.pass("outside.make", () => {
        if (!things.has(name)) makes += 1;
        things.set(name, things.get(name) ?? nowMs());
        return Promise.resolve();
      }),
    remove: (name: string) => gate.pass("outside.remove", () => Promise.resolve(void things.delete(name))),
    dropTool: (name: string) => gate.pass("outside.dropTool", () => Promise.resolve(void tools.delete(name))),
  };
}

interface LampPorts extends EnginePorts {
  readonly outside: ReturnType<typeof createOutside>;
}

const lampType: RecordType<LampPorts, Lamp> = {
  ...lampShape,
  operations: [
    {
      kind: "light",
      version: 1,
      steps: [
        {
          name: "ensure-lamp",
          async run({ outside }, { key }) {
            if ((await outside.find(key.pk)) === undefined) await outside.make(key.pk);
            return done({ lampId: key.pk });
          },
        },
        {
          name: "await-warmth",
          async run({ outside, clock }, { key, operation }) {
            const madeAtMs = await outside.find(key.pk);
            if (madeAtMs === undefined) return failed("the lamp vanished");
            if (operation.input["breaks"] === true) return failed("the lamp broke");
            return clock.nowMs() - madeAtMs < 30_000 ? again(4_000) : done();
          },
        },
      ],
      always: [{ name: "drop-tool", run: async ({ outside }, { key }) => outside.dropTool(key.pk).then(() => done()) }],
      end: (_state, outcome) => ({
        kind: "kept",
        changes: outcome.kind === "succeeded" ? { status: "LIT" } : { status: "DARK", reason: outcome.reason },
      }),
    },
    {
      kind: "delete",
      version: 1,
      steps: [{ name: "remove-lamp", run: async ({ outside }, { key }) => outside.remove(key.pk).then(() => done()) }],
      always: [{ name: "drop-tool", run: async ({ outside }, { key }) => outside.dropTool(key.pk).then(() => done()) }],
      end: () => ({ kind: "removed" }),
    },
  ],
};

type World = ReturnType<typeof createWorld>;

function createWorld(gate: Gate, delivery: Parameters<typeof createSimulatedQueue>[2]) {
  const clock = createSimulatedClock();
  const random = createSeededRandom(7);
  const table = createMemoryTable({
    clock,
    intercept: ({ operation }, moment) => gate.moment(`table.${operation}`, moment),
  });
  const queue = createSimulatedQueue(clock, random, delivery);
  const outside = createOutside(gate, () => clock.nowMs());
  const told = new Map<string, OutboxEvent>();
  const ports: LampPorts = {
    clock,
    random,
    table,
    queue: { send: (keys, delayMs) => gate.pass("queue.send", () => queue.send(keys, delayMs)) },
    log: { write: () => {} },
    discard: () => Promise.resolve(),
    publish: (_key, events) =>
      gate.pass("publish", () => {
        for (const event of events) told.set(event.id, event);
        return Promise.resolve();
      }),
    outside,
  };
  return { clock, queue, table, outside, told, ports };
}

type LampRun = World & ScenarioRun<LampPorts>;

function lampScenario(
  name: string,
  start: (world: World, request: Request) => Promise<void>,
  verify: (world: World) => void,
): Scenario<LampPorts, LampRun> {
  return {
    name,
    build(gate, delivery) {
      const world = createWorld(gate, delivery);
      const request = { nowMs: world.clock.nowMs(), deadlineAtMs: world.clock.nowMs() + 3_600_000 };
      const isAtRest = (): boolean => world.table.items().every((item) => !("dueAtMs" in item.body));
      return Promise.resolve({
        ...world,
        types: [lampType],
        isAtRest,
        async start() {
          gate.disarm();
          await start(world, request);
          gate.arm();
        },
        verify: () => Promise.resolve(verify(world)),
      });
    },
  };
}

type Request = { readonly nowMs: number; readonly deadlineAtMs: number };

async function light(world: World, request: Request, breaks: boolean): Promise<void> {
  world.outside.tools.add(LAMP_KEY.pk);
  const fresh = newRecord(LAMP_KEY, { status: "NEW", reason: null, lampId: null });
  await insertRecord(
    world.ports,
    lampShape,
    withOperation(lampShape, fresh, { ...request, id: "op-1", kind: "light", input: { breaks } }, {}),
  );
}

function stateOf(world: World): Lamp | undefined {
  const [item] = world.table.items();
  return item && recordFromItem(lampShape, item).state;
}

/** The types of what was told, which is numbered without a gap. */
function eventTypes(world: World): string[] {
  const told = [...world.told.values()];
  expect(told.map(({ sequence }) => sequence)).toEqual(told.map((_, index) => index + 1));
  // A fault may have been told of as a retry.
  return told.map(({ type }) => type).filter((type) => !type.endsWith(".retry"));
}

describeOperationFaults(
  lampScenario(
    "an operation that succeeds",
    (world, request) => light(world, request, false),
    (world) => {
      expect(stateOf(world)).toEqual({ status: "LIT", reason: null, lampId: LAMP_KEY.pk });
      expect(world.outside.makes()).toBe(1);
      expect(world.outside.tools.size).toBe(0);
      expect(eventTypes(world)).toEqual([
        "lamp.light.start",
        "lamp.light.step",
        "lamp.light.step",
        "lamp.light.step",
        "lamp.light.end",
      ]);
    },
  ),
);

describeOperationFaults(
  lampScenario(
    "an operation that fails",
    (world, request) => light(world, request, true),
    (world) => {
      expect(stateOf(world)).toMatchObject({ status: "DARK", reason: "the lamp broke" });
      expect(world.outside.tools.size).toBe(0);
      expect(eventTypes(world)).toEqual([
        "lamp.light.start",
        "lamp.light.step",
        "lamp.light.failed",
        "lamp.light.step",
        "lamp.light.error",
      ]);
    },
  ),
);

async function supersede(world: World): Promise<void> {
  const request = { nowMs: world.clock.nowMs(), deadlineAtMs: world.clock.nowMs() + 3_600_000 };
  await changeRecord(world.ports, lampShape, LAMP_KEY, (record) => ({
    kind: "write",
    record: withOperation(lampShape, record, { ...request, id: "op-2", kind: "delete" }, { status: "DELETING" }),
  }));
}

function verifyGone(world: World): void {
  expect(world.table.items()).toEqual([]);
  expect(world.outside.things.size).toBe(0);
  expect(world.outside.tools.size).toBe(0);
  expect(eventTypes(world)).toContain("lamp.delete.end");
}

describeOperationFaults(
  lampScenario(
    "a delete that supersedes an operation",
    async (world, request) => {
      await light(world, request, false);
      await supersede(world);
    },
    verifyGone,
  ),
);

describeInterruption<LampPorts, LampRun>(
  lampScenario(
    "an operation that succeeds",
    (world, request) => light(world, request, false),
    () => {},
  ),
  { name: "a delete", act: supersede, verify: (world) => Promise.resolve(verifyGone(world)) },
);

describeInterruption<LampPorts, LampRun>(
  lampScenario(
    "an operation that succeeds",
    (world, request) => light(world, request, false),
    () => {},
  ),
  {
    name: "a change of another attribute",
    act: async ({ ports }) => {
      await changeRecord(ports, lampShape, LAMP_KEY, (record) => ({
        kind: "write",
        record: { ...record, state: { ...record.state, reason: "seen" } },
      }));
    },
    verify: (world) =>
      Promise.resolve(expect(stateOf(world)).toEqual({ status: "LIT", reason: "seen", lampId: LAMP_KEY.pk })),
  },
);
