/** Nodes that stay unhealthy: replaced where a label asks for it, within bounds, through the harness. */
import type { ContainerEngine, Health } from "@jeroboam/coe/engines/container-engine";
import type { ConductorPorts } from "@jeroboam/conductor/ports";
import { RECORD_TYPES } from "@jeroboam/conductor/record-types";
import { changeSpecification } from "@jeroboam/core/bay/specification-store";
import { limits } from "@jeroboam/core/limits";
import { expect, test } from "vitest";
import { PLAIN_DELIVERY } from "../simulated/queue.ts";
import type { BayRun, BayWorld } from "./bay-world.ts";
import { actsOn, bayOf, createBayWorld, membersOf } from "./bay-world.ts";
import type { Gate } from "./gate.ts";
import { createGate } from "./gate.ts";
import { describeInterruption, describeOperationFaults } from "./harness.ts";
import { passTime } from "./pass-time.ts";

const CHECK_MS = 120_000;

interface Ward {
  readonly world: BayWorld;
  readonly ports: ConductorPorts;
  /** Names of nodes that are not ready while they are there. */
  readonly broken: Set<string>;
  isAway: boolean;
  nodes(): readonly string[];
}

/** A world whose engine has a node for each of the stack's. */
function createWard(gate: Gate, delivery: Parameters<typeof createBayWorld>[1]): Ward {
  const world = createBayWorld(gate, delivery, { stackMs: 12_000 });
  const nodes = (): readonly string[] =>
    [...world.stacks.values()].flatMap(({ parameters, gone }) =>
      membersOf({ nodes: parameters["nodes"], gone }).map(({ index }) => `node-${index}`),
    );
  const checkHealth = (): Promise<Health> =>
    gate.pass<Health>("engine health", () => {
      if (ward.isAway) return Promise.resolve({ kind: "unreachable", cause: "down", reason: "no answer" });
      const ready = nodes().map((name) => [`${name}.Ready`, ward.broken.has(name) ? "False" : "True"] as const);
      const isHealthy = ready.every(([, value]) => value === "True");
      return Promise.resolve({
        kind: "checked",
        isHealthy,
        reasons: { api: "ok", ...Object.fromEntries(ready) },
      } as const);
    });
  const openEngine: ConductorPorts["openEngine"] = async (bay, specification) => {
    const opened = await world.ports.openEngine(bay, specification);
    if (opened.kind === "closed" || specification.apiAddress === null) return opened;
    return { kind: "open", engine: { ...opened.engine, checkHealth } satisfies ContainerEngine };
  };
  const ports = { ...world.ports, openEngine, healthChecks: { intervalMs: CHECK_MS } };
  const ward: Ward = { world, ports, broken: new Set(), isAway: false, nodes };
  return ward;
}

async function label(world: BayWorld, labels: Record<string, string>): Promise<void> {
  const bay = await bayOf(world);
  if (bay) await changeSpecification(world.table, bay, () => ({ labels }));
}

const REPAIRED = { auto_healing_enabled: "true" };
const told = ({ told: events }: BayWorld, type: string) => [...events.values()].filter((event) => event.type === type);

interface WardRun extends BayRun {
  readonly ward: Ward;
}

const replacing = {
  name: "replacing a node that stays unhealthy",
  build(
    gate: Gate & { arm(): void; disarm(): void },
    delivery: Parameters<typeof createBayWorld>[1],
  ): Promise<WardRun> {
    const ward = createWard(gate, delivery);
    const { world, ports, broken } = ward;
    // Checks go on for ever: nothing else is due, and all are well.
    const isAtRest = (): boolean =>
      world.table.items().every(({ pk, indexes }) => indexes.due === undefined || pk.startsWith("health-watch#")) &&
      !ward.nodes().some((name) => broken.has(name));
    return Promise.resolve({
      ward,
      world,
      clock: world.clock,
      queue: world.queue,
      ports,
      types: RECORD_TYPES,
      isAtRest,
      async start(settle: () => Promise<void>) {
        gate.disarm();
        await actsOn(world).create(4);
        await settle();
        await label(world, REPAIRED);
        broken.add("node-1");
        await pass(ward, limits.repair.spanMs - CHECK_MS);
        gate.arm();
      },
      async verify() {
        expect(await bayOf(world)).toMatchObject({ status: "UPDATE_COMPLETE", nodeCount: 4 });
        expect(ward.nodes()).toEqual(["node-0", "node-2", "node-3", "node-4"]);
        expect(world.counts).toEqual({ creates: 1, updates: 1 });
        expect(told(world, "bay.repair.begun").map(({ data }) => data)).toMatchObject([{ nodes: ["node-1"] }]);
        expect(told(world, "bay.repair.suspended")).toEqual([]);
      },
    });
  },
};
describeOperationFaults(replacing);
describeInterruption<ConductorPorts, WardRun>(replacing, {
  name: "a delete",
  act: ({ world }) => actsOn(world).remove(),
  async verify({ world }) {
    expect(await bayOf(world)).toBeUndefined();
    expect(world.stacks.size + world.trusts.size + world.users.size).toBe(0);
  },
});

const pass = ({ world, ports }: Ward, ms: number): Promise<void> => passTime(world, ms, ports);

const HOUR_MS = 3_600_000;

async function standingWard(nodeCount: number, labels: Record<string, string> = REPAIRED): Promise<Ward> {
  const ward = createWard(createGate(), PLAIN_DELIVERY);
  await actsOn(ward.world).create(nodeCount);
  await pass(ward, 60_000);
  expect(await bayOf(ward.world)).toMatchObject({ status: "CREATE_COMPLETE" });
  await label(ward.world, labels);
  return ward;
}

test.each<Record<string, string>>([
  {},
  { auto_healing_enabled: "false" },
  { auto_healing_enabled: "true", auto_healing_controller: "draino" },
])("a bay whose labels are %j keeps its nodes as they are", async (labels) => {
  const ward = await standingWard(4, labels);
  ward.broken.add("node-1");
  await pass(ward, 2 * HOUR_MS);
  expect(ward.nodes()).toContain("node-1");
  expect(await bayOf(ward.world)).toMatchObject({ status: "CREATE_COMPLETE", healthStatus: "UNHEALTHY" });
});

test("a node that is well again in between is not replaced, however often that happens", async () => {
  const ward = await standingWard(4);
  for (let times = 0; times < 20; times += 1) {
    ward.broken.add("node-1");
    await pass(ward, limits.repair.spanMs - CHECK_MS);
    ward.broken.clear();
    await pass(ward, 2 * CHECK_MS);
  }
  expect(ward.world.counts.updates).toBe(0);
});

test("when more than a third fail at once none is replaced, which is told once; when most are back, the rest are", async () => {
  const ward = await standingWard(6);
  for (const name of ["node-0", "node-1", "node-2"]) ward.broken.add(name);
  await pass(ward, 2 * HOUR_MS);
  expect(ward.world.counts.updates).toBe(0);
  expect(told(ward.world, "bay.repair.suspended").map(({ data }) => data["reason"])).toEqual([
    "3 of 6 nodes are not ready",
  ]);
  ward.broken.delete("node-2");
  await pass(ward, HOUR_MS);
  expect(ward.nodes()).toEqual(["node-2", "node-3", "node-4", "node-5", "node-6", "node-7"]);
  expect(ward.world.counts.updates).toBe(1);
});

test("while the engine is away nothing is replaced, which is told once, and what was before does not count", async () => {
  const ward = await standingWard(4);
  ward.broken.add("node-1");
  await pass(ward, limits.repair.spanMs - CHECK_MS);
  ward.isAway = true;
  await pass(ward, 2 * HOUR_MS);
  expect(told(ward.world, "bay.repair.suspended").map(({ data }) => data["reason"])).toEqual([
    "the engine cannot be asked",
  ]);
  ward.isAway = false;
  await pass(ward, limits.repair.spanMs - CHECK_MS);
  expect(ward.world.counts.updates).toBe(0);
  await pass(ward, HOUR_MS);
  expect(ward.nodes()).not.toContain("node-1");
});

test("no more nodes are replaced at once, and a day, than the limits say", async () => {
  const ward = await standingWard(30);
  for (let index = 0; index < 10; index += 1) ward.broken.add(`node-${index}`);
  await pass(ward, limits.repair.spanMs + 2 * CHECK_MS);
  expect(ward.nodes().filter((name) => ward.broken.has(name))).toHaveLength(10 - limits.repair.nodesAtOnce);
  await pass(ward, 12 * HOUR_MS);
  const left = 10 - limits.repair.nodesADay;
  expect(ward.nodes().filter((name) => ward.broken.has(name))).toHaveLength(left);
  expect(told(ward.world, "bay.repair.suspended").map(({ data }) => data["reason"])).toEqual([
    `${limits.repair.nodesADay} nodes were replaced within a day`,
  ]);
  await pass(ward, 14 * HOUR_MS);
  expect(ward.nodes().filter((name) => ward.broken.has(name))).toEqual([]);
});

test("a bay whose last update has failed is left to its owner, who is told", async () => {
  const ward = await standingWard(4);
  await pass(ward, CHECK_MS);
  const item = await ward.world.table.get(ward.world.bayKey);
  if (!item) throw new Error("no bay");
  const state = { ...(item.body["state"] as object), status: "UPDATE_FAILED" };
  const failed = { ...item, revision: item.revision + 1, body: { ...item.body, state } };
  expect(await ward.world.table.put(failed, { revision: item.revision })).toBe("written");
  ward.broken.add("node-1");
  await pass(ward, HOUR_MS);
  expect(ward.world.counts.updates).toBe(0);
  expect(told(ward.world, "bay.repair.suspended").map(({ data }) => data["reason"])).toEqual([
    "the bay is UPDATE_FAILED",
  ]);
});
