import { describe, expect, test } from "vitest";
import { anItem, describeTableContract, nextOf, sortKeys } from "../../../../test/contract/table-contract.ts";
import { createTestClock } from "../../../../test/contract/test-clock.ts";
import { Transient } from "../errors.ts";
import { createMemoryTable } from "./memory-table.ts";
import type { Intercept } from "./memory-table.ts";

describeTableContract("the table in memory", (clock) => ({ table: createMemoryTable({ clock }) }));

describe("the knobs of the table in memory", () => {
  const clock = createTestClock(0);
  const item = anItem({ pk: "p", sk: "one" }, { body: { first: true }, indexes: { due: { pk: "due", sk: "1" } } });

  test("an index read shows a write, whole, only when its lag is over; strong reads show it at once", async () => {
    const lags = [0, 60_000, 10_000];
    const table = createMemoryTable({ clock, indexLagMs: () => lags.shift() ?? 0 });
    await table.put(item, { absent: true });
    const later = nextOf(item, { body: { second: true }, indexes: { due: { pk: "due", sk: "2" } } });
    await table.put(later, { revision: 1 });
    await table.remove(item, 2);
    expect(await table.get(item)).toBeUndefined();
    clock.advance(59_000);
    expect(await table.queryIndex("due", "due")).toEqual({ items: [item] });
    clock.advance(1_000);
    expect(await table.queryIndex("due", "due")).toEqual({ items: [] });
  });

  test("a harness can fail a call before it takes effect, and lose its reply after", async () => {
    let fault: "before" | "after" | undefined;
    const seen: string[] = [];
    const intercept: Intercept = async (call, moment) => {
      seen.push(`${call.operation} ${moment}`);
      if (moment === fault) throw new Transient("lost");
    };
    const table = createMemoryTable({ clock, intercept });
    fault = "before";
    await expect(table.put(item, { absent: true })).rejects.toThrow(Transient);
    expect(table.items()).toEqual([]);
    fault = "after";
    await expect(table.put(item, { absent: true })).rejects.toThrow(Transient);
    fault = undefined;
    expect(await table.get(item)).toEqual(item);
    expect(seen).toEqual(["put before", "put before", "put after", "get before", "get after"]);
  });

  test("calls are counted by operation, and refused writes with them", async () => {
    const table = createMemoryTable({ clock });
    await table.put(item, { absent: true });
    await table.put(item, { absent: true });
    await table.get(item);
    await table.query("p");
    await table.queryIndex("due", "due");
    await table.remove(item, 1);
    expect(table.counts).toEqual({ get: 1, put: 2, remove: 1, query: 1, queryIndex: 1, refused: 1 });
  });

  test("restoring a backup brings back its items and their places in the indexes, and nothing else", async () => {
    const table = createMemoryTable({ clock });
    await table.put(item, { absent: true });
    const backup = table.items();
    await table.remove(item, 1);
    await table.put(anItem({ pk: "p", sk: "two" }, { indexes: item.indexes }), { absent: true });
    table.restore(backup);
    expect(table.items()).toEqual([item]);
    expect(sortKeys(await table.queryIndex("due", "due"))).toEqual(["one"]);
  });
});
