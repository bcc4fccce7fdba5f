import { expect, test } from "vitest";
import { createExpiringCache } from "./expiring-cache.ts";

function setUp(maxEntries = 3) {
  const time = { nowMs: 0 };
  const cache = createExpiringCache<string>({ nowMs: () => time.nowMs }, maxEntries);
  let made = 0;
  const get = (key: string, keepUntilMs: number | undefined = 100): Promise<string> =>
    cache.get(key, () => Promise.resolve({ value: `${key}${++made}`, keepUntilMs }));
  return { time, cache, get, madeSoFar: () => made };
}

test("a value is made once, until its time is over", async () => {
  const { time, get } = setUp();
  expect(await get("a")).toBe("a1");
  time.nowMs = 99;
  expect(await get("a")).toBe("a1");
  time.nowMs = 100;
  expect(await get("a")).toBe("a2");
});

test("those who ask at once share one making, and its failure, which is not kept", async () => {
  const { cache, get } = setUp();
  expect(await Promise.all([get("a"), get("a"), get("a")])).toEqual(["a1", "a1", "a1"]);
  const fail = (): Promise<never> => Promise.reject(new Error("down"));
  const asked = [cache.get("b", fail), cache.get("b", fail)];
  for (const one of asked) await expect(one).rejects.toThrow("down");
  expect(await get("b")).toBe("b2");
});

test("what must not be kept, or is over already, is given out once", async () => {
  const { time, cache, get } = setUp();
  expect(await cache.get("a", () => Promise.resolve({ value: "unkept", keepUntilMs: undefined }))).toBe("unkept");
  time.nowMs = 200;
  await get("b", 150);
  expect(cache.size).toBe(0);
});

test("there are never more than the maximum; what was used longest ago goes first", async () => {
  const { cache, get } = setUp(3);
  for (const key of ["a", "b", "c"]) await get(key);
  await get("a");
  await get("d");
  expect(cache.size).toBe(3);
  expect(await get("a")).toBe("a1");
  expect(await get("b")).toBe("b5");
});

test("a value is forgotten only while it is the one kept", async () => {
  const { cache, get } = setUp();
  const first = await get("a");
  cache.forget("a", "another");
  expect(await get("a")).toBe(first);
  cache.forget("a", first);
  expect(await get("a")).toBe("a2");
});
