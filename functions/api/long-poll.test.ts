import { limits } from "@jeroboam/core/limits";
import { beforeEach, expect, test } from "vitest";
import type { LongPoll } from "./long-poll.ts";
import { createLongPoll, readWait } from "./long-poll.ts";

let nowMs = 0;
let pauses: number[] = [];
let mostMs = 60_000;
let longPoll: LongPoll;
const forever = new AbortController().signal;

beforeEach(() => {
  [nowMs, pauses, mostMs] = [0, [], 60_000];
  longPoll = createLongPoll({
    clock: { nowMs: () => nowMs },
    pause(ms) {
      pauses.push(ms);
      nowMs += ms;
      return Promise.resolve();
    },
    mostMs: () => mostMs,
  });
});

const at = (settledAtMs: number) => [() => Promise.resolve(nowMs), (seen: number) => seen >= settledAtMs] as const;

test("what is settled is answered at once, after one look", async () => {
  expect(await longPoll.until(...at(0), { ms: 30_000, signal: forever })).toBe(0);
  expect(pauses).toEqual([]);
});

test("the answer comes with the first look that sees it settled", async () => {
  expect(await longPoll.until(...at(2_500), { ms: 30_000, signal: forever })).toBe(3_000);
  expect(pauses).toEqual([1_000, 1_000, 1_000]);
});

test("when the time is up the answer is what was seen last, to the millisecond", async () => {
  expect(await longPoll.until(...at(Infinity), { ms: 2_500, signal: forever })).toBe(2_500);
  expect(pauses).toEqual([1_000, 1_000, 500]);
});

test("nobody waits longer than the platform can keep a reply open, not even a look where no time is left", async () => {
  mostMs = 1_500;
  expect(await longPoll.until(...at(Infinity), { ms: 30_000, signal: forever })).toBe(1_500);
  mostMs = -3;
  expect(await longPoll.until(...at(Infinity), { ms: 30_000, signal: forever })).toBe(1_500);
});

test("a caller who has gone is waited for no longer", async () => {
  const gone = new AbortController();
  let looks = 0;
  const look = () => {
    looks += 1;
    if (looks === 3) gone.abort();
    return Promise.resolve(looks);
  };
  expect(await longPoll.until(look, () => false, { ms: 30_000, signal: gone.signal })).toBe(3);
});

test("those beyond the limit are answered at once, and there is room again when others have ended, also by a fault", async () => {
  const wakes: (() => void)[] = [];
  const crowded = createLongPoll({
    clock: { nowMs: () => nowMs },
    pause: () => new Promise((resolve) => void wakes.push(resolve)),
    mostMs: () => 60_000,
  });
  const wait = { ms: 1_000, signal: forever };
  let fails = false;
  const look = () => (fails ? Promise.reject(new Error("gone")) : Promise.resolve("busy"));
  const waiters = Array.from({ length: limits.longPoll.waits }, () => crowded.until(look, () => false, wait));
  await Promise.resolve();
  expect(await crowded.until(look, () => false, wait)).toBe("busy");
  expect(wakes).toHaveLength(limits.longPoll.waits);
  fails = true;
  for (const wake of wakes.splice(0)) wake();
  await Promise.allSettled(waiters);
  fails = false;
  void crowded.until(look, () => false, wait);
  await Promise.resolve();
  expect(wakes).toHaveLength(1);
});

test.each<[given: string | undefined, ms: number]>([
  [undefined, 0],
  ["0", 0],
  ["7", 7_000],
  ["60", 60_000],
  ["9999", 60_000],
])("wait=%s is %d ms", (given, ms) => {
  expect(readWait(given === undefined ? {} : { wait: given })).toBe(ms);
});

test.each(["-1", "1.5", "soon", "", "12345678"])("wait=%s is refused", (wait) => {
  expect(() => readWait({ wait })).toThrow("wait must be a number of seconds");
});
