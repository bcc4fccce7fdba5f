import { beforeEach, describe, expect, test } from "vitest";
import { createTestClock } from "../../../../test/contract/test-clock.ts";
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import type { MemoryTable } from "../table/memory-table.ts";
import { createMemoryTable } from "../table/memory-table.ts";
import type { ProjectLimit } from "./list-quotas.ts";
import { listLimits } from "./list-quotas.ts";
import type { QuotaPorts } from "./quota.ts";
import { changeLimit, createLimit, readQuota, releasePlace, removeLimit, takePlace } from "./quota.ts";

let table: MemoryTable;
let ports: QuotaPorts;
let clock = createTestClock(0);
/** Thrown after the write was done. */
let losesReplies = false;

beforeEach(() => {
  clock = createTestClock(1_900_000_000_000);
  losesReplies = false;
  table = createMemoryTable({
    clock,
    intercept: ({ operation }, moment) => {
      if (losesReplies && operation === "put" && moment === "after") throw new Transient("the reply was lost");
    },
  });
  ports = { table, clock };
});

const take = (uuid: string, defaultLimit = 2) =>
  takePlace(ports, { projectId: "p", uuid, defaultLimit, untilMs: Infinity });
const taken = async () => (await readQuota(table, "p")).bays;

describe("places", () => {
  test("are taken up to the limit, and free again when given back", async () => {
    expect(await take("one")).toEqual({ kind: "taken" });
    expect(await take("two")).toEqual({ kind: "taken" });
    expect(await take("three")).toEqual({ kind: "full", limit: 2 });
    await releasePlace(ports, "p", "one");
    expect(await take("three")).toEqual({ kind: "taken" });
    expect(await taken()).toEqual(["two", "three"]);
  });

  test("taking and giving back are repeatable, also when a reply is lost", async () => {
    losesReplies = true;
    await expect(take("one")).rejects.toThrow(Transient);
    losesReplies = false;
    expect(await take("one", 1)).toEqual({ kind: "taken" });
    expect(await taken()).toEqual(["one"]);
    await releasePlace(ports, "p", "one");
    await releasePlace(ports, "p", "one");
    await releasePlace(ports, "p", "never");
    expect(await taken()).toEqual([]);
  });

  test("a hundred who come and go at once leave exactly those who stay", async () => {
    const uuids = Array.from({ length: 100 }, (_, nth) => `bay-${nth}`);
    await Promise.all(uuids.map((uuid) => take(uuid, 100)));
    await Promise.all(uuids.slice(0, 60).map((uuid) => releasePlace(ports, "p", uuid)));
    expect((await taken()).toSorted()).toEqual(uuids.slice(60).toSorted());
  });

  test("one project's are not another's", async () => {
    await take("one", 1);
    expect(await takePlace(ports, { projectId: "q", uuid: "two", defaultLimit: 1, untilMs: Infinity })).toEqual({
      kind: "taken",
    });
  });

  test("an empty quota stays for a day, so that a slow writer's revision is not taken twice, and then expires", async () => {
    await take("one");
    const [slow] = table.items();
    await releasePlace(ports, "p", "one");
    await take("two");
    expect(await table.put({ ...slow!, revision: 2 }, { revision: 1 })).toBe("refused");
    await releasePlace(ports, "p", "two");
    clock.advance(limits.quota.keepEmptyMs + 1_000);
    expect(await table.get({ pk: "quota#p", sk: "bays" })).toBeUndefined();
  });

  test("the places of a project at its most fit into an item", async () => {
    const bays = Array.from({ length: limits.quota.bays }, (_, nth) =>
      `00000000-0000-4000-8000-${nth}`.padEnd(36, "0"),
    );
    const item = { pk: "quota#p", sk: "bays", revision: 1, body: { projectId: "p", limit: null, bays }, indexes: {} };
    expect(await table.put(item, { absent: true })).toBe("written");
    expect(await take("more", 1_000_000)).toEqual({ kind: "full", limit: limits.quota.bays });
  });
});

describe("limits", () => {
  test("one that is set holds in place of the default, also below what there is", async () => {
    await take("one");
    await take("two");
    await createLimit(ports, "p", 3);
    expect(await take("three")).toEqual({ kind: "taken" });
    await changeLimit(ports, "p", 1);
    expect(await take("four")).toEqual({ kind: "full", limit: 1 });
    expect(await taken()).toHaveLength(3);
    expect(await removeLimit(ports, "p")).toBe(true);
    expect(await take("four", 4)).toEqual({ kind: "taken" });
  });

  test("are set once, changed and removed only where they are", async () => {
    expect(await changeLimit(ports, "p", 5)).toBeUndefined();
    expect(await removeLimit(ports, "p")).toBe(false);
    const outcomes = await Promise.all([createLimit(ports, "p", 5), createLimit(ports, "p", 6)]);
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(["created", "exists"]);
    expect(await createLimit(ports, "p", 7)).toEqual({ kind: "exists" });
  });

  test("are listed by number, page by page, of all projects or of one", async () => {
    for (const project of ["c", "a", "b"]) await createLimit(ports, project, 5);
    const page = async (allProjects: boolean, marker?: string): Promise<readonly ProjectLimit[] | string> => {
      const listed = await listLimits(
        table,
        { projectId: "b", allProjects },
        { limit: 2, descending: false, ...(marker && { marker }) },
      );
      return listed.kind === "page" ? listed.entries : listed.kind;
    };
    expect(await page(true)).toMatchObject([
      { id: 1, projectId: "c" },
      { id: 2, projectId: "a" },
    ]);
    expect(await page(true, "2")).toMatchObject([{ id: 3, projectId: "b" }]);
    expect(await page(true, "9")).toBe("unknown-marker");
    expect(await page(false)).toMatchObject([{ id: 3, projectId: "b" }]);
    expect(await page(false, "3")).toEqual([]);
  });
});
