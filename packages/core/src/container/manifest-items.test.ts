/** A manifest is read back as it was, whatever its size, by its own operation alone, and never outlives its use. */
import { beforeEach, expect, test } from "vitest";
import type { TestClock } from "../../../../test/contract/test-clock.ts";
import { createTestClock } from "../../../../test/contract/test-clock.ts";
import { limits } from "../limits.ts";
import type { Manifest } from "../manifest/manifest.ts";
import type { MemoryTable } from "../table/memory-table.ts";
import { createMemoryTable } from "../table/memory-table.ts";
import { readManifestItems, removeManifests, writeManifest } from "./manifest-items.ts";

const RECORD = { pk: "pod#a", sk: "p1#pod" };

let clock: TestClock;
let table: MemoryTable;
beforeEach(() => {
  clock = createTestClock(1_000_000);
  table = createMemoryTable({ clock });
});

const manifest = (annotation: string): Manifest => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web", annotations: { note: annotation } },
  spec: { containers: [{ name: "one", image: "nginx" }] },
});

const write = (id: string, wanted: Manifest) => writeManifest(table, RECORD, { id, nowMs: clock.nowMs() }, wanted);

test.each(["", "x".repeat(200_000), '"\\'.repeat(100_000), "🍾".repeat(100_000), "é".repeat(300_000)])(
  "in as many items as it takes, each one that every table can hold (%#)",
  async (annotation) => {
    const wanted = manifest(annotation);
    await write("one", wanted);
    for (const item of table.items())
      expect(Buffer.byteLength(JSON.stringify(item.body))).toBeLessThan(limits.table.itemBytes);
    expect(await readManifestItems(table, RECORD, "one")).toEqual(wanted);
  },
);

test("an operation reads and removes its own; all go when the record goes", async () => {
  await write("one", manifest("1"));
  await write("two", manifest("2"));
  await removeManifests(table, RECORD, "one");
  expect(await readManifestItems(table, RECORD, "one")).toBeUndefined();
  expect(await readManifestItems(table, RECORD, "two")).toEqual(manifest("2"));
  await removeManifests(table, RECORD);
  expect(table.items()).toEqual([]);
});

test("one that nobody removed vanishes, but never before the operation that needs it must have ended", async () => {
  await write("one", manifest("1"));
  clock.advance(limits.container.deadlineMs);
  expect(await readManifestItems(table, RECORD, "one")).toBeDefined();
  clock.advance(limits.container.manifestKeepMs);
  expect(await readManifestItems(table, RECORD, "one")).toBeUndefined();
});
