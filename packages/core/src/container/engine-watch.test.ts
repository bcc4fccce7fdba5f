/** A bay's engine is looked at once in a while, however many ask, and somebody looks as long as there is anything to see. */
import { beforeEach, expect, test } from "vitest";
import type { TestClock } from "../../../../test/contract/test-clock.ts";
import { createTestClock } from "../../../../test/contract/test-clock.ts";
import { createSeededRandom } from "../../../../test/simulated/random.ts";
import { limits } from "../limits.ts";
import { recordFromItem } from "../operation/record.ts";
import type { WorkRecord } from "../operation/record.ts";
import type { Key } from "../table/table.ts";
import type { MemoryTable } from "../table/memory-table.ts";
import { createMemoryTable } from "../table/memory-table.ts";
import type { EngineWatch, WatchPorts } from "./engine-watch.ts";
import { askForLook, claimLook, engineWatchShape, postponeLook } from "./engine-watch.ts";

const BAY = { uuid: "00000000-0000-4000-8000-0000000000b1", projectId: "p1" };

let clock: TestClock;
let table: MemoryTable;
let ports: WatchPorts;
let hints: Key[];
beforeEach(() => {
  clock = createTestClock(1_000_000);
  table = createMemoryTable({ clock });
  hints = [];
  const queue = { send: (keys: readonly Key[]) => Promise.resolve(void hints.push(...keys)) };
  ports = { table, clock, queue, random: createSeededRandom(1), log: { write: () => {} } };
});

function watch(): WorkRecord<EngineWatch> {
  const [item, ...others] = table.items();
  if (!item || others.length > 0) throw new Error(`there are ${table.items().length} watches`);
  return recordFromItem(engineWatchShape, item);
}

const claims = (): Promise<boolean[]> => Promise.all(Array.from({ length: 10 }, () => claimLook(ports, BAY)));

test("of many who ask at once one looks, and nobody again until a while has passed", async () => {
  await askForLook(ports, BAY);
  expect((await claims()).filter(Boolean)).toHaveLength(1);
  expect((await claims()).filter(Boolean)).toHaveLength(0);
  clock.advance(limits.container.lookMs);
  expect((await claims()).filter(Boolean)).toHaveLength(1);
});

test("an engine in trouble is left alone for longer", async () => {
  expect(await claimLook(ports, BAY)).toBe(true);
  await postponeLook(ports, BAY);
  clock.advance(limits.container.lookMs);
  expect(await claimLook(ports, BAY)).toBe(false);
  clock.advance(limits.container.troubleMs);
  expect(await claimLook(ports, BAY)).toBe(true);
});

test("who looks where nobody watches begins a watch; asking again begins it anew and has it look now", async () => {
  expect(await claimLook(ports, BAY)).toBe(true);
  const first = watch();
  expect(first).toMatchObject({ operation: { kind: "watch" }, dueAtMs: clock.nowMs(), outbox: [] });
  clock.advance(1_000);
  await askForLook(ports, BAY);
  expect(watch()).toMatchObject({ operation: { kind: "watch" }, dueAtMs: clock.nowMs(), outbox: [] });
  expect(watch().operation?.id).not.toBe(first.operation?.id);
  expect(hints.at(-1)).toEqual(first.key);
});
