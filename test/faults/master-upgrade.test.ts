/**
 * Upgrading a bay's masters, through the harness: one at a time, each waited for, the first one last, and only then workers;
 * a failure stops there and says which, and an upgrade after that goes on where it stopped.
 */
import { expect } from "vitest";
import { acknowledgeUpgrade } from "@jeroboam/core/bay/master-upgrade";
import { findBayByUuid } from "@jeroboam/core/bay/find-bay";
import { readSpecification } from "@jeroboam/core/bay/specification-store";
import type { ConductorPorts, StackPlans } from "@jeroboam/conductor/ports";
import { PROJECT } from "../simulated/bays.ts";
import { BAY_DELETE } from "./bay-delete.ts";
import type { BayActs, BayRun, BayWorld } from "./bay-world.ts";
import { actsOn, bayOf, bayScenario, NEWER_MODEL_ID } from "./bay-world.ts";
import { describeInterruption, describeOperationFaults, describePlainRun } from "./harness.ts";

const STACK_MS = 500;
/** A master's own work, after Heat has put the mark into its metadata. */
const MASTER_MS = 1_000;
const MASTERS = ["blue-master-0", "blue-master-1"];

/** What happened to masters, in order: `begun NAME`, `come NAME`, `failed NAME`. */
const happened = new WeakMap<BayWorld, string[]>();
/** Masters that cannot, and that never look. */
const broken = new WeakMap<BayWorld, Set<string>>();
const deaf = new WeakMap<BayWorld, Set<string>>();
/** The mark that each has answered. */
const answered = new WeakMap<BayWorld, Map<string, string>>();

function kept<Value>(map: WeakMap<BayWorld, Value>, world: BayWorld, fresh: () => Value): Value {
  const value = map.get(world) ?? fresh();
  map.set(world, value);
  return value;
}

const findBay = (world: BayWorld) =>
  findBayByUuid(world.table, { projectId: PROJECT, allProjects: false }, world.bayKey.pk.slice(4));

/** Masters look into their metadata, do their work, and say what came of it. */
async function lookAround(world: BayWorld): Promise<void> {
  const bay = await findBay(world);
  const log = kept(happened, world, () => []);
  const answers = kept(answered, world, () => new Map<string, string>());
  for (const { parameters, sinceMs } of world.stacks.values()) {
    const mark = parameters["master_upgrade"];
    const waitedMs = world.clock.nowMs() - sinceMs;
    if (!bay || typeof mark !== "string" || waitedMs < STACK_MS) continue;
    const node = MASTERS[Number(mark.split(".")[1])] ?? "";
    if (answers.get(node) === mark || deaf.get(world)?.has(node)) continue;
    if (log.at(-1) !== `begun ${node}`) {
      // Nobody else is at it, and no worker has gone before.
      expect(log.at(-1) ?? "").not.toMatch(/^begun/);
      expect(parameters["minion_image"]).toBeUndefined();
      log.push(`begun ${node}`);
    }
    if (waitedMs < STACK_MS + MASTER_MS) continue;
    const failure = broken.get(world)?.has(node) ? "programs: a checksum differs" : undefined;
    await acknowledgeUpgrade(world.ports, bay, { node, mark, failure });
    answers.set(node, mark);
    log.push(`${failure === undefined ? "come" : "failed"} ${node}`);
  }
}

async function begin(acts: BayActs, world: BayWorld, settle: () => Promise<void>): Promise<void> {
  const { stackPlans } = world.ports;
  const named: StackPlans = {
    ...stackPlans,
    readOutputs: (...read) => ({ ...stackPlans.readOutputs(...read), masterNames: MASTERS }),
  };
  Object.assign(world.ports, { stackPlans: named });
  await acts.create(3, "kubernetes", { mastersFollow: true });
  await settle();
}

async function upgradeAll(...[acts, world, settle]: Parameters<typeof begin>): Promise<void> {
  await begin(acts, world, settle);
  await acts.upgrade();
}

const specificationOf = async (world: BayWorld) => (await findBay(world))?.specification;
const eventsOf = (world: BayWorld): readonly string[] => happened.get(world) ?? [];

async function expectUpgraded(world: BayWorld): Promise<void> {
  const bay = await bayOf(world);
  expect([bay?.status, bay?.bayModelId]).toEqual(["UPDATE_COMPLETE", NEWER_MODEL_ID]);
  const specification = bay && (await readSpecification(world.table, bay));
  expect(specification).toMatchObject({ labels: { kube_tag: "v1.20.4" }, mastersBehind: [] });
  expect(specification?.workers?.map(({ index }) => index)).toEqual(["3", "4", "5"]);
}

const COME = ["begun blue-master-1", "come blue-master-1", "begun blue-master-0", "come blue-master-0"];

const upgrading = bayScenario(
  "upgrading masters and workers",
  { stackMs: STACK_MS },
  upgradeAll,
  async (world) => {
    await expectUpgraded(world);
    expect(eventsOf(world)).toEqual(COME);
    // Each master was told once, then workers are announced once, and replaced two at a time of three.
    expect(world.counts).toMatchObject({ creates: 1, updates: 2 + 3 });
  },
  lookAround,
);
describeOperationFaults(upgrading);
describeInterruption<ConductorPorts, BayRun>(upgrading, BAY_DELETE);
describeInterruption<ConductorPorts, BayRun>(upgrading, {
  name: "a resize",
  act: ({ world }) => actsOn(world).resize(1),
  async verify({ world }) {
    expect(await bayOf(world)).toMatchObject({ status: "UPDATE_COMPLETE", nodeCount: 1 });
    expect(await specificationOf(world)).toMatchObject({ mastersBehind: [] });
    expect(eventsOf(world)).toEqual(COME);
  },
});

describePlainRun(
  bayScenario(
    "upgrading masters alone, with a resize in the midst of it",
    { stackMs: STACK_MS },
    async (acts, world, settle) => {
      await begin(acts, world, settle);
      await acts.upgrade("masters");
      await acts.resize(4);
    },
    async (world) => {
      expect(await bayOf(world)).toMatchObject({ status: "UPDATE_COMPLETE", nodeCount: 4, bayModelId: NEWER_MODEL_ID });
      expect(eventsOf(world)).toEqual(COME);
      // All workers are those that there were, and one more.
      const { workers, mastersBehind } = (await specificationOf(world)) ?? {};
      expect([workers?.map(({ index }) => index), mastersBehind]).toEqual([["0", "1", "2", "3"], []]);
    },
    lookAround,
  ),
);

/** A conductor that slept on its way to Heat tells a master again, and takes away by what the upgrade is known. */
const overtaken = new WeakSet<BayWorld>();
async function tellLate(world: BayWorld): Promise<void> {
  await lookAround(world);
  for (const stack of world.stacks.values()) {
    if (overtaken.has(world) || !stack.tags.some((tag) => tag.startsWith("jeroboam-upgrade-"))) continue;
    overtaken.add(world);
    stack.tags = stack.tags.filter((tag) => !tag.startsWith("jeroboam-upgrade-"));
  }
}

describePlainRun(
  bayScenario(
    "upgrading workers, whom a call that comes late takes the upgrade's tag away",
    { stackMs: STACK_MS },
    upgradeAll,
    async (world) => {
      expect(overtaken.has(world)).toBe(true);
      await expectUpgraded(world);
    },
    tellLate,
  ),
);

/** With something in the way of a master's, which goes away; what the bay says of it, and how it went on. */
function describeHeldUp(
  name: string,
  trouble: WeakMap<BayWorld, Set<string>>,
  master: string,
  reason: string,
  log: readonly string[],
): void {
  describePlainRun(
    bayScenario(
      name,
      { stackMs: STACK_MS },
      async (acts, world, settle) => {
        await begin(acts, world, settle);
        trouble.set(world, new Set([master]));
        await acts.upgrade();
        await settle();
        const held = await bayOf(world);
        expect([held?.status, held?.statusReason]).toEqual(["UPDATE_FAILED", expect.stringContaining(reason)]);
        // No worker was touched, and Heat makes new ones of what the bay was.
        expect((await specificationOf(world))?.workers?.map(({ index }) => index)).toEqual(["0", "1", "2"]);
        expect([...world.stacks.values()][0]?.parameters["minion_image"]).toBeUndefined();
        trouble.delete(world);
        await acts.upgrade();
      },
      async (world) => {
        await expectUpgraded(world);
        expect(eventsOf(world)).toEqual(log);
      },
      lookAround,
    ),
  );
}

describeHeldUp(
  "going on with masters after the second of them could not",
  broken,
  "blue-master-0",
  "blue-master-0 did not come to v1.20.4: programs: a checksum differs. Upgrade again",
  [...COME.slice(0, 3), "failed blue-master-0", ...COME.slice(2)],
);
describeHeldUp(
  "going on with masters after one said nothing",
  deaf,
  "blue-master-1",
  "blue-master-1 did not come to v1.20.4: it said nothing within 60 minutes. 1 more still to come. Upgrade again",
  // It comes to what it was told first, which nobody waits for any more, then to what it is told now.
  [...COME.slice(0, 2), ...COME],
);
