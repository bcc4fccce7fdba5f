/** What an administrator does about a bay that is stuck, through the harness: retrying and abandoning. */
import { findBayByUuid } from "@jeroboam/core/bay/find-bay";
import { abandonBay, retryBay } from "@jeroboam/core/bay/repair-bay";
import { readQuota } from "@jeroboam/core/quota/quota";
import type { Bay } from "@jeroboam/core/bay/bay";
import { bayShape } from "@jeroboam/core/bay/bay";
import { changeRecord } from "@jeroboam/core/operation/record-store";
import { expect, test } from "vitest";
import { PLAIN_DELIVERY } from "../simulated/queue.ts";
import { BAY_DELETE } from "./bay-delete.ts";
import type { BayWorld } from "./bay-world.ts";
import { actsOn, bayOf, bayScenario, createBayWorld } from "./bay-world.ts";
import { createGate } from "./gate.ts";
import { describeInterruption, describeOperationFaults } from "./harness.ts";

async function standing(world: BayWorld) {
  const uuid = world.bayKey.pk.slice("bay#".length);
  const bay = await findBayByUuid(world.table, { projectId: "p1", allProjects: false }, uuid);
  if (!bay) throw new Error("the bay is gone");
  return bay;
}

/** Stacks fail while `fails` says why. */
const flaky: { stackMs: number; fails?: string } = { stackMs: 12_000 };

const recreating = bayScenario(
  "retrying a creation whose stack failed",
  flaky,
  async (acts, world, settle) => {
    flaky.fails = "No valid host was found";
    await acts.create(2);
    await settle();
    expect(await bayOf(world)).toMatchObject({ status: "CREATE_FAILED" });
    delete flaky.fails;
    expect(await retryBay(world.ports, await standing(world))).toEqual({ kind: "accepted" });
  },
  async (world) => {
    expect(await bayOf(world)).toMatchObject({ status: "CREATE_COMPLETE", nodeCount: 2 });
    expect(world.stacks.size).toBe(1);
    expect(world.trusts.size).toBe(1);
    expect(world.users.size).toBe(1);
  },
);
describeOperationFaults(recreating);
describeInterruption(recreating, BAY_DELETE);

test("a delete that comes while a creation is tried again ends the delegation first, and so whatever that still sends", async () => {
  const world = createBayWorld(createGate(), PLAIN_DELIVERY, flaky);
  const acts = actsOn(world);
  await acts.create(2);
  await fail(world, "CREATE_FAILED");
  await retryBay(world.ports, await standing(world));
  await acts.remove();
  const { record, specification } = await standing(world);
  expect(record.operation).toMatchObject({ kind: "delete", inherited: [specification.delegation] });
});

test("what failed is not tried again by numbers from before a resize that came first", async () => {
  const world = createBayWorld(createGate(), PLAIN_DELIVERY, flaky);
  const acts = actsOn(world);
  await acts.create(2);
  await fail(world, "UPDATE_FAILED");
  const seen = await standing(world);
  await acts.resize(4);
  expect(await retryBay(world.ports, seen)).toEqual({ kind: "refused", status: "UPDATE_IN_PROGRESS" });
  expect(await bayOf(world)).toMatchObject({ nodeCount: 4 });
});

/** What goes on has failed. */
async function fail({ ports, bayKey }: BayWorld, status: Bay["status"]): Promise<void> {
  await changeRecord<Bay, never>(ports, bayShape, bayKey, (current) => {
    const { operation: _failed, dueAtMs: _due, ...settled } = current;
    return { kind: "write", record: { ...settled, state: { ...current.state, status } } };
  });
}

function verifyForgotten(world: BayWorld, stacks: number): void {
  const lasting = world.table.items().filter(({ expiresAtSeconds }) => expiresAtSeconds === undefined);
  expect(lasting.map(({ sk }) => sk)).toEqual(["model#p1"]);
  expect(world.stacks.size).toBe(stacks);
  expect(world.trusts.size).toBe(0);
  expect(world.users.size).toBe(0);
  expect([...world.told.values()].map(({ type }) => type)).toContain("bay.abandon.end");
}

describeOperationFaults(
  bayScenario(
    "abandoning a bay",
    { stackMs: 5_000 },
    async (acts, world, settle) => {
      await acts.create(1);
      await settle();
      await abandonBay(world.ports, (await standing(world)).record);
    },
    (world) => {
      verifyForgotten(world, 0);
      return Promise.resolve();
    },
  ),
);

describeOperationFaults(
  bayScenario(
    "abandoning a bay whose stack Heat can never delete",
    { stackMs: 5_000, failingDeletes: 1_000 },
    async (acts, world, settle) => {
      await acts.create(1);
      await settle();
      await acts.remove();
      await settle();
      expect(await bayOf(world)).toMatchObject({ status: "DELETE_FAILED" });
      await abandonBay(world.ports, (await standing(world)).record);
    },
    async (world) => {
      verifyForgotten(world, 1);
      const left = [...world.told.values()].filter(({ type }) => type === "bay.abandon.left-behind");
      expect(left.map(({ data }) => data)).toContainEqual(
        expect.objectContaining({ step: "ensure-stack-gone", reason: "minion 0: a port is in use" }),
      );
      expect((await readQuota(world.table, "p1")).bays).toEqual([]);
    },
  ),
);
