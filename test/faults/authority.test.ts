/**
 * Replacing a bay's authority, through the harness: every node comes to every phase, in step with all others, and what is
 * trusted in the end is the new one alone.
 */
import { expect } from "vitest";
import { findBayByUuid } from "@jeroboam/core/bay/find-bay";
import { acknowledgeRotation, rotatingNodes } from "@jeroboam/core/bay/rotate-authority";
import { ROTATION_PHASES } from "@jeroboam/core/certificate/rotation";
import type { ConductorPorts, NodeGroupPlans } from "@jeroboam/conductor/ports";
import { PROJECT } from "../simulated/bays.ts";
import { BAY_DELETE } from "./bay-delete.ts";
import type { BayActs, BayRun, BayWorld } from "./bay-world.ts";
import { actsOn, bayOf, bayScenario, membersOf, SIMULATED_GROUPS } from "./bay-world.ts";
import { describeInterruption, describeOperationFaults, describePlainRun } from "./harness.ts";

const STACK_MS = 500;
/** After Heat has put it into their metadata. */
const NODE_MS = 500;

/** What each node has come to, in order. */
const comeTo = new WeakMap<BayWorld, Map<string, string[]>>();
/** Those whom a group is still to join. */
const joins = new WeakSet<BayWorld>();
/** Nodes that never look. */
const deaf = new WeakMap<BayWorld, Set<string>>();

/** Nodes look into their metadata, and say what they have come to. */
async function lookAround(world: BayWorld): Promise<void> {
  const mine = await findBayByUuid(world.table, { projectId: PROJECT, allProjects: false }, world.bayKey.pk.slice(4));
  if (!mine) return;
  const nodes = comeTo.get(world) ?? new Map<string, string[]>();
  comeTo.set(world, nodes);
  for (const { parameters, sinceMs, name } of world.stacks.values()) {
    const mark = parameters["certificate_rotation"];
    if (typeof mark !== "string" || world.clock.nowMs() - sinceMs < STACK_MS + NODE_MS) continue;
    for (const node of nodesOf(mine, name.includes(mine.record.state.uuid))) {
      const come = nodes.get(node) ?? [];
      if (come.at(-1) === mark || deaf.get(world)?.has(node)) continue;
      expect(await acknowledgeRotation(world.ports, mine, { node, mark })).toBe("taken");
      nodes.set(node, [...come, mark]);
    }
    expectInStep(nodes, rotatingNodes(mine));
  }
}

function nodesOf(bay: NonNullable<Awaited<ReturnType<typeof findBayByUuid>>>, isOwn: boolean): readonly string[] {
  return isOwn ? rotatingNodes({ ...bay, nodeGroups: [] }) : rotatingNodes(bay).filter((one) => isOfGroup(bay, one));
}

function isOfGroup({ nodeGroups }: Parameters<typeof rotatingNodes>[0], node: string): boolean {
  return nodeGroups.some(({ specification }) => specification.members.some(({ name }) => name === node));
}

/** Nobody is two phases ahead of anybody who has been told something. */
function expectInStep(nodes: ReadonlyMap<string, readonly string[]>, all: readonly string[]): void {
  const phases = all.flatMap((node) => {
    const last = nodes.get(node)?.at(-1);
    return last === undefined ? [] : [ROTATION_PHASES.findIndex((one) => last.endsWith(one))];
  });
  if (phases.length === 0) return;
  expect(Math.max(...phases) - Math.min(...phases)).toBeLessThanOrEqual(1);
}

/** Names are a bay's own, whichever group a node is of. */
const GROUPS: NodeGroupPlans = {
  ...SIMULATED_GROUPS,
  readOutputs: (_bay, outputs) => ({
    members: membersOf(outputs).map((member) => ({ ...member, name: `gpu-${member.name}` })),
  }),
};

async function begin(acts: BayActs, world: BayWorld, settle: () => Promise<void>): Promise<void> {
  Object.assign(world.ports.stackPlans, { nodeGroups: GROUPS });
  await acts.create(1);
  await settle();
  await acts.addGroup();
  await settle();
  await acts.rotateAuthority();
}

const bayWithGroups = (world: BayWorld) =>
  findBayByUuid(world.table, { projectId: PROJECT, allProjects: false }, world.bayKey.pk.slice(4));

const certificatesOf = async (world: BayWorld) => (await bayWithGroups(world))?.specification.certificates;

const rotating = bayScenario(
  "replacing an authority",
  { stackMs: STACK_MS },
  begin,
  async (world) => {
    expect(await bayOf(world)).toMatchObject({ status: "UPDATE_COMPLETE" });
    const { rotation, rotatedBy, caCertificate, caKeySealed } = (await certificatesOf(world)) ?? {};
    expect(rotation).toBeUndefined();
    // One of those that were made since, with its own key, whoever made the last one in vain.
    const number = /certificate of blue, (\d+)/.exec(caCertificate ?? "")?.[1];
    expect(Number(number)).toBeGreaterThan(1);
    expect(caKeySealed).toContain(`key of blue, ${number}`);
    const marks = ROTATION_PHASES.map((phase) => `${rotatedBy}.${phase}`);
    const nodes = comeTo.get(world);
    expect([...(nodes?.keys() ?? [])].toSorted()).toEqual(["gpu-node-0", "gpu-node-1", "master-0", "node-0"]);
    for (const come of nodes?.values() ?? []) expect(come).toEqual(marks);
    // Nobody was made anew, and each stack was told once a phase.
    expect(world.counts).toMatchObject({ creates: 2, updates: 2 * marks.length });
  },
  lookAround,
);
describeOperationFaults(rotating);
describeInterruption<ConductorPorts, BayRun>(rotating, BAY_DELETE);
describePlainRun(
  bayScenario(
    "replacing an authority, and a group joins when all are told",
    { stackMs: STACK_MS },
    async (acts, world, settle) => {
      await acts.create(1);
      await settle();
      Object.assign(world.ports, { stackPlans: { ...world.ports.stackPlans, nodeGroups: GROUPS } });
      await acts.rotateAuthority();
      joins.add(world);
      deaf.set(world, new Set(["node-0"]));
    },
    async (world) => {
      expect(await bayOf(world)).toMatchObject({ status: "UPDATE_COMPLETE" });
      expect((await certificatesOf(world))?.rotation).toBeUndefined();
      expect(comeTo.get(world)?.get("gpu-node-0")?.at(-1)).toMatch(/\.drop$/);
    },
    async (world) => {
      const isTold = [...world.stacks.values()].some(({ parameters }) => parameters["certificate_rotation"]);
      if (isTold && joins.delete(world)) await actsOn(world).addGroup();
      const [joined] = (await bayWithGroups(world))?.nodeGroups ?? [];
      if (joined?.group.status === "CREATE_COMPLETE") deaf.delete(world);
      await lookAround(world);
    },
  ),
);
const SLOW_STACK_MS = 60_000;
describePlainRun(
  bayScenario(
    "replacing an authority, all stacks at once",
    { stackMs: SLOW_STACK_MS },
    begin,
    async (world) => {
      expect(await bayOf(world)).toMatchObject({ status: "UPDATE_COMPLETE" });
      const [one = 0, other = 0] = [...world.stacks.values()].map(({ sinceMs }) => sinceMs);
      expect(Math.abs(one - other)).toBeLessThan(SLOW_STACK_MS);
    },
    lookAround,
  ),
);
describePlainRun(
  bayScenario(
    "going on with a rotation that a node had held up",
    { stackMs: STACK_MS },
    async (acts, world, settle) => {
      await acts.create(1);
      await settle();
      deaf.set(world, new Set(["node-0"]));
      await acts.rotateAuthority();
      await settle();
      const held = await bayOf(world);
      expect(held?.status).toBe("UPDATE_FAILED");
      expect(held?.statusReason).toMatch(
        /^node-0 did not take up the change of certificates \(trust\) within 30 minutes/,
      );
      // Both are trusted, and the old one signs.
      expect(await certificatesOf(world)).toMatchObject({
        caCertificate: "certificate of blue, 1",
        rotation: { phase: "trust", next: { caCertificate: "certificate of blue, 2" } },
      });
      deaf.delete(world);
      await acts.rotateAuthority();
    },
    async (world) => {
      expect(await bayOf(world)).toMatchObject({ status: "UPDATE_COMPLETE" });
      const certificates = await certificatesOf(world);
      expect(certificates?.rotation).toBeUndefined();
      // The one that was made for the first attempt.
      expect(certificates?.caCertificate).toBe("certificate of blue, 2");
    },
    lookAround,
  ),
);
/** What the bay's own stack was told before, and whether that came once more, late. */
const earlier = new WeakMap<
  BayWorld,
  { readonly parameters: Record<string, unknown>; readonly tags: readonly string[] }
>();
const overtaken = new WeakSet<BayWorld>();
describePlainRun(
  bayScenario(
    "replacing an authority, and a call that tells a stack of the phase before comes late",
    { stackMs: STACK_MS },
    begin,
    async (world) => {
      expect(overtaken.has(world)).toBe(true);
      expect(await bayOf(world)).toMatchObject({ status: "UPDATE_COMPLETE" });
      expect((await certificatesOf(world))?.rotation).toBeUndefined();
    },
    async (world) => {
      const [own] = world.stacks.values();
      const isAt = (phase: string): boolean => String(own?.parameters["certificate_rotation"]).endsWith(`.${phase}`);
      if (own && isAt("renew")) earlier.set(world, { parameters: own.parameters, tags: own.tags });
      if (isAt("serve") && !overtaken.has(world)) deaf.set(world, new Set(["node-0"]));
      const step = (await bayWithGroups(world))?.record.operation?.step;
      if (own && step === "await-serve" && !overtaken.has(world)) {
        overtaken.add(world);
        deaf.delete(world);
        Object.assign(own, { ...earlier.get(world), sinceMs: world.clock.nowMs() });
      }
      await lookAround(world);
    },
  ),
);
