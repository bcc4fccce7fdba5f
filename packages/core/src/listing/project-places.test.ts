/** Places of a project: never more records than there may be, however many are made at once, and never fewer. */
import { expect, test } from "vitest";
import { z } from "zod";
import { limits } from "../limits.ts";
import { newRecord } from "../operation/record-store.ts";
import { writeRecord } from "../operation/record-write.ts";
import { createMemoryTable } from "../table/memory-table.ts";
import { deletePlacedRecord, takePlaceInProject } from "./project-places.ts";
import {
  deleteProjectRecord,
  findProjectRecord,
  projectRecordKey,
  projectRecordSchema,
  projectRecordShape,
} from "./project-record.ts";

const MOST = 5;
const shape = projectRecordShape("thing", projectRecordSchema.extend({ name: z.string().nullable() }));

function createWorld() {
  let nowMs = 1_000_000;
  let marks = 0;
  const clock = { nowMs: () => nowMs };
  const table = createMemoryTable({ clock });
  const random = { uuid: () => `mark-${(marks += 1)}`, fraction: () => 0, bytes: () => new Uint8Array() };
  const take = (uuid: string) => takePlaceInProject({ table, clock }, shape, { projectId: "p", uuid, most: MOST });
  const make = async (uuid: string) => {
    const taken = await take(uuid);
    if (taken === "full") return taken;
    const state = { uuid, projectId: "p", userId: "u", name: uuid, createdAtMs: nowMs, updatedAtMs: null };
    await writeRecord({ table, random }, shape, newRecord(projectRecordKey(shape, "p", uuid), state));
    return taken;
  };
  const find = async (uuid: string) => {
    const found = await findProjectRecord(table, shape, "p", uuid);
    if (found.kind !== "found") throw new Error(`${uuid} is ${found.kind}`);
    return found.record;
  };
  const advance = (ms: number): void => void (nowMs += ms);
  return { table, take, make, find, advance };
}

const names = (count: number): string[] => Array.from({ length: count }, (_, nth) => `${nth}`);

test("of so many that are made at once, as many are made as there may be", async () => {
  const { make } = createWorld();
  const made = await Promise.all(names(20).map((uuid) => make(uuid)));
  expect(made.filter((one) => one === "taken")).toHaveLength(MOST);
});

test("who asks again has the place that it has", async () => {
  const { make, take } = createWorld();
  for (const uuid of names(MOST)) await make(uuid);
  expect(await take("0")).toBe("taken");
  expect(await take("other")).toBe("full");
});

test("the place of a record that was deleted is free at once", async () => {
  const { make, find, table } = createWorld();
  for (const uuid of names(MOST)) await make(uuid);
  expect(await deletePlacedRecord(table, shape, await find("3"))).toBe("deleted");
  expect([await make("other"), await make("another")]).toEqual(["taken", "full"]);
});

test("a place that was never used, or whose record went otherwise, is free when its request must have ended", async () => {
  const { make, take, find, table, advance } = createWorld();
  for (const uuid of names(MOST - 1)) await make(uuid);
  await take("of a request that died");
  await deleteProjectRecord(table, shape, await find("1"));
  expect(await make("early")).toBe("full");
  advance(limits.projectRecord.placeUseMs);
  expect([await make("one"), await make("two"), await make("three")]).toEqual(["taken", "taken", "full"]);
});

test("records that were there before there were places are counted", async () => {
  const { make, table } = createWorld();
  for (const uuid of names(MOST)) await make(uuid);
  const places = await table.get({ pk: "places#thing#p", sk: "places" });
  if (places) await table.remove(places, places.revision);
  expect(await make("other")).toBe("full");
});
