/** A bay of the real bay type, from its creation to its deletion, by the real clients over the sandbox. */
import { beforeEach, describe, expect, test } from "vitest";
import type { BayModel } from "@jeroboam/core/bay-model/bay-model";
import { bayModelKey, bayModelShape } from "@jeroboam/core/bay-model/bay-model";
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import { bayShape } from "@jeroboam/core/bay/bay";
import { deleteBay, resizeBay } from "@jeroboam/core/bay/change-bay";
import { createBay } from "@jeroboam/core/bay/create-bay";
import { readSpecification } from "@jeroboam/core/bay/specification-store";
import type { WorkRecord } from "@jeroboam/core/operation/record";
import { findRecord, insertRecord, newRecord } from "@jeroboam/core/operation/record-store";
import type { Key } from "@jeroboam/core/table/table";
import { newModel, newSpecification } from "../simulated/bays.ts";
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

async function create(nodeCount: number, changes: Partial<BayModel> = {}): Promise<Key> {
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
    specification: newSpecification(model),
    defaultQuota: 20,
  };
  const created = await createBay(ports, inserted.record, request, async (purpose) => {
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
      await resizeBay(world.ports, await read(key), { nodeCount, rollback: false });
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
