/** What a look at a bay's engine makes of its records: what changed is told, what did not is not written. */
import { createResource } from "@jeroboam/core/container/accept-resource";
import { resourceShapes } from "@jeroboam/core/container/resource";
import type { Pod } from "@jeroboam/core/container/resource";
import { recordFromItem } from "@jeroboam/core/operation/record";
import type { MemoryTable } from "@jeroboam/core/table/memory-table";
import { createMemoryTable } from "@jeroboam/core/table/memory-table";
import { beforeEach, expect, test } from "vitest";
import { createTestClock } from "../../../../test/contract/test-clock.ts";
import { newModel, newSpecification } from "../../../../test/simulated/bays.ts";
import { createSeededRandom } from "../../../../test/simulated/random.ts";
import type { ContainerEngine, ManagedObjects } from "../engines/container-engine.ts";
import type { MemoryBay } from "../engines/memory-engines.ts";
import { createMemoryEngines } from "../engines/memory-engines.ts";
import { lookAtBay } from "./look.ts";

const BAY = "00000000-0000-4000-8000-0000000000b1";

let table: MemoryTable;
let ports: Parameters<typeof createResource>[0];
let engine: ContainerEngine;
let inside: MemoryBay;

beforeEach(async () => {
  const clock = createTestClock(1_000_000);
  table = createMemoryTable({ clock });
  const log = { write: () => {} };
  ports = { table, clock, random: createSeededRandom(1), log, queue: { send: () => Promise.resolve() } };
  const engines = createMemoryEngines();
  inside = engines.bay(BAY);
  const specification = {
    ...newSpecification(newModel(0)),
    apiAddress: "https://10.0.0.5:6443",
    delegation: { kind: "service" as const, projectId: "p1" },
  };
  const opened = await engines.open({ uuid: BAY, status: "CREATE_COMPLETE" }, specification);
  if (opened.kind === "closed") throw new Error(opened.reason);
  ({ engine } = opened);
});

const uuidOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;

/** A pod whose operation is over, and its object in the bay. */
async function havePod(number: number, changes: Partial<Pod> = {}): Promise<string> {
  const uuid = uuidOf(number);
  const name = `pod-${number}`;
  const own = { status: "Running", desc: null, host: "node-0", labels: {}, images: ["nginx"] };
  const place = { uuid, projectId: "p1", userId: "u1", bayUuid: BAY, name };
  const created = await createResource(ports, resourceShapes.pod, { ...place, ...own }, undefined);
  if (created.kind === "exists") throw new Error("it exists");
  const item = table.items().find(({ pk }) => pk === `pod#${uuid}`);
  if (!item) throw new Error("it was not stored");
  const { operation: _operation, dueAtMs: _due, state, ...body } = item.body;
  const settled = { ...(state as Pod), isMade: true, ...changes };
  const { due: _place, ...indexes } = item.indexes;
  await table.put({ ...item, indexes, body: { ...body, state: settled }, revision: 2 }, { revision: 1 });
  inside.objects.pod.set(uuid, {
    uuid,
    engineId: uuid,
    name,
    labels: {},
    images: ["nginx"],
    phase: "Running",
    host: "node-0",
    address: null,
    reason: null,
    isGoing: false,
  });
  return uuid;
}

function stateOf(uuid: string): Pod {
  const item = table.items().find(({ pk }) => pk === `pod#${uuid}`);
  if (!item) throw new Error("it is gone");
  return recordFromItem(resourceShapes.pod, item).state;
}

const look = () => lookAtBay(ports, BAY, engine);

function change(uuid: string, changes: Partial<ManagedObjects["pod"]>): void {
  const object = inside.objects.pod.get(uuid);
  if (object) inside.objects.pod.set(uuid, { ...object, ...changes });
}

test("a bay's engine is asked once for all its pods, and nothing is written that did not change", async () => {
  for (let number = 1; number <= 30; number += 1) await havePod(number);
  const { put } = table.counts;
  const queries = table.counts.queryIndex;
  const { count, records } = await look();
  expect({ count, seen: records.size }).toEqual({ count: 30, seen: 30 });
  expect(inside.calls).toEqual(["list pod"]);
  expect(table.counts.put).toBe(put);
  expect(table.counts.queryIndex).toBe(queries + 1);
});

test("what changed in the bay is written, and told to the one who looked", async () => {
  const [first, second] = [await havePod(1), await havePod(2)];
  change(second, { phase: "Pending", host: null, reason: "Unschedulable: 0/1 nodes are available" });
  const { records, isUnsettled } = await look();
  expect(stateOf(second)).toMatchObject({ status: "Pending", host: null });
  expect(records.get(second)?.state.statusReason).toContain("Unschedulable");
  expect(stateOf(first).updatedAtMs).toBeNull();
  expect(isUnsettled).toBe(true);
});

test("an object that somebody removed is noticed, and forgiven when it is there again", async () => {
  const uuid = await havePod(1);
  const object = inside.objects.pod.get(uuid);
  inside.objects.pod.clear();
  await look();
  expect(stateOf(uuid)).toMatchObject({ status: "Missing" });
  expect(stateOf(uuid).statusReason).toContain("somebody removed it");
  if (object) inside.objects.pod.set(uuid, object);
  await look();
  expect(stateOf(uuid)).toMatchObject({ status: "Running", statusReason: null });
});

test("an engine that is away leaves records that say so, and they heal with it", async () => {
  const uuid = await havePod(1);
  for (const cause of ["down", "slow", "certificate", "broken"] as const) {
    inside.trouble = { kind: "unreachable", cause, reason: `it is ${cause}` };
    expect(await look()).toMatchObject({ isInTrouble: true });
    expect(stateOf(uuid)).toMatchObject({ status: "Unknown" });
    expect(stateOf(uuid).statusReason).toContain(`it is ${cause}`);
  }
  inside.trouble = undefined;
  await look();
  expect(stateOf(uuid)).toMatchObject({ status: "Running", statusReason: null });
});

test("objects that others made change nothing; ours without a record are told", async () => {
  const uuid = await havePod(1);
  const object = inside.objects.pod.get(uuid);
  if (!object) throw new Error("it was not made");
  inside.objects.pod.set("theirs", { ...object, uuid: null, engineId: "theirs", name: "by-kubectl" });
  inside.objects.pod.set("stray", { ...object, uuid: uuidOf(99), engineId: "stray", name: "stray" });
  const before = JSON.stringify(table.items());
  expect((await look()).strays).toEqual([{ kind: "pod", uuid: uuidOf(99), name: "stray" }]);
  expect(JSON.stringify(table.items())).toBe(before);
});

test("a record with work of its own, or on its way out, is left alone", async () => {
  const uuid = await havePod(1, { isDeleting: true });
  inside.objects.pod.clear();
  const before = JSON.stringify(table.items());
  const { records } = await look();
  expect(JSON.stringify(table.items())).toBe(before);
  expect(records.get(uuid)?.state.status).toBe("Running");
});
