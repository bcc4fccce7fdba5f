/** Rounds of reconciliation over a bay whose stack was changed behind our back, through the harness. */
import { describe, expect, test } from "vitest";
import type { ConductorPorts } from "@jeroboam/conductor/ports";
import { bayKey, baySpecificationKey, specificationFromItem } from "@jeroboam/core/bay/bay";
import { limits } from "@jeroboam/core/limits";
import { startRound } from "@jeroboam/core/reconciliation/job";
import { actsOn, bayOf, bayScenario } from "../faults/bay-world.ts";
import type { BayActs, BayWorld } from "../faults/bay-world.ts";
import { describeInterruption, describeOperationFaults } from "../faults/harness.ts";
import { STACK_MS, reportOf, settledWorld } from "./settled-world.ts";

async function builtBay(acts: BayActs, world: BayWorld, settle: () => Promise<void>): Promise<void> {
  await acts.create(2);
  await settle();
  world.clock.advance(STACK_MS);
}

const told = (world: BayWorld): string[] => [...world.told.values()].map(({ type }) => type);

const deletedByHand = bayScenario(
  "a stack that was deleted by hand",
  { stackMs: STACK_MS },
  async (acts, world, settle) => {
    await builtBay(acts, world, settle);
    world.removeAllStacks();
    await startRound(world.ports, "drift", {});
  },
  async (world) => {
    const bay = await bayOf(world);
    expect(bay).toMatchObject({ status: "CREATE_FAILED", stackSeen: "missing" });
    expect(bay?.statusReason).toMatch(/^Stack with id stack-1 not found in Heat\.$/);
    expect(told(world)).toContain("bay.drift.end");
    expect(await reportOf(world, "drift")).toMatchObject({ isOver: true, counts: { bays: 1, stacks: 0 } });
  },
);
describeOperationFaults(deletedByHand);
describeInterruption<ConductorPorts, Awaited<ReturnType<typeof deletedByHand.build>>>(deletedByHand, {
  name: "a delete",
  act: ({ world }) => actsOn(world).remove(),
  async verify({ world }) {
    expect(await bayOf(world)).toBeUndefined();
    expect(world.trusts.size + world.users.size).toBe(0);
  },
});

describeOperationFaults(
  bayScenario(
    "a stack that somebody's own update broke",
    { stackMs: STACK_MS },
    async (acts, world, settle) => {
      await builtBay(acts, world, settle);
      world.touchAllStacks("No valid host was found");
      world.clock.advance(STACK_MS);
      await startRound(world.ports, "drift", {});
    },
    async (world) => {
      expect(await bayOf(world)).toMatchObject({
        status: "UPDATE_FAILED",
        statusReason: "minion 0: No valid host was found",
      });
    },
  ),
);

describe("drift", () => {
  test("writes nothing to a bay whose stack is as it was left", async () => {
    const { world, round } = await settledWorld();
    const before = await world.table.get(world.bayKey);
    const { counts, findings } = await round("drift");
    expect(counts).toEqual({
      bays: 1,
      "node-groups": 0,
      stacks: 1,
      heatCalls: 1,
      indexPages: limits.engine.typeShards,
    });
    expect(findings).toEqual([]);
    expect(await world.table.get(world.bayKey)).toEqual(before);
  });

  test("lets a stack that ended well after we gave up be what it is", async () => {
    const { world, round } = await settledWorld();
    world.touchAllStacks("a port is in use");
    world.clock.advance(STACK_MS);
    await round("drift");
    expect(await bayOf(world)).toMatchObject({ status: "UPDATE_FAILED" });
    world.touchAllStacks();
    world.clock.advance(STACK_MS);
    await round("drift");
    expect(await bayOf(world)).toMatchObject({ status: "UPDATE_COMPLETE" });
    const bay = await bayOf(world);
    const cold = await world.table.get(baySpecificationKey("p1", bay?.uuid ?? ""));
    expect(cold && specificationFromItem(cold).nodeAddresses).toHaveLength(2);
  });

  test("tells in a dry run what it would do, and does nothing", async () => {
    const { world, round } = await settledWorld();
    world.removeAllStacks();
    const before = await world.table.get(world.bayKey);
    const { findings } = await round("drift", true);
    expect(findings).toMatchObject([{ what: "stack-vanished", outcome: "would", bayId: (await bayOf(world))?.uuid }]);
    expect(await world.table.get(world.bayKey)).toEqual(before);
  });

  test("finishes a delete that Heat could not, once somebody has removed the stack", async () => {
    const { world, acts, round } = await settledWorld();
    const bay = await world.table.get(world.bayKey);
    if (!bay) throw new Error("no bay");
    await world.table.put(
      {
        ...bay,
        revision: bay.revision + 1,
        body: { ...bay.body, state: { ...(bay.body["state"] as object), status: "DELETE_FAILED" } },
      },
      { revision: bay.revision },
    );
    world.removeAllStacks();
    await round("drift");
    expect(await bayOf(world)).toBeUndefined();
    expect(acts).toBeDefined();
    expect(world.users.size).toBe(0);
  });

  test("removes a stack of no bay only when an earlier round has seen it, long before", async () => {
    const { world, round } = await settledWorld();
    // The table is restored from a backup that is older than the bay.
    world.table.restore([]);
    expect((await round("drift")).findings).toMatchObject([{ what: "stack-unknown", outcome: "told" }]);
    expect((await round("drift")).findings).toMatchObject([{ what: "stack-unknown", outcome: "told" }]);
    expect(world.stacks.size).toBe(1);
    world.clock.advance(limits.reconciliation.suspectAgeMs);
    expect((await round("drift", true)).findings).toMatchObject([{ what: "stack-orphaned", outcome: "would" }]);
    expect((await round("drift")).findings).toMatchObject([{ what: "stack-orphaned", outcome: "done" }]);
    world.clock.advance(STACK_MS);
    expect((await round("drift")).findings).toEqual([]);
    expect(world.stacks.size).toBe(0);
    expect(told(world).filter((type) => type === "bay.drift.orphan")).toHaveLength(1);
  });

  test("leaves a stack that only bears our tags", async () => {
    const { world, round } = await settledWorld();
    for (const stack of world.stacks.values()) stack.parameters["bay_uuid"] = "another";
    world.table.restore([]);
    await round("drift");
    world.clock.advance(limits.reconciliation.suspectAgeMs);
    const { findings } = await round("drift");
    expect(findings).toMatchObject([
      { what: "stack-orphaned", outcome: "told", detail: expect.stringContaining("it stays") },
    ]);
    expect(world.stacks.size).toBe(1);
  });

  test("goes through the projects where Heat does not list them all, and through shards where they are many", async () => {
    const { world, round } = await settledWorld();
    world.removeAllStacks();
    const cloud = { ...world.ports.cloud };
    Object.assign(world.ports.cloud, { listStacks: () => Promise.resolve({ kind: "refused", reason: "Forbidden" }) });
    const byProject = await round("drift", true);
    expect(byProject.counts).toMatchObject({ "stack-vanished": 1, heatCalls: 2 });
    Object.assign(world.ports.cloud, {
      listStacks: ({ tag, marker }: { tag: string; marker?: string }) =>
        tag === "jeroboam"
          ? Promise.resolve({ kind: "page", stacks: [], nextMarker: `${marker ?? ""}x` })
          : cloud.listStacks({ tag }, new AbortController().signal),
    });
    const byShard = await round("drift", true);
    expect(byShard.counts).toMatchObject({ "stack-vanished": 1, heatCalls: 4 + limits.engine.typeShards });
  });
});

describe("left-overs", () => {
  test("are a trust that nobody holds and a user whose bay is gone, seen by two rounds", async () => {
    const { world, round } = await settledWorld();
    world.trusts.add("a trust whose making nobody heard of");
    await world.ports.cloud.ensureNodeUser(
      { name: "jeroboam-bay-00000000-0000-4000-8000-000000000000", password: "x", projectId: "p1" },
      new AbortController().signal,
    );
    expect((await round("left-overs")).findings.map(({ what }) => what)).toEqual(["user-unknown", "trust-unknown"]);
    world.clock.advance(limits.reconciliation.suspectAgeMs);
    expect((await round("left-overs")).findings).toMatchObject([
      { what: "user-left-over", outcome: "done" },
      { what: "trust-left-over", outcome: "done" },
    ]);
    const { counts } = await round("left-overs");
    expect(counts).toEqual({ users: 1, trusts: 1 });
    // What the bay holds stays.
    expect(world.trusts.size).toBe(1);
    expect(world.users.size).toBe(1);
  });
});

test("a stack that is gone costs one look, not one a round", async () => {
  const { world, round } = await settledWorld();
  world.removeAllStacks();
  expect((await round("drift")).counts).toMatchObject({ "stack-vanished": 1 });
  const { findings } = await round("drift");
  expect(findings).toEqual([]);
  expect(await world.table.get(bayKey("p1", (await bayOf(world))?.uuid ?? ""))).toBeDefined();
});

describe("a changed stack that nobody may look at any more, its trust being revoked,", () => {
  const starts = (world: BayWorld): number => told(world).filter((type) => type === "bay.drift.start").length;
  async function locked() {
    const settled = await settledWorld();
    const trusts = [...settled.world.trusts];
    settled.world.trusts.clear();
    settled.world.touchAllStacks();
    settled.world.clock.advance(STACK_MS);
    expect((await settled.round("drift")).findings).toMatchObject([{ what: "stack-changed", outcome: "done" }]);
    return { ...settled, giveBack: () => trusts.forEach((id) => settled.world.trusts.add(id)) };
  }

  test("is told by every round, and its owner once", async () => {
    const { world, round } = await locked();
    for (const isDryRun of [false, true, false]) {
      const { findings } = await round("drift", isDryRun);
      expect(findings).toMatchObject([
        { what: "stack-changed", outcome: "told", detail: expect.stringContaining("could not be looked at") },
      ]);
    }
    expect(starts(world)).toBe(1);
    expect(await bayOf(world)).toMatchObject({ status: "CREATE_COMPLETE" });
  });

  test("is looked at again hours later", async () => {
    const { world, round, giveBack } = await locked();
    giveBack();
    world.clock.advance(limits.reconciliation.lookAgainMs);
    expect((await round("drift")).findings).toMatchObject([{ what: "stack-changed", outcome: "done" }]);
    expect(await bayOf(world)).toMatchObject({ status: "UPDATE_COMPLETE" });
    expect((await round("drift")).findings).toEqual([]);
  });

  test("is looked at at once when it changes again", async () => {
    const { world, round } = await locked();
    world.touchAllStacks();
    world.clock.advance(STACK_MS);
    expect((await round("drift")).findings).toMatchObject([{ what: "stack-changed", outcome: "done" }]);
    expect(starts(world)).toBe(2);
  });
});
