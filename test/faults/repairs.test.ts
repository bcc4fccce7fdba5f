/** What an administrator does about a bay that is stuck, through the harness: retrying and abandoning. */
import { findBayByUuid } from "@jeroboam/core/bay/find-bay";
import { abandonBay, retryBay } from "@jeroboam/core/bay/repair-bay";
import { readQuota } from "@jeroboam/core/quota/quota";
import { expect } from "vitest";
import type { BayWorld } from "./bay-world.ts";
import { bayOf, bayScenario } from "./bay-world.ts";
import { describeOperationFaults } from "./harness.ts";

async function standing(world: BayWorld) {
  const uuid = world.bayKey.pk.slice("bay#".length);
  const bay = await findBayByUuid(world.table, { projectId: "p1", allProjects: false }, uuid);
  if (!bay) throw new Error("the bay is gone");
  return bay;
}

/** Stacks fail while `fails` says why. */
const flaky: { stackMs: number; fails?: string } = { stackMs: 12_000 };

describeOperationFaults(
  bayScenario(
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
  ),
);

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
