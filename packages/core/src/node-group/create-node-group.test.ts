/** Accepting node groups: names are unique, and a request that comes again after any death has one effect. */
import { beforeEach, describe, expect, test } from "vitest";
import { createTestClock } from "../../../../test/contract/test-clock.ts";
import { newBay, newModel, newNodeGroup, newSpecification } from "../../../../test/simulated/bays.ts";
import type { Delegate } from "../bay/create-bay.ts";
import type { BayWithSpecification } from "../bay/find-bay.ts";
import { Rejected, Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import { isProvisional, settleProvisional } from "../operation/provisional.ts";
import { newRecord } from "../operation/record-store.ts";
import type { MemoryTable } from "../table/memory-table.ts";
import { createMemoryTable } from "../table/memory-table.ts";
import { bayKey } from "../bay/bay.ts";
import { createNodeGroup } from "./create-node-group.ts";
import { joinNodeGroups } from "./join-node-groups.ts";

const UUID = "00000000-0000-4000-8000-00000000beef";
const clock = createTestClock(1_900_000_000_000);
const bay = ((): BayWithSpecification => {
  const state = newBay({ status: "CREATE_COMPLETE" });
  const delegation = { kind: "service", projectId: state.projectId } as const;
  const specification = { ...newSpecification(newModel(0)), delegation };
  return { record: newRecord(bayKey(state.projectId, state.uuid), state), specification, nodeGroups: [] };
})();

let table: MemoryTable;
let diesAt = Infinity;
let calls = 0;
let lent = 0;

beforeEach(() => {
  [diesAt, calls, lent] = [Infinity, 0, 0];
  table = createMemoryTable({
    clock,
    intercept: (_call, moment) => {
      if (moment === "before" && (calls += 1) >= diesAt) throw new Transient("the process died here");
    },
  });
});

const delegate: Delegate = () => {
  lent += 1;
  const trust = { kind: "trust", projectId: "p1", trustorUserId: "u", expiresAtMs: null } as const;
  return Promise.resolve({ ...trust, sealedTrustId: `trust-${lent}`, trustDigest: null });
};

let ids = 0;
const ports = () => ({
  clock,
  table,
  random: {
    uuid: () => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, "0")}`,
    fraction: () => 0.5,
    bytes: (length: number) => new Uint8Array(length),
  },
  log: { write: () => undefined },
  queue: { send: () => Promise.resolve() },
});

const create = (name: string, uuid?: string, how = delegate) =>
  createNodeGroup(ports(), bay, { ...newNodeGroup(name, bay.specification), uuid }, how);

const names = (): readonly string[] => joinNodeGroups(table.items()).map(({ group }) => group.name);

test("a name is one group's, whoever comes at the same time", async () => {
  const made = await Promise.all([create("gpu"), create("gpu"), create("other")]);
  expect(made.map(({ kind }) => kind).toSorted()).toEqual(["created", "created", "name-taken"]);
  expect(names().toSorted()).toEqual(["gpu", "other"]);
});

test("who is refused a delegation gives the name back", async () => {
  const refuse: Delegate = () => Promise.reject(new Rejected(403, "no"));
  await expect(create("gpu", undefined, refuse)).rejects.toThrow(Rejected);
  expect(table.items()).toEqual([]);
});

describe("a request that dies before any of its calls", () => {
  test("leaves a name that is free again after a while, and nothing that is not swept", async () => {
    await create("gpu", UUID);
    const needed = calls;
    for (let dies = 1; dies < needed; dies += 1) {
      for (const item of table.items()) await table.remove(item, item.revision);
      [calls, diesAt] = [0, dies];
      await expect(create("gpu")).rejects.toThrow(Transient);
      diesAt = Infinity;
      expect(names()).toEqual([]);
      clock.advance(limits.nodeGroup.nameMs);
      expect(await create("gpu")).toMatchObject({ kind: "created" });
      for (const item of table.items())
        if (isProvisional(item)) await settleProvisional({ table, discard: () => Promise.resolve() }, item);
      expect(names()).toEqual(["gpu"]);
      expect(table.items()).toHaveLength(3);
    }
  });

  test("and comes again under its key makes the one group, at once", async () => {
    await create("gpu", UUID);
    const needed = calls;
    for (let dies = 1; dies <= needed; dies += 1) {
      for (const item of table.items()) await table.remove(item, item.revision);
      [calls, diesAt] = [0, dies];
      await Promise.allSettled([create("gpu", UUID)]);
      diesAt = Infinity;
      expect(await create("gpu", UUID)).toMatchObject({ kind: "created", nodeGroup: { group: { uuid: UUID } } });
      expect(names()).toEqual(["gpu"]);
    }
  });
});
