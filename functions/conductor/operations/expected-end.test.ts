import { limits } from "@jeroboam/core/limits";
import type { Operation } from "@jeroboam/core/operation/record";
import { createMemoryTable } from "@jeroboam/core/table/memory-table";
import { expect, test } from "vitest";
import { expectedMs, learnEnd, NOTE, pollAfterMs } from "./expected-end.ts";

const operation = (notes: Operation["notes"] = {}, kind = "create") =>
  ({ id: "op", kind, startedAtMs: 0, notes }) as unknown as Operation;

/** How late an end at that time is noticed by polling alone. */
function latenessMs(endsAtMs: number, expected: number): number {
  let nowMs = 0;
  while (nowMs < endsAtMs) nowMs += pollAfterMs(nowMs, operation(expected > 0 ? { [NOTE]: expected } : {}));
  return nowMs - endsAtMs;
}

test("an end near the expected one is noticed within 4 s, whenever in the window it comes", () => {
  for (const expected of [30_000, 120_000, 480_000, 3_600_000])
    for (let part = 0.76; part < 1.49; part += 0.01)
      expect(latenessMs(expected * part, expected)).toBeLessThanOrEqual(4_000);
});

test("after somebody has said that there is something to see, it is looked at every second for a while", () => {
  const nudge = { operation: "op", atMs: 300_000, uses: 1 };
  expect(pollAfterMs(301_000, operation(), nudge)).toBe(400);
  expect(pollAfterMs(300_000 + limits.callback.eagerMs, operation(), nudge)).toBe(1_000);
  expect(pollAfterMs(301_000, operation(), { ...nudge, operation: "an earlier one" })).toBe(10_000);
  expect(pollAfterMs(300_000 + limits.callback.keenMs, operation(), nudge)).toBe(10_000);
});

test("far from the expected end, and without one, polling slows down to ten seconds", () => {
  expect(pollAfterMs(5_000, operation())).toBe(1_000);
  expect(pollAfterMs(60_000, operation())).toBe(6_000);
  expect(pollAfterMs(600_000, operation())).toBe(10_000);
  expect(pollAfterMs(150_000, operation({ [NOTE]: 600_000 }))).toBe(10_000);
  expect(pollAfterMs(2_000_000, operation({ [NOTE]: 600_000 }))).toBe(10_000);
});

test("what ends took is learnt, the last ones counting most, each kind of work apart", async () => {
  const table = createMemoryTable({ clock: { nowMs: () => 0 } });
  expect(await expectedMs(table, "m", operation())).toBe(0);
  await learnEnd(table, "m", operation(), 100_000);
  expect(await expectedMs(table, "m", operation())).toBe(100_000);
  for (let times = 0; times < 30; times += 1) await learnEnd(table, "m", operation(), 300_000);
  expect(await expectedMs(table, "m", operation())).toBeGreaterThan(299_000);
  expect(await expectedMs(table, "m", operation({}, "update"))).toBe(0);
  expect(await expectedMs(table, "other", operation())).toBe(0);
  expect(await expectedMs(table, "m", operation({ [NOTE]: 7 }))).toBe(7);
});
