/** Rounds of drift over a node group whose own stack was changed behind our back. */
import { describe, expect, test } from "vitest";
import type { ConductorPorts } from "@jeroboam/conductor/ports";
import type { NodeGroup } from "@jeroboam/core/node-group/node-group";
import { nodeGroupKey, nodeGroupShape } from "@jeroboam/core/node-group/node-group";
import { limits } from "@jeroboam/core/limits";
import { changeRecord } from "@jeroboam/core/operation/record-store";
import { startRound } from "@jeroboam/core/reconciliation/job";
import type { BayActs, BayRun, BayWorld } from "../faults/bay-world.ts";
import { actsOn, bayOf, bayScenario, groupsOf } from "../faults/bay-world.ts";
import { describeInterruption, describeOperationFaults } from "../faults/harness.ts";
import { settledWorld, STACK_MS } from "./settled-world.ts";

async function groupOf(world: BayWorld): Promise<NodeGroup | undefined> {
  return (await groupsOf(world))[0]?.group;
}

async function groupStackId(world: BayWorld): Promise<string> {
  return (await groupOf(world))?.stackId ?? "";
}

async function builtGroup(acts: BayActs, world: BayWorld, settle: () => Promise<void>): Promise<void> {
  await acts.create(2);
  await settle();
  await acts.addGroup();
  await settle();
  world.clock.advance(STACK_MS);
}

/** The bay that the group is of is as it was. */
async function verifyBay(world: BayWorld): Promise<void> {
  expect(await bayOf(world)).toMatchObject({ status: "UPDATE_COMPLETE", nodeCount: 2 });
}

const deletedByHand = bayScenario(
  "a node group's stack that was deleted by hand",
  { stackMs: STACK_MS },
  async (acts, world, settle) => {
    await builtGroup(acts, world, settle);
    world.removeStack(await groupStackId(world));
    await startRound(world.ports, "drift", {});
  },
  async (world) => {
    const group = await groupOf(world);
    expect(group).toMatchObject({
      status: "CREATE_FAILED",
      statusReason: `Stack with id ${group?.stackId} not found in Heat.`,
      stackSeen: "missing",
    });
    expect([...world.told.values()].map(({ type }) => type)).toContain("node-group.drift.end");
    await verifyBay(world);
  },
);
describeOperationFaults(deletedByHand);
describeInterruption<ConductorPorts, BayRun>(deletedByHand, {
  name: "its delete",
  act: ({ world }) => actsOn(world).removeGroup(),
  async verify({ world }) {
    expect(await groupOf(world)).toBeUndefined();
    expect([world.stacks.size, world.trusts.size]).toEqual([1, 1]);
  },
});

describeOperationFaults(
  bayScenario(
    "a node group's stack that somebody's own update broke",
    { stackMs: STACK_MS },
    async (acts, world, settle) => {
      await builtGroup(acts, world, settle);
      world.touchStack(await groupStackId(world), "No valid host was found");
      world.clock.advance(STACK_MS);
      await startRound(world.ports, "drift", {});
    },
    async (world) => {
      expect(await groupOf(world)).toMatchObject({
        status: "UPDATE_FAILED",
        statusReason: "minion 0: No valid host was found",
      });
      await verifyBay(world);
    },
  ),
);

async function withGroup() {
  const settled = await settledWorld();
  const before = settled.world.table.items();
  await settled.acts.addGroup();
  await settled.settle();
  return { ...settled, before };
}

describe("drift of node groups", () => {
  test("costs no call for one whose stack is as it was left", async () => {
    const { world, round } = await withGroup();
    const before = await groupOf(world);
    const { get } = world.table.counts;
    const { counts, findings } = await round("drift");
    expect(counts).toEqual({
      bays: 1,
      "node-groups": 1,
      stacks: 2,
      heatCalls: 1,
      indexPages: limits.engine.typeShards,
    });
    expect(findings).toEqual([]);
    const reads = world.table.counts.get - get;
    world.removeStack(await groupStackId(world));
    await round("drift");
    // What the round itself reads, and no group.
    expect(reads).toBeLessThan(8);
    expect(before).toMatchObject({ status: "CREATE_COMPLETE" });
  });

  test("counts the nodes that somebody's own update has left", async () => {
    const { world, round } = await withGroup();
    const stack = world.stacks.get(await groupStackId(world));
    Object.assign(stack?.parameters ?? {}, { nodes: 4 });
    world.touchStack(stack?.id ?? "");
    world.clock.advance(STACK_MS);
    await round("drift");
    const [group] = await groupsOf(world);
    expect(group?.group).toMatchObject({ status: "UPDATE_COMPLETE", nodeCount: 4 });
    expect(group?.specification.members).toHaveLength(4);
    await verifyBay(world);
  });

  test("finishes a delete that Heat could not, once somebody has removed the stack", async () => {
    const { world, round } = await withGroup();
    const group = await groupOf(world);
    if (!group) throw new Error("no group");
    const key = nodeGroupKey(group.projectId, group.bayUuid, group.uuid);
    await changeRecord<NodeGroup, never>(world.ports, nodeGroupShape, key, (current) => ({
      kind: "write",
      record: { ...current, state: { ...current.state, status: "DELETE_FAILED" } },
    }));
    world.removeStack(await groupStackId(world));
    await round("drift");
    expect(await groupOf(world)).toBeUndefined();
    expect(world.trusts.size).toBe(1);
    await verifyBay(world);
  });

  test("removes the stack of a group that is not there, seen twice, and lets its bay be", async () => {
    const { world, round, before } = await withGroup();
    const id = await groupStackId(world);
    world.table.restore(before);
    expect((await round("drift")).findings).toMatchObject([{ what: "stack-unknown", outcome: "told" }]);
    world.clock.advance(limits.reconciliation.suspectAgeMs);
    expect((await round("drift")).findings).toMatchObject([
      { what: "stack-orphaned", outcome: "done", detail: expect.stringContaining("is of no node group") },
    ]);
    world.clock.advance(STACK_MS);
    expect((await round("drift")).findings).toEqual([]);
    expect([...world.stacks.keys()]).not.toContain(id);
    expect(world.stacks.size).toBe(1);
    const told = [...world.told.values()].filter(({ type }) => type === "node-group.drift.orphan");
    expect(told).toMatchObject([{ data: { stack: id } }]);
  });

  test("leaves a stack that only bears a group's tags", async () => {
    const { world, round, before } = await withGroup();
    const stack = world.stacks.get(await groupStackId(world));
    Object.assign(stack?.parameters ?? {}, { group_uuid: "another" });
    world.table.restore(before);
    await round("drift");
    world.clock.advance(limits.reconciliation.suspectAgeMs);
    expect((await round("drift")).findings).toMatchObject([
      { outcome: "told", detail: expect.stringContaining("it stays: its parameters do not say") },
    ]);
    expect(world.stacks.size).toBe(2);
  });

  test("removes a lost bay's stack behind those of its node groups", async () => {
    const { world, round } = await withGroup();
    world.table.restore([]);
    await round("drift");
    world.clock.advance(limits.reconciliation.suspectAgeMs);
    expect((await round("drift")).findings).toMatchObject([
      { outcome: "told", detail: expect.stringContaining("it stays: its node groups' stacks go before it") },
      { outcome: "done", detail: expect.stringContaining("is of no node group") },
    ]);
    world.clock.advance(STACK_MS);
    expect((await round("drift")).findings).toMatchObject([{ outcome: "done" }]);
    world.clock.advance(STACK_MS);
    await round("drift");
    expect(world.stacks.size).toBe(0);
  });
});
