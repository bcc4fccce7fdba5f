/** Every operation on a bay, through the harness: right status, one stack, nothing left behind. */
import { describe, expect, test } from "vitest";
import { limits } from "@jeroboam/core/limits";
import { conduct } from "@jeroboam/core/operation/conduct";
import { sweep } from "@jeroboam/core/operation/sweep";
import { RECORD_TYPES } from "@jeroboam/conductor/record-types";
import type { Bay } from "@jeroboam/core/bay/bay";
import { bayShape, baySpecificationKey, specificationFromItem } from "@jeroboam/core/bay/bay";
import { changeRecord, findRecord } from "@jeroboam/core/operation/record-store";
import { isHeld } from "@jeroboam/conductor/operations/stack-steps";
import { readQuota } from "@jeroboam/core/quota/quota";
import type { ConductorPorts } from "@jeroboam/conductor/ports";
import type { BayRun, BayWorld } from "./bay-world.ts";
import { actsOn, bayOf, bayScenario, createBayWorld } from "./bay-world.ts";
import { PLAIN_DELIVERY } from "../simulated/queue.ts";
import { createGate } from "./gate.ts";
import { describeInterruption, describeOperationFaults } from "./harness.ts";

const quick = { stackMs: 12_000 };

async function verifyBuilt(world: BayWorld, status: string, nodeCount: number): Promise<void> {
  const bay = await bayOf(world);
  expect(bay).toMatchObject({ status, nodeCount });
  expect(world.stacks.size).toBe(1);
  expect(bay?.stackId).toBe([...world.stacks.keys()][0]);
  expect(world.counts.creates).toBe(1);
  expect([...world.stacks.values()][0]?.parameters["nodes"]).toBe(nodeCount);
  const cold = await world.table.get(baySpecificationKey("p1", bay?.uuid ?? ""));
  expect(cold && specificationFromItem(cold).nodeAddresses).toHaveLength(nodeCount);
  // Heat's own trust hangs on it: it goes with the bay.
  expect(world.trusts.size).toBe(1);
  expect(world.users.size).toBe(1);
}

function verifyGone(world: BayWorld): Promise<void> {
  // The model stays, no mark of its use does; an empty quota expires by itself.
  const lasting = world.table.items().filter(({ expiresAtSeconds }) => expiresAtSeconds === undefined);
  expect(lasting.map(({ pk, sk }) => `${pk} ${sk}`)).toEqual([
    "bay-model#0b1c6a0e-3d1f-4f0e-9a77-5b8f5d2c1a01 model#p1",
  ]);
  expect(world.stacks.size).toBe(0);
  expect(world.trusts.size).toBe(0);
  expect(world.users.size).toBe(0);
  expect([...world.told.values()].map(({ type }) => type)).toContain("bay.delete.end");
  return Promise.resolve();
}

const creating = bayScenario(
  "creating a bay",
  quick,
  (acts) => acts.create(2),
  (world) => verifyBuilt(world, "CREATE_COMPLETE", 2),
);
describeOperationFaults(creating);
describeInterruption<ConductorPorts, BayRun>(creating, {
  name: "a delete",
  act: ({ world }) => actsOn(world).remove(),
  verify: ({ world }) => verifyGone(world),
});

describeOperationFaults(
  bayScenario(
    "creating a bay whose stack fails",
    { ...quick, fails: "No valid host was found" },
    (acts) => acts.create(),
    async (world) => {
      expect(await bayOf(world)).toMatchObject({
        status: "CREATE_FAILED",
        statusReason: "minion 0: No valid host was found",
      });
      expect(world.stacks.size).toBe(1);
    },
  ),
);

const resizing = bayScenario(
  "resizing a bay",
  quick,
  async (acts, _world, settle) => {
    await acts.create(1);
    await settle();
    await acts.resize(3);
  },
  async (world) => {
    await verifyBuilt(world, "UPDATE_COMPLETE", 3);
    expect(world.counts.updates).toBe(1);
  },
);
describeOperationFaults(resizing);
describeInterruption<ConductorPorts, BayRun>(resizing, {
  name: "a delete",
  act: ({ world }) => actsOn(world).remove(),
  verify: ({ world }) => verifyGone(world),
});
describeInterruption<ConductorPorts, BayRun>(resizing, {
  name: "the stack removed by hand",
  act: ({ world }) => Promise.resolve(world.removeAllStacks()),
  verify: async ({ world }) => {
    const bay = await bayOf(world);
    expect(["UPDATE_FAILED", "UPDATE_COMPLETE"]).toContain(bay?.status);
    if (bay?.status === "UPDATE_FAILED") expect(bay.statusReason).toContain("not found in Heat");
  },
});

describeOperationFaults(
  bayScenario(
    "deleting a bay",
    quick,
    async (acts, _world, settle) => {
      await acts.create(1);
      await settle();
      await acts.remove();
    },
    verifyGone,
  ),
);

describeOperationFaults(
  bayScenario(
    "deleting a bay whose stack Heat cannot delete at first",
    { stackMs: 5_000, failingDeletes: 2 },
    async (acts, _world, settle) => {
      await acts.create(1);
      await settle();
      await acts.remove();
    },
    verifyGone,
  ),
);

describeOperationFaults(
  bayScenario(
    "deleting a bay whose stack was removed by hand",
    quick,
    async (acts, world, settle) => {
      await acts.create(1);
      await settle();
      world.removeAllStacks();
      await acts.remove();
    },
    verifyGone,
  ),
);

describeOperationFaults(
  bayScenario(
    "deleting a bay whose stack Heat can never delete",
    { stackMs: 5_000, failingDeletes: 1_000 },
    async (acts, _world, settle) => {
      await acts.create(1);
      await settle();
      await acts.remove();
    },
    async (world) => {
      expect(await bayOf(world)).toMatchObject({ status: "DELETE_FAILED", statusReason: "minion 0: a port is in use" });
      expect(world.trusts.size).toBe(1);
    },
  ),
);

describe("a creation that was never committed", () => {
  test("leaves nothing, and its delegation is given back, once the sweep has found it", async () => {
    const world = createBayWorld(createGate(), PLAIN_DELIVERY, quick);
    await expect(actsOn(world).createUpToCommit()).rejects.toThrow("killed");
    expect(world.trusts.size).toBe(1);
    world.clock.advance(limits.engine.provisionalMs + limits.engine.sweepGraceMs + 1);
    await sweep(world.ports);
    const engine = { ports: world.ports, name: "sweeper", types: RECORD_TYPES };
    for (const key of world.queue.take()) {
      await conduct(engine, key, { endsAtMs: Infinity, signal: new AbortController().signal });
    }
    expect(world.trusts.size).toBe(0);
    expect((await readQuota(world.table, "p1")).bays).toEqual([]);
    const lasting = world.table.items().filter(({ expiresAtSeconds }) => expiresAtSeconds === undefined);
    expect(lasting.map(({ sk }) => sk)).toEqual(["model#p1"]);
  });
});

test("a bay that comes back after it was deleted, by a request that slept over its write, is taken away again", async () => {
  const world = createBayWorld(createGate(), PLAIN_DELIVERY, quick);
  const engine = { ports: world.ports, name: "conductor", types: RECORD_TYPES };
  const conductAll = async (): Promise<void> => {
    for (let keys = world.queue.take(); keys.length > 0; keys = world.queue.take())
      for (const key of keys) await conduct(engine, key, { endsAtMs: Infinity, signal: new AbortController().signal });
  };
  await actsOn(world).create();
  const written = await world.table.get(world.bayKey);
  if (!written) throw new Error("the bay was not made");
  await actsOn(world).remove();
  await conductAll();
  expect(await bayOf(world)).toBeUndefined();
  await world.table.put(written, { absent: true });
  await world.ports.queue.send([world.bayKey], 0);
  await conductAll();
  await verifyGone(world);
  expect((await readQuota(world.table, "p1")).bays).toEqual([]);
});

test("who holds a bay is told by the table, and after that by the own clock, which may have slept meanwhile", async () => {
  const world = createBayWorld(createGate(), PLAIN_DELIVERY, quick);
  await actsOn(world).create();
  const untilMs = world.clock.nowMs() + limits.engine.leaseMs;
  const leaseTo = async (holder: string): Promise<void> => {
    await changeRecord<Bay, never>(world.ports, bayShape, world.bayKey, (current) => ({
      kind: "write",
      record: { ...current, lease: { holder, untilMs } },
    }));
  };
  await leaseTo("mine");
  const record = await findRecord(world.table, bayShape, world.bayKey);
  if (!record?.operation) throw new Error("the bay has no work");
  const held = { ...record, operation: record.operation };
  expect(await isHeld(held, world.ports)).toBe(true);
  await leaseTo("another's");
  expect(await isHeld(held, world.ports)).toBe(false);
  await leaseTo("mine");
  world.clock.advance(limits.engine.leaseMs);
  expect(await isHeld(held, world.ports)).toBe(false);
});
