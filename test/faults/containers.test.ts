/** Every operation on container resources, through the harness: one object in the bay, the right record, nothing left. */
import type { Coe } from "@jeroboam/core/bay-model/bay-model";
import { askForAction, changeResource, createResource, deleteResource } from "@jeroboam/core/container/accept-resource";
import { factsOfPod } from "@jeroboam/core/container/manifest-facts";
import type { Container, Pod } from "@jeroboam/core/container/resource";
import { resourceShapes } from "@jeroboam/core/container/resource";
import { limits } from "@jeroboam/core/limits";
import { projectRecordKey } from "@jeroboam/core/listing/project-record";
import type { Manifest } from "@jeroboam/core/manifest/manifest";
import { readManifest } from "@jeroboam/core/manifest/manifest";
import type { WorkRecord } from "@jeroboam/core/operation/record";
import { findRecord } from "@jeroboam/core/operation/record-store";
import type { ConductorPorts } from "@jeroboam/conductor/ports";
import { RECORD_TYPES } from "@jeroboam/conductor/record-types";
import { expect, test } from "vitest";
import { PROJECT } from "../simulated/bays.ts";
import { PLAIN_DELIVERY } from "../simulated/queue.ts";
import type { BayActs, BayRun, BayWorld } from "./bay-world.ts";
import { actsOn, bayOf, createBayWorld } from "./bay-world.ts";
import type { Scenario } from "./harness.ts";
import { createGate } from "./gate.ts";
import { describeInterruption, describeOperationFaults } from "./harness.ts";
import { passTime } from "./pass-time.ts";

const RESOURCE = "00000000-0000-4000-8000-0000000000aa";
const podKey = projectRecordKey(resourceShapes.pod, PROJECT, RESOURCE);
const containerKey = projectRecordKey(resourceShapes.container, PROJECT, RESOURCE);

/** At rest: nothing is due but the looks by schedule at a bay that is there, and all that hangs on it was seen. */
function isAtRest({ table, clock, bayKey }: BayWorld): boolean {
  const items = table.items();
  const isThere = items.some(({ pk, sk }) => pk === bayKey.pk && sk === bayKey.sk);
  const now = String(clock.nowMs()).padStart(15, "0");
  return items.every(({ pk, indexes: { due } }) => due === undefined || (isThere && isWatch(pk) && due.sk > now));
}

const isWatch = (pk: string): boolean => pk.startsWith("engine-watch#");

function scenario(
  name: string,
  coe: Coe,
  start: (world: BayWorld, acts: BayActs, settle: () => Promise<void>) => Promise<void>,
  verify: (world: BayWorld) => Promise<void>,
): Scenario<ConductorPorts, BayRun> {
  return {
    name,
    build(gate, delivery) {
      const world = createBayWorld(gate, delivery, { stackMs: 1_000 });
      return Promise.resolve({
        world,
        clock: world.clock,
        queue: world.queue,
        ports: world.ports,
        types: RECORD_TYPES,
        isAtRest: () => isAtRest(world),
        async start(settle) {
          gate.disarm();
          const acts = actsOn(world);
          await acts.create(1, coe);
          await settle();
          await start(world, acts, settle);
          gate.arm();
        },
        verify: () => verify(world),
      });
    },
  };
}

function manifest(image: string): Manifest<"pod"> {
  const text = `{"metadata":{"name":"web"},"spec":{"containers":[{"name":"n","image":"${image}"}]}}`;
  const read = readManifest("pod", text);
  if (read.kind === "invalid") throw new Error("the test's own manifest is wrong");
  return read.manifest;
}

async function createPod(world: BayWorld): Promise<void> {
  const bay = await bayOf(world);
  const wanted = manifest("nginx");
  await createResource(
    world.ports,
    resourceShapes.pod,
    {
      uuid: RESOURCE,
      projectId: PROJECT,
      userId: "u1",
      bayUuid: bay?.uuid ?? "",
      status: "Pending",
      desc: null,
      host: null,
      ...factsOfPod(wanted),
    },
    wanted,
  );
}

async function createContainer(world: BayWorld): Promise<void> {
  const bay = await bayOf(world);
  await createResource(
    world.ports,
    resourceShapes.container,
    {
      uuid: RESOURCE,
      projectId: PROJECT,
      userId: "u1",
      bayUuid: bay?.uuid ?? "",
      name: "web",
      coe: "swarm",
      status: "Stopped",
      image: "nginx",
      command: "sleep 1000",
      memory: "512m",
      environment: {},
      host: null,
      asked: [],
      doneNumber: 0,
    },
    undefined,
  );
}

const podOf = ({ table }: BayWorld): Promise<WorkRecord<Pod> | undefined> =>
  findRecord(table, resourceShapes.pod, podKey);
const containerOf = ({ table }: BayWorld): Promise<WorkRecord<Container> | undefined> =>
  findRecord(table, resourceShapes.container, containerKey);

const engineOf = async (world: BayWorld) => world.engines.bay((await bayOf(world))?.uuid ?? "");

function verifyNoManifests({ table }: BayWorld): void {
  expect(table.items().filter(({ sk }) => sk.startsWith("~manifest"))).toEqual([]);
}

async function verifyRunning(world: BayWorld, image: string): Promise<void> {
  expect((await podOf(world))?.state).toMatchObject({
    isMade: true,
    status: "Running",
    host: "node-0",
    images: [image],
    failure: null,
  });
  const engine = await engineOf(world);
  expect([...engine.objects.pod.values()].map(({ uuid, images }) => ({ uuid, images }))).toEqual([
    { uuid: RESOURCE, images: [image] },
  ]);
  expect(engine.made).toBe(1);
  verifyNoManifests(world);
  expect(world.table.items().some(({ pk }) => isWatch(pk))).toBe(true);
}

async function verifyPodGone(world: BayWorld): Promise<void> {
  expect(await podOf(world)).toBeUndefined();
  expect((await engineOf(world)).objects.pod.size).toBe(0);
  verifyNoManifests(world);
}

/** The model stays; the project's empty quota, and what was learnt of the model's stacks, expire by themselves. */
function expectNothingLeft({ table }: BayWorld): void {
  const lasting = table.items().filter(({ expiresAtSeconds }) => expiresAtSeconds === undefined);
  expect(lasting.map(({ sk }) => sk)).toEqual(["model#p1"]);
}

const creating = scenario("creating a pod", "kubernetes", createPod, (world) => verifyRunning(world, "nginx"));
describeOperationFaults(creating);
describeInterruption<ConductorPorts, BayRun>(creating, {
  name: "a delete",
  act: async ({ world }) => void (await deleteResource(world.ports, resourceShapes.pod, podKey)),
  verify: ({ world }) => verifyPodGone(world),
});
describeInterruption<ConductorPorts, BayRun>(creating, {
  name: "a new manifest",
  act: async ({ world }) => {
    const wanted = manifest("httpd");
    const changes = factsOfPod(wanted);
    await changeResource(world.ports, resourceShapes.pod, podKey, { changes, manifest: wanted });
  },
  verify: ({ world }) => verifyRunning(world, "httpd"),
});
describeInterruption<ConductorPorts, BayRun>(creating, {
  name: "a delete of its bay",
  act: ({ world }) => actsOn(world).remove(),
  verify: ({ world }) => {
    expectNothingLeft(world);
    return Promise.resolve();
  },
});

describeOperationFaults(
  scenario(
    "changing a pod",
    "kubernetes",
    async (world, _acts, settle) => {
      await createPod(world);
      await settle();
      const wanted = manifest("httpd");
      const changes = factsOfPod(wanted);
      await changeResource(world.ports, resourceShapes.pod, podKey, { changes, manifest: wanted });
    },
    (world) => verifyRunning(world, "httpd"),
  ),
);

describeOperationFaults(
  scenario(
    "deleting a pod",
    "kubernetes",
    async (world, _acts, settle) => {
      await createPod(world);
      await settle();
      await deleteResource(world.ports, resourceShapes.pod, podKey);
    },
    verifyPodGone,
  ),
);

describeOperationFaults(
  scenario(
    "deleting a pod that somebody removed from its bay",
    "kubernetes",
    async (world, _acts, settle) => {
      await createPod(world);
      await settle();
      (await engineOf(world)).objects.pod.clear();
      await deleteResource(world.ports, resourceShapes.pod, podKey);
    },
    verifyPodGone,
  ),
);

const acting = scenario(
  "making a container, starting and pausing it",
  "swarm",
  async (world) => {
    await createContainer(world);
    await askForAction(world.ports, containerKey, "start");
    await askForAction(world.ports, containerKey, "pause");
  },
  async (world) => {
    expect((await containerOf(world))?.state).toMatchObject({ isMade: true, status: "Paused", failure: null });
    const engine = await engineOf(world);
    expect(engine.made).toBe(1);
    expect([...engine.objects.container.values()].map(({ state }) => state)).toEqual(["Paused"]);
  },
);
describeOperationFaults(acting);
describeInterruption<ConductorPorts, BayRun>(acting, {
  name: "another action",
  act: async ({ world }) => void (await askForAction(world.ports, containerKey, "unpause")),
  verify: async ({ world }) => {
    const state = (await containerOf(world))?.state;
    expect(state).toMatchObject({ status: "Running", failure: null });
    expect([...(await engineOf(world)).objects.container.values()].map((one) => one.state)).toEqual(["Running"]);
  },
});
describeInterruption<ConductorPorts, BayRun>(acting, {
  name: "a delete",
  act: async ({ world }) => void (await deleteResource(world.ports, resourceShapes.container, containerKey)),
  verify: async ({ world }) => {
    expect(await containerOf(world)).toBeUndefined();
    expect((await engineOf(world)).objects.container.size).toBe(0);
  },
});

describeOperationFaults(
  scenario(
    "deleting a bay with a pod in it",
    "kubernetes",
    async (world, acts, settle) => {
      await createPod(world);
      await settle();
      await acts.remove();
    },
    (world) => {
      expectNothingLeft(world);
      expect(world.stacks.size).toBe(0);
      return Promise.resolve();
    },
  ),
);

test("a pod that the index does not show yet as its bay goes is gone a minute later", async () => {
  const world = createBayWorld(createGate(), PLAIN_DELIVERY, { stackMs: 1_000 }, 30_000);
  await actsOn(world).create(1, "kubernetes");
  await passTime(world, 30_000);
  await createPod(world);
  await passTime(world, 5_000);
  expect((await podOf(world))?.state).toMatchObject({ isMade: true });
  await actsOn(world).remove();
  await passTime(world, 10_000);
  expect(await bayOf(world)).toBeUndefined();
  expect(await podOf(world)).toBeDefined();
  await passTime(world, limits.container.graceMs);
  expectNothingLeft(world);
});
