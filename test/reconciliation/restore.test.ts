/** A whole world whose table is restored from an older copy: what reconciliation makes of it. */
import type { Bay } from "@jeroboam/core/bay/bay";
import { bayKey, bayShape } from "@jeroboam/core/bay/bay";
import { bayModelKey, bayModelShape } from "@jeroboam/core/bay-model/bay-model";
import { deleteBay, resizeBay } from "@jeroboam/core/bay/change-bay";
import { createBay } from "@jeroboam/core/bay/create-bay";
import { findBayByUuid } from "@jeroboam/core/bay/find-bay";
import { limits } from "@jeroboam/core/limits";
import { findRecord } from "@jeroboam/core/operation/record-store";
import { expect, test } from "vitest";
import type { BayWorld } from "../faults/bay-world.ts";
import { passTime } from "../faults/pass-time.ts";
import { MODEL_ID, PROJECT, newSpecification } from "../simulated/bays.ts";
import { STACK_MS, settledWorld } from "./settled-world.ts";

const SCOPE = { projectId: PROJECT, allProjects: false };

async function create(world: BayWorld, name: string): Promise<string> {
  const model = await findRecord(world.table, bayModelShape, bayModelKey(PROJECT, MODEL_ID));
  if (!model) throw new Error("no model");
  const request = { projectId: PROJECT, userId: "u1", name, nodeCount: 2, masterCount: 1, defaultQuota: 20 };
  const made = await createBay(world.ports, model, { ...request, specification: newSpecification(model.state) }, () => {
    const sealedTrustId = `trust-of-${name}`;
    world.trusts.add(sealedTrustId);
    const trust = { sealedTrustId, trustDigest: sealedTrustId, trustorUserId: "u1", expiresAtMs: null };
    return Promise.resolve({ kind: "trust", projectId: PROJECT, ...trust });
  });
  if (made.kind !== "created") throw new Error(made.kind);
  return made.record.state.uuid;
}

async function bayOf({ table }: BayWorld, uuid: string): Promise<Bay | undefined> {
  return (await findRecord(table, bayShape, bayKey(PROJECT, uuid)))?.state;
}

async function found(world: BayWorld, uuid: string) {
  const bay = await findBayByUuid(world.table, SCOPE, uuid);
  if (!bay) throw new Error("the bay is gone");
  return bay;
}

async function resize(world: BayWorld, uuid: string, nodeCount: number): Promise<void> {
  await resizeBay(world.ports, await found(world, uuid), { nodeCount, nodesToRemove: [], rollback: false }, "action");
}

test("a table restored from an hour ago converges with the world, or says what it cannot explain", async () => {
  const { world, round } = await settledWorld();
  const settled = await create(world, "settled");
  const resized = await create(world, "resized");
  const deleted = await create(world, "deleted");
  const resizing = await create(world, "resizing");
  await passTime(world, 2 * STACK_MS);
  const creating = await create(world, "creating");
  await resize(world, resizing, 3);
  await passTime(world, 3_000);
  const backup = world.table.items();

  await passTime(world, 2 * STACK_MS);
  await resize(world, resized, 4);
  await deleteBay(world.ports, (await found(world, deleted)).record);
  const created = await create(world, "created since");
  await passTime(world, 2 * STACK_MS);
  expect(await bayOf(world, deleted)).toBeUndefined();
  expect(await bayOf(world, created)).toMatchObject({ status: "CREATE_COMPLETE" });
  world.clock.advance(3_600_000);
  const before = world.counts.creates;
  world.table.restore(backup);

  await passTime(world, 2 * STACK_MS);
  for (let times = 0; times < 3; times += 1) {
    await round("drift");
    await round("left-overs");
    world.clock.advance(limits.reconciliation.suspectAgeMs);
  }

  expect(await bayOf(world, settled)).toMatchObject({ status: "CREATE_COMPLETE", nodeCount: 2 });
  expect(await bayOf(world, creating)).toMatchObject({ status: "CREATE_COMPLETE", nodeCount: 2 });
  expect(await bayOf(world, resizing)).toMatchObject({ status: "UPDATE_COMPLETE", nodeCount: 3 });
  expect(await bayOf(world, resized)).toMatchObject({ status: "UPDATE_COMPLETE", nodeCount: 4 });
  expect((await found(world, resized)).specification.nodeAddresses).toHaveLength(4);
  const gone = await bayOf(world, deleted);
  expect(gone).toMatchObject({
    status: "CREATE_FAILED",
    statusReason: `Stack with id ${gone?.stackId} not found in Heat.`,
  });
  expect(await bayOf(world, created)).toBeUndefined();
  const told = [...world.told.values()].filter(({ type }) => type === "bay.drift.orphan");
  expect(told).toHaveLength(1);
  // Nothing was made anew, and nobody's stack, trust or user is left but those of the five that there are.
  expect(world.counts.creates).toBe(before);
  expect(world.stacks.size).toBe(5);
  expect(world.trusts.has("trust-of-created since")).toBe(false);
  expect(world.trusts.size).toBe(5);
  expect(world.users.size).toBe(5);
  expect((await round("drift")).findings).toEqual([]);

  // What was told as failed can be deleted like any other.
  if (gone) await deleteBay(world.ports, (await found(world, deleted)).record);
  await passTime(world, 2 * STACK_MS);
  expect(await bayOf(world, deleted)).toBeUndefined();
});
