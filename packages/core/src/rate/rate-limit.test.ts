import { expect, test } from "vitest";
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import { createMemoryTable } from "../table/memory-table.ts";
import { createMemoryRateLimit, createSharedRateLimit } from "./rate-limit.ts";
import type { RateLimit } from "./rate-limit.ts";

const SETTINGS = { perSecond: 10, burst: 100 };

function world(isBroken = false) {
  let nowMs = 1_900_000_000_000;
  const clock = { nowMs: () => nowMs };
  const table = createMemoryTable({
    clock,
    intercept: () => {
      if (isBroken) throw new Transient("no answer");
    },
  });
  const logged: string[] = [];
  const log = { write: (_level: string, event: string) => void logged.push(event) };
  return { ports: { clock, table, log }, table, logged, advance: (ms: number) => void (nowMs += ms) };
}

/** How many of so many requests were admitted. */
async function admitted(limit: RateLimit, requests: number, projectId = "p1"): Promise<number> {
  let count = 0;
  for (let made = 0; made < requests; made += 1) if ((await limit.admit(projectId)).kind === "admitted") count += 1;
  return count;
}

const KINDS = [
  ["in memory", createMemoryRateLimit],
  ["in the table", createSharedRateLimit],
] as const;

test.each(KINDS)(
  "%s: a burst is admitted, then what the rate gives; another project is not touched",
  async (_name, create) => {
    const { ports, advance } = world();
    const limit = create(ports, SETTINGS);
    expect(await admitted(limit, 150)).toBe(100);
    expect(await limit.admit("p1")).toEqual({ kind: "refused", retryAfterMs: 100 });
    expect(await admitted(limit, 5, "p2")).toBe(5);
    advance(1_000);
    expect(await admitted(limit, 50)).toBe(10);
    advance(3_600_000);
    expect(await admitted(limit, 150)).toBe(100);
  },
);

test("processes that share a table share a bucket, also when they ask at once", async () => {
  const { ports } = world();
  const processes = Array.from({ length: 4 }, () => createSharedRateLimit(ports, SETTINGS));
  const counts = await Promise.all(processes.map((limit) => admitted(limit, 60)));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(100);
});

test("many requests cost the table few writes", async () => {
  const { ports, table } = world();
  const limit = createSharedRateLimit(ports, SETTINGS);
  await admitted(limit, 100);
  expect(table.counts.put).toBe(10);
});

test("requests that come at once share what one taking brings", async () => {
  const { ports, table } = world();
  const limit = createSharedRateLimit(ports, SETTINGS);
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => limit.admit("p1")));
  expect(outcomes.every(({ kind }) => kind === "admitted")).toBe(true);
  expect(table.counts.put).toBe(1);
});

test("requests go on while the table does not answer, and the log says so", async () => {
  const { ports, logged } = world(true);
  expect(await admitted(createSharedRateLimit(ports, SETTINGS), 30)).toBe(30);
  expect(new Set(logged)).toEqual(new Set(["rate-limit-unknown"]));
});

test("no more than so many projects are remembered", async () => {
  const { ports } = world();
  const limit = createMemoryRateLimit(ports, { perSecond: 1, burst: 1 });
  for (let project = 0; project <= limits.rate.projects; project += 1) await limit.admit(`p${project}`);
  // The first was forgotten, so its bucket is full again; the last was not.
  expect((await limit.admit("p0")).kind).toBe("admitted");
  expect((await limit.admit(`p${limits.rate.projects}`)).kind).toBe("refused");
});
