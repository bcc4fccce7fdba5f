import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { anItem, describeTableContract, nextOf, sortKeys } from "../../../../test/contract/table-contract.ts";
import { createTestClock } from "../../../../test/contract/test-clock.ts";
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import { openSqliteTable } from "./sqlite-table.ts";

const folder = mkdtempSync(join(tmpdir(), "jeroboam-table-"));
afterAll(() => rmSync(folder, { recursive: true }));

describeTableContract("the embedded table", (clock) => {
  const table = openSqliteTable({ path: join(folder, "contract.db"), clock });
  return { table, close: () => table.close() };
});

/** The commits in a write-ahead log: a frame that ends one says how many pages the file has then. */
function countCommits(path: string): number {
  const log = readFileSync(`${path}-wal`);
  const frameBytes = 24 + log.readUInt32BE(8);
  let commits = 0;
  for (let at = 32; at + frameBytes <= log.length; at += frameBytes) if (log.readUInt32BE(at + 4) > 0) commits += 1;
  return commits;
}

describe("the embedded table's file", () => {
  const clock = createTestClock(1_000_000);
  const pathOf = (name: string): string => join(folder, `${name}.db`);

  test("an acknowledged write is in the write-ahead log, for other processes to see", async () => {
    const table = openSqliteTable({ path: pathOf("durable"), clock });
    await table.put(anItem({ pk: "p", sk: "one" }), { absent: true });
    const other = new DatabaseSync(pathOf("durable"), { readOnly: true });
    expect(other.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
    expect(other.prepare("SELECT count(*) AS items FROM items").get()).toEqual({ items: 1 });
    other.close();
    await table.close();
  });

  test("writes of one turn of the event loop share one commit, each conditional by itself", async () => {
    const table = openSqliteTable({ path: pathOf("group"), clock });
    const before = countCommits(pathOf("group"));
    const item = anItem({ pk: "p", sk: "same" });
    const writes = Array.from({ length: 30 }, (_, index) =>
      table.put(anItem({ pk: "p", sk: `${index}` }), { absent: true }),
    );
    const same = [table.put(item, { absent: true }), table.put(item, { absent: true })];
    const chained = [table.put(nextOf(item), { revision: 1 }), table.remove(item, 1)];
    expect(await Promise.all([...same, ...chained])).toEqual(["written", "refused", "written", "refused"]);
    expect(new Set(await Promise.all(writes))).toEqual(new Set(["written"]));
    expect(countCommits(pathOf("group")) - before).toBe(1);
    await table.close();
  });

  test("everything is there when the file is opened again, and close waits for writes in hand", async () => {
    const table = openSqliteTable({ path: pathOf("again"), clock });
    const item = anItem({ pk: "p", sk: "one" }, { body: { kept: true }, indexes: { name: { pk: "n", sk: "s" } } });
    const writing = table.put(item, { absent: true });
    await table.close();
    expect(await writing).toBe("written");
    await expect(table.get(item)).rejects.toThrow(/finalized/);
    const again = openSqliteTable({ path: pathOf("again"), clock });
    expect(await again.get(item)).toEqual(item);
    expect(await again.queryIndex("name", "n")).toEqual({ items: [item] });
    await again.close();
  });

  test("expired items are taken out of the file by later commits, a few by each", async () => {
    const table = openSqliteTable({ path: pathOf("expiry"), clock });
    const brief = Array.from({ length: limits.table.commitExpiredItems + 4 }, (_, index) =>
      anItem({ pk: "p", sk: `brief-${index}` }, { expiresAtSeconds: clock.nowMs() / 1_000 + 60 }),
    );
    await Promise.all(brief.map((item) => table.put(item, { absent: true })));
    const reader = new DatabaseSync(pathOf("expiry"), { readOnly: true });
    const stored = (): unknown => reader.prepare("SELECT count(*) AS items FROM items").get()?.["items"];
    expect(stored()).toBe(brief.length);
    clock.advance(60_000);
    await table.put(anItem({ pk: "p", sk: "first" }), { absent: true });
    expect(stored()).toBe(5);
    await table.put(anItem({ pk: "p", sk: "second" }), { absent: true });
    expect(stored()).toBe(2);
    expect(sortKeys(await table.query("p"))).toEqual(["first", "second"]);
    reader.close();
    await table.close();
  });

  test("a write that another process keeps waiting too long is Transient, and later ones succeed", async () => {
    const table = openSqliteTable({ path: pathOf("busy"), clock, busyTimeoutMs: 10 });
    const other = new DatabaseSync(pathOf("busy"));
    other.exec("BEGIN IMMEDIATE");
    const item = anItem({ pk: "p", sk: "one" });
    await expect(table.put(item, { absent: true })).rejects.toThrow(Transient);
    other.exec("ROLLBACK");
    expect(await table.put(item, { absent: true })).toBe("written");
    other.close();
    await table.close();
  });

  test("a file of a later release's layout is refused by name, and left as it is", () => {
    const other = new DatabaseSync(pathOf("later"));
    other.exec("PRAGMA user_version = 7");
    expect(() => openSqliteTable({ path: pathOf("later"), clock })).toThrow(/holds a table of version 7/);
    expect(other.prepare("SELECT count(*) AS tables FROM sqlite_schema").get()).toEqual({ tables: 0 });
    other.close();
  });
});
