/** A bay of the real bay type, from its creation to its deletion, by the real clients over the sandbox. */
import { beforeEach, describe, expect, test } from "vitest";
import type { BayModel } from "@jeroboam/core/bay-model/bay-model";
import { bayModelKey, bayModelShape } from "@jeroboam/core/bay-model/bay-model";
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import { bayShape } from "@jeroboam/core/bay/bay";
import { deleteBay, resizeBay } from "@jeroboam/core/bay/change-bay";
import { createBay } from "@jeroboam/core/bay/create-bay";
import type { BayWithSpecification } from "@jeroboam/core/bay/find-bay";
import { upgradeBay } from "@jeroboam/core/bay/upgrade-bay";
import { findBayByUuid } from "@jeroboam/core/bay/find-bay";
import { resizeNodeGroup } from "@jeroboam/core/node-group/change-node-group";
import { createNodeGroup } from "@jeroboam/core/node-group/create-node-group";
import { readSpecification } from "@jeroboam/core/bay/specification-store";
import type { WorkRecord } from "@jeroboam/core/operation/record";
import { findRecord, insertRecord, newRecord } from "@jeroboam/core/operation/record-store";
import type { Key } from "@jeroboam/core/table/table";
import { findKeypair } from "@jeroboam/core/openstack/nova";
import { newModel, newNodeGroup, newSpecification } from "../simulated/bays.ts";
import type { SandboxWorld } from "./sandbox-world.ts";
import { createSandboxWorld, runToRest } from "./sandbox-world.ts";

const openGate = {
  pass: <Result>(_name: string, run: () => Promise<Result>) => run(),
  moment: () => Promise.resolve(),
};

let world: SandboxWorld;

beforeEach(async () => {
  world = await createSandboxWorld(openGate);
});

/** For who may give no trust. */
interface ByTheService {
  readonly sshPublicKey: string;
}

async function create(nodeCount: number, changes: Partial<BayModel> = {}, own?: ByTheService): Promise<Key> {
  const { ports, caller, delegations } = world;
  const projectId = caller.projectId ?? "";
  const model = { ...newModel(world.clock.nowMs()), projectId, userId: caller.userId, ...changes };
  const inserted = await insertRecord(ports, bayModelShape, newRecord(bayModelKey(projectId, model.uuid), model));
  if (inserted.kind !== "inserted") throw new Error("the model exists");
  const request = {
    projectId,
    userId: caller.userId,
    name: "blue",
    nodeCount,
    masterCount: 1,
    specification: { ...newSpecification(model), sshPublicKey: own?.sshPublicKey ?? null },
    defaultQuota: 20,
  };
  const created = await createBay(ports, inserted.record, request, async (purpose) => {
    if (own) return { kind: "service", projectId };
    const obtained = await delegations.obtain(caller, purpose);
    if (obtained.kind === "refused") throw new Error(obtained.reason);
    return obtained.delegation;
  });
  if (created.kind !== "created") throw new Error(created.kind);
  return created.record.key;
}

async function read(key: Key): Promise<{ record: WorkRecord<Bay>; specification: BaySpecification }> {
  const record = await findRecord(world.table, bayShape, key);
  const specification = record && (await readSpecification(world.table, record.state));
  if (!record || !specification) throw new Error("no such bay");
  return { record, specification };
}

async function readWhole(key: Key): Promise<BayWithSpecification> {
  const { state } = (await read(key)).record;
  const bay = await findBayByUuid(world.table, { projectId: state.projectId, allProjects: false }, state.uuid);
  if (!bay) throw new Error("no such bay");
  return bay;
}

const NEWER_ID = "0b1c6a0e-3d1f-4f0e-9a77-5b8f5d2c1a02";

async function ask<Body>(service: "compute" | "image", path: string): Promise<Body> {
  const reply = await world.sessions.service().request(service, { method: "GET", path });
  if (reply.kind === "refused" || reply.status !== 200) throw new Error(JSON.stringify(reply));
  return JSON.parse(reply.body) as Body;
}

interface Server {
  readonly id: string;
  readonly name: string;
  readonly image: { readonly id: string };
}

async function servers(): Promise<readonly Server[]> {
  const { servers: all } = await ask<{ servers: Server[] }>("compute", "/servers/detail?all_tenants=1");
  return all.map(({ id, name, image }) => ({ id, name, image }));
}

async function imagesByName(): Promise<Readonly<Record<string, string>>> {
  const { images } = await ask<{ images: { id: string; name: string }[] }>("image", "/v2/images");
  return Object.fromEntries(images.map(({ id, name }) => [name, id]));
}

async function addGroup(bay: BayWithSpecification, name: string): Promise<void> {
  const made = await createNodeGroup(world.ports, bay, newNodeGroup(name, bay.specification), async (purpose) => {
    const obtained = await world.delegations.obtain(world.caller, purpose);
    if (obtained.kind === "refused") throw new Error(obtained.reason);
    return obtained.delegation;
  });
  expect(made.kind).toBe("created");
}

function stackNames(): readonly string[] {
  const names = world.sandbox.inventory().stacks.map(({ name }) => name);
  // Nested ones have longer names.
  return names.filter((name) => /^blue-[0-9a-f-]{36}$/.test(name));
}

/** How much there is of each kind; Neutron gives each project a default group when it first makes something. */
function leftInCloud(): Record<string, number> {
  const inventory = Object.entries(world.sandbox.inventory());
  return Object.fromEntries(
    inventory.map(([kind, items]) => [kind, items.filter(({ name }) => name !== "default").length]),
  );
}

describe("a bay of magnum_vm_atomic_k8s", () => {
  test("is built, scaled out, scaled in and deleted, and nothing of it is left in the cloud", async () => {
    const before = leftInCloud();
    const key = await create(2);
    await runToRest(world);
    const built = await read(key);
    expect(built.record.state).toMatchObject({
      status: "CREATE_COMPLETE",
      statusReason: "Stack CREATE completed successfully",
    });
    expect(built.specification.apiAddress).toMatch(/^https:\/\/[\d.]+:6443$/);
    expect(built.specification.nodeAddresses).toHaveLength(2);
    expect(built.specification.masterAddresses).toHaveLength(1);
    expect(stackNames()).toHaveLength(1);

    for (const nodeCount of [4, 1]) {
      await resizeBay(world.ports, await read(key), { nodeCount, nodesToRemove: [], rollback: false });
      await runToRest(world);
      const resized = await read(key);
      expect(resized.record.state).toMatchObject({ status: "UPDATE_COMPLETE", nodeCount });
      expect(resized.specification.nodeAddresses).toHaveLength(nodeCount);
    }

    await deleteBay(world.ports, (await read(key)).record);
    await runToRest(world);
    expect(await findRecord(world.table, bayShape, key)).toBeUndefined();
    expect(leftInCloud()).toEqual(before);
  });

  test("is built by the service's own user with the key of a person who may give no trust", async () => {
    const before = leftInCloud();
    const sshPublicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA person";
    const key = await create(1, {}, { sshPublicKey });
    const uuid = (await read(key)).record.state.uuid;
    await runToRest(world);
    expect((await read(key)).record.state).toMatchObject({ status: "CREATE_COMPLETE" });
    const found = await findKeypair(world.sessions.service(), `jeroboam-bay-${uuid}`);
    expect(found).toMatchObject({ value: { public_key: sshPublicKey } });

    await deleteBay(world.ports, (await read(key)).record);
    await runToRest(world);
    expect(await findKeypair(world.sessions.service(), `jeroboam-bay-${uuid}`)).toEqual({ kind: "missing" });
    expect(leftInCloud()).toEqual(before);
  });

  test("takes in a node group of its own stack, resized by naming a node, and goes with it", async () => {
    const before = leftInCloud();
    const key = await create(1);
    await runToRest(world);
    const bay = await readWhole(key);
    await addGroup(bay, "gpu");
    await runToRest(world);

    const [joined] = (await readWhole(key)).nodeGroups;
    expect(joined?.group).toMatchObject({ status: "CREATE_COMPLETE", nodeCount: 2 });
    expect(joined?.specification.nodeAddresses).toHaveLength(2);
    const [first, second] = joined?.specification.members ?? [];
    expect(second?.serverId).toMatch(/^[0-9a-f-]{36}$/);
    expect(second?.name).toMatch(/^blue-gpu-[0-9a-f]{8}-1$/);
    const nets = world.sandbox.inventory().networks.length;
    expect(nets).toBe(before["networks"]! + 1);

    // Of the two, the one that is named goes; then the other is replaced.
    await resizeNodeGroup(world.ports, await readWhole(key), joined!.group, {
      nodeCount: 1,
      nodesToRemove: [first?.serverId ?? ""],
      rollback: false,
    });
    await runToRest(world);
    const [smaller] = (await readWhole(key)).nodeGroups;
    expect(smaller?.specification.members).toEqual([second]);
    await resizeNodeGroup(world.ports, await readWhole(key), smaller!.group, {
      nodeCount: 1,
      nodesToRemove: [second?.index ?? ""],
      rollback: false,
    });
    await runToRest(world);
    const [replaced] = (await readWhole(key)).nodeGroups;
    expect(replaced?.group.status).toBe("UPDATE_COMPLETE");
    expect(replaced?.specification.members).toHaveLength(1);
    expect(replaced?.specification.members[0]?.serverId).not.toBe(second?.serverId);

    await deleteBay(world.ports, (await read(key)).record);
    await runToRest(world);
    expect(await findRecord(world.table, bayShape, key)).toBeUndefined();
    expect(leftInCloud()).toEqual(before);
  });

  test("removes of its own workers the one that is named, and none when the name is unknown", async () => {
    const key = await create(2);
    await runToRest(world);
    const [first, second] = (await read(key)).specification.workers ?? [];
    const remove = async (node: string): Promise<void> => {
      const wish = { nodeCount: 1, nodesToRemove: [node], rollback: false };
      await resizeBay(world.ports, await read(key), wish, "action");
      await runToRest(world);
    };
    await remove("00000000-0000-4000-8000-000000000000");
    const refused = await read(key);
    expect(refused.record.state).toMatchObject({ status: "UPDATE_FAILED", nodeCount: 2 });
    expect(refused.specification.workers).toEqual([first, second]);
    await remove(first?.serverId ?? "");
    const resized = await read(key);
    expect(resized.record.state).toMatchObject({ status: "UPDATE_COMPLETE", nodeCount: 1 });
    expect(resized.specification.workers).toEqual([second]);
  });

  test("is upgraded: its workers become servers of the newer image, two at a time, its master stays", async () => {
    const key = await create(3);
    await runToRest(world);
    const before = await readWhole(key);
    const newer = { ...before.specification.model, uuid: NEWER_ID, imageId: "fedora-coreos-latest" };
    const state = { ...newer, createdAtMs: 1, updatedAtMs: null, deletingSinceMs: null };
    const { projectId } = before.record.state;
    await insertRecord(world.ports, bayModelShape, newRecord(bayModelKey(projectId, NEWER_ID), state));
    const master = (await servers()).find(({ name }) => name.includes("master"));

    await upgradeBay(world.ports, before, { bayModelId: NEWER_ID, maxBatchSize: 2, scope: "bay" });
    await runToRest(world);
    const after = await readWhole(key);
    expect(after.record.state).toMatchObject({ status: "UPDATE_COMPLETE", bayModelId: NEWER_ID, nodeCount: 3 });
    const serversOf = ({ specification }: BayWithSpecification) =>
      specification.workers?.map(({ serverId }) => serverId);
    expect(serversOf(after)).toHaveLength(3);
    for (const server of serversOf(before) ?? []) expect(serversOf(after)).not.toContain(server);
    expect(after.specification.masterAddresses).toEqual(before.specification.masterAddresses);
    const images = await imagesByName();
    const [old, ...others] = new Set(
      (await servers()).filter(({ name }) => name.includes("minion")).map(({ image }) => image.id),
    );
    expect(others).toEqual([]);
    expect(old).toBe(images["fedora-coreos-latest"]);
    expect((await servers()).find(({ name }) => name.includes("master"))).toEqual(master);

    // Then a worker more: it is of the newer image, and nobody else is touched.
    await resizeBay(world.ports, await read(key), { nodeCount: 4, nodesToRemove: [], rollback: false }, "action");
    await runToRest(world);
    const grown = await readWhole(key);
    expect(serversOf(grown)).toEqual(expect.arrayContaining(serversOf(after) ?? []));
    expect(serversOf(grown)).toHaveLength(4);
    await deleteBay(world.ports, (await read(key)).record);
    await runToRest(world);
    expect(await findRecord(world.table, bayShape, key)).toBeUndefined();
  });

  test("goes back to what it was when an update that is to be rolled back fails", async () => {
    const key = await create(1);
    await runToRest(world);
    world.sandbox.knobs.add({ kind: "resource", name: "kube-minion", reason: "No valid host was found" });
    await resizeBay(world.ports, await read(key), { nodeCount: 2, nodesToRemove: [], rollback: true });
    await runToRest(world);
    const { record, specification } = await read(key);
    expect(record.state).toMatchObject({ status: "ROLLBACK_COMPLETE", nodeCount: 1 });
    expect(record.state.statusReason).toContain("rolled back");
    expect(specification.workers).toHaveLength(1);
  });

  test("whose node cannot be scheduled fails with a reason that names the node and the cause", async () => {
    world.sandbox.knobs.add({
      kind: "resource",
      name: "kube-minion",
      reason: "No valid host was found",
    });
    const key = await create(1);
    await runToRest(world);
    const { state } = (await read(key)).record;
    expect(state.status).toBe("CREATE_FAILED");
    expect(state.statusReason).toContain("kube-minion");
    expect(state.statusReason).toContain("No valid host was found");
  });

  test("whose node never boots fails when the stack's time is over", async () => {
    world.sandbox.knobs.add({ kind: "node", fate: "never-boots" });
    const key = await create(1);
    await runToRest(world);
    expect((await read(key)).record.state).toMatchObject({ status: "CREATE_FAILED" });
  });

  test("with an image that is not there fails, and says so", async () => {
    const key = await create(1, { imageId: "no-such-image" });
    await runToRest(world);
    const { state } = (await read(key)).record;
    expect(state.status).toBe("CREATE_FAILED");
    expect(state.statusReason).toContain("no-such-image");
  });

  test("is deleted when whoever made it is disabled", async () => {
    const key = await create(1);
    await runToRest(world);
    const admin = await world.sessions.service().request("identity", {
      method: "PATCH",
      path: `/users/${world.caller.userId}`,
      json: { user: { enabled: false } },
    });
    expect(admin).toMatchObject({ status: 200 });
    await deleteBay(world.ports, (await read(key)).record);
    await runToRest(world);
    expect(await findRecord(world.table, bayShape, key)).toBeUndefined();
    expect(stackNames()).toEqual([]);
  });

  test("goes on when Heat answers nothing but 503 for a while, and has one stack", async () => {
    world.sandbox.knobs.add({ kind: "request", service: "heat", effect: "status", status: 503, times: 6 });
    world.sandbox.knobs.add({ kind: "request", service: "heat", method: "POST", effect: "lose-reply", times: 1 });
    const key = await create(1);
    await runToRest(world);
    expect((await read(key)).record.state.status).toBe("CREATE_COMPLETE");
    expect(stackNames()).toHaveLength(1);
  });
});
