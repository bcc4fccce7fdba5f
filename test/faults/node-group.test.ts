/** Every operation on a node group, through the harness: right status, one stack of its own, nothing left behind. */
import { expect } from "vitest";
import type { ConductorPorts } from "@jeroboam/conductor/ports";
import { readSpecification } from "@jeroboam/core/bay/specification-store";
import { compareKeys } from "@jeroboam/core/table/range";
import { isProvisional } from "@jeroboam/core/operation/provisional";
import type { BayRun, BayWorld } from "./bay-world.ts";
import { actsOn, bayOf, bayScenario, groupsOf, NEWER_MODEL_ID } from "./bay-world.ts";
import { describeInterruption, describeOperationFaults } from "./harness.ts";

const quick = { stackMs: 1_500 };

/** What was told of the bay and its group has one order, which is each record's own, and that of who waited for whom. */
function verifyOrder({ told }: BayWorld): void {
  const events = [...told.values()].toSorted((one, other) => compareKeys(one.order ?? "", other.order ?? ""));
  expect(new Set(events.map(({ order }) => order)).size).toBe(events.length);
  for (const record of ["bay", "node-group"]) {
    const own = events.filter(({ type }) => type.startsWith(`${record}.`)).map(({ sequence }) => sequence);
    expect(own).toEqual(own.map((_, index) => index + 1));
  }
  const place = (name: string): number => events.findIndex(({ type }) => type === name);
  const [groupBegins, groupGone] = [place("node-group.create.start"), place("node-group.delete.end")];
  if (groupBegins >= 0) expect(groupBegins).toBeGreaterThan(place("bay.create.end"));
  if (groupGone >= 0 && place("bay.delete.end") >= 0) expect(groupGone).toBeLessThan(place("bay.delete.end"));
}

const GPU = { key: "gpu", value: null, effect: "NoSchedule" };
const NOT_READY = { key: "node.kubernetes.io/not-ready", value: null, effect: "NoExecute" };

const nodesOf = ({ engines, bayKey }: BayWorld) => engines.bay(bayKey.pk.slice("bay#".length)).nodes;

async function verifyGroup(world: BayWorld, status: string, nodeCount: number): Promise<void> {
  verifyOrder(world);
  const [group, ...others] = await groupsOf(world);
  expect(others).toEqual([]);
  expect([group?.group.status, group?.group.statusReason]).toEqual([status, expect.stringContaining("completed")]);
  expect(group?.group).toMatchObject({ name: "gpu", nodeCount });
  expect(group?.specification.members).toHaveLength(nodeCount);
  expect(group?.specification.nodeAddresses).toHaveLength(nodeCount);
  const stack = world.stacks.get(group?.group.stackId ?? "");
  expect(stack?.parameters).toMatchObject({ group_uuid: group?.group.uuid, nodes: nodeCount });
  // The bay's own and the group's: each with how conductors may act for it.
  expect(world.counts.creates).toBe(2);
  expect(world.stacks.size).toBe(2);
  expect(world.trusts.size).toBe(2);
  expect(await bayOf(world)).toMatchObject({ status: "UPDATE_COMPLETE", nodeCount: 1 });
}

async function verifyNoGroup(world: BayWorld): Promise<void> {
  verifyOrder(world);
  expect(await groupsOf(world)).toEqual([]);
  expect(world.stacks.size).toBe(1);
  expect(world.trusts.size).toBe(1);
  const left = world.table.items().filter(({ pk }) => pk === world.bayKey.pk);
  expect(left.map(({ sk }) => sk)).toEqual(["p1#bay", "p1#bay-specification"]);
}

/** The model stays, no mark of its use does; an empty quota expires by itself. */
function verifyGone(world: BayWorld): Promise<void> {
  verifyOrder(world);
  const lasting = world.table.items().filter(({ expiresAtSeconds }) => expiresAtSeconds === undefined);
  expect(lasting.map(({ sk }) => sk)).toEqual(["model#p1"]);
  expect(world.stacks.size).toBe(0);
  expect(world.trusts.size).toBe(0);
  expect(world.users.size).toBe(0);
  return Promise.resolve();
}

const adding = bayScenario(
  "adding a node group",
  quick,
  async (acts, _world, settle) => {
    await acts.create(1);
    await settle();
    await acts.addGroup();
  },
  (world) => verifyGroup(world, "CREATE_COMPLETE", 2),
);
describeOperationFaults(adding);
describeInterruption<ConductorPorts, BayRun>(adding, {
  name: "its delete",
  act: ({ world }) => actsOn(world).removeGroup(),
  verify: ({ world }) => verifyNoGroup(world),
});
describeInterruption<ConductorPorts, BayRun>(adding, {
  name: "the bay's delete",
  act: ({ world }) => actsOn(world).remove(),
  verify: ({ world }) => verifyGone(world),
});

const marking = bayScenario(
  "labelling the nodes of a node group",
  quick,
  async (acts, world, settle) => {
    await acts.create(1);
    await settle();
    await acts.addGroup();
    await settle();
    // As they registered, and what Kubernetes says of one by itself.
    const registered = { labels: { team: "red", arch: "arm" }, taints: [GPU, NOT_READY] };
    nodesOf(world)
      .set("node-0", registered)
      .set("node-1", { ...registered, taints: [GPU] });
    await acts.markGroup({ tier: "gold" });
  },
  async (world) => {
    const tier = { key: "tier", value: null, effect: "NoSchedule" };
    expect(Object.fromEntries(nodesOf(world))).toEqual({
      "node-0": { labels: { arch: "arm", tier: "gold" }, taints: [NOT_READY, tier] },
      "node-1": { labels: { arch: "arm", tier: "gold" }, taints: [tier] },
    });
    const [group] = await groupsOf(world);
    expect(group?.group).toMatchObject({ status: "UPDATE_COMPLETE", statusReason: null, nodeCount: 2 });
    expect(group?.specification).toMatchObject({ nodeLabels: { tier: "gold" }, nodeTaints: [tier] });
    // Heat is told with the next change of the stack: its nodes are as they are.
    expect(world.stacks.size).toBe(2);
    expect(group?.specification.staleMarks).toEqual({ labels: [], taints: [] });
  },
);
describeOperationFaults(marking);
describeInterruption<ConductorPorts, BayRun>(marking, {
  name: "its delete",
  act: ({ world }) => actsOn(world).removeGroup(),
  verify: ({ world }) => verifyNoGroup(world),
});

const resizing = bayScenario(
  "resizing a node group",
  quick,
  async (acts, _world, settle) => {
    await acts.create(1);
    await settle();
    await acts.addGroup();
    await settle();
    await acts.resizeGroup(3);
  },
  (world) => verifyGroup(world, "UPDATE_COMPLETE", 3),
);
describeOperationFaults(resizing);
describeInterruption<ConductorPorts, BayRun>(resizing, {
  name: "another resize",
  act: ({ world }) => actsOn(world).resizeGroup(1, ["1"]),
  async verify({ world }) {
    await verifyGroup(world, "UPDATE_COMPLETE", 1);
    const [group] = await groupsOf(world);
    expect(world.stacks.get(group?.group.stackId ?? "")?.parameters["removed"]).toEqual(["1"]);
  },
});

describeOperationFaults(
  bayScenario(
    "removing a node that the group does not have",
    quick,
    async (acts, _world, settle) => {
      await acts.create(1);
      await settle();
      await acts.addGroup();
      await settle();
      await acts.resizeGroup(1, ["no-such-server"]);
    },
    async (world) => {
      const [group] = await groupsOf(world);
      expect(group?.group).toMatchObject({ status: "UPDATE_FAILED", nodeCount: 2 });
      expect(group?.group.statusReason).toContain("no-such-server");
      expect(world.counts.updates).toBe(0);
    },
  ),
);

describeOperationFaults(
  bayScenario(
    "deleting a node group",
    quick,
    async (acts, _world, settle) => {
      await acts.create(1);
      await settle();
      await acts.addGroup();
      await settle();
      await acts.removeGroup();
    },
    verifyNoGroup,
  ),
);

describeOperationFaults(
  bayScenario(
    "deleting a bay with a node group",
    quick,
    async (acts, _world, settle) => {
      await acts.create(1);
      await settle();
      await acts.addGroup();
      await settle();
      await acts.remove();
    },
    verifyGone,
  ),
);

describeOperationFaults(
  bayScenario(
    "deleting a bay whose node group Heat can never delete",
    { ...quick, failingDeletes: 1_000 },
    async (acts, _world, settle) => {
      await acts.create(1);
      await settle();
      await acts.addGroup();
      await settle();
      await acts.remove();
    },
    async (world) => {
      expect(await bayOf(world)).toMatchObject({
        status: "DELETE_FAILED",
        statusReason: "node group gpu: minion 0: a port is in use",
      });
      expect(world.trusts.size).toBe(2);
    },
  ),
);

/** Every worker that was there is gone, and the newer model alone is in use. */
async function verifyUpgraded(world: BayWorld): Promise<void> {
  const bay = await bayOf(world);
  expect([bay?.status, bay?.statusReason]).toEqual(["UPDATE_COMPLETE", expect.stringContaining("completed")]);
  expect(bay).toMatchObject({ bayModelId: NEWER_MODEL_ID, nodeCount: 3 });
  const specification = bay && (await readSpecification(world.table, bay));
  expect(specification?.model).toMatchObject({ uuid: NEWER_MODEL_ID, imageId: "newer" });
  expect(specification?.labels).toEqual({ kube_tag: "v1.20.4" });
  expect(specification?.workers?.map(({ index }) => index)).toEqual(["3", "4", "5"]);
  // Told once, then two workers at a time of three.
  expect(world.counts.updates).toBe(3);
  const marks = world.table.items().filter(({ sk }) => sk.startsWith("use#"));
  expect(marks.map(({ pk }) => pk)).toEqual([`bay-model#${NEWER_MODEL_ID}`]);
}

const upgrading = bayScenario(
  "upgrading a bay",
  quick,
  async (acts, _world, settle) => {
    await acts.create(3);
    await settle();
    await acts.upgrade();
  },
  verifyUpgraded,
);
describeOperationFaults(upgrading);
describeInterruption<ConductorPorts, BayRun>(upgrading, {
  name: "the bay's delete",
  act: ({ world }) => actsOn(world).remove(),
  verify({ world }) {
    const lasting = world.table.items().filter(({ expiresAtSeconds }) => expiresAtSeconds === undefined);
    // A mark that was put in the very moment is provisional: the sweep takes it.
    expect(lasting.filter((item) => !isProvisional(item)).map(({ sk }) => sk)).toEqual(["model#p1", "model#p1"]);
    expect(world.stacks.size).toBe(0);
    return Promise.resolve();
  },
});
describeInterruption<ConductorPorts, BayRun>(upgrading, {
  name: "a resize",
  act: ({ world }) => actsOn(world).resize(1),
  async verify({ world }) {
    const bay = await bayOf(world);
    expect(bay).toMatchObject({ status: "UPDATE_COMPLETE", nodeCount: 1 });
    const specification = bay && (await readSpecification(world.table, bay));
    expect(specification?.workers).toHaveLength(1);
    expect(Number(specification?.workers?.[0]?.index)).toBeGreaterThan(2);
  },
});

describeOperationFaults(
  bayScenario(
    "upgrading a node group",
    quick,
    async (acts, _world, settle) => {
      await acts.create(1);
      await settle();
      await acts.addGroup();
      await settle();
      await acts.upgradeGroup();
    },
    async (world) => {
      const [group] = await groupsOf(world);
      expect(group?.group).toMatchObject({ status: "UPDATE_COMPLETE", nodeCount: 2 });
      expect(group?.specification.members.map(({ index }) => index)).toEqual(["2", "3"]);
      expect(world.counts.updates).toBe(3);
    },
  ),
);
