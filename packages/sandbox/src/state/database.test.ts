import { expect, test } from "vitest";
import type { Change, Store } from "../ports.ts";
import { openDatabase } from "./database.ts";

/** A store that keeps what it was given, commit by commit. */
function recording(loaded: Change[] = []): Store & { commits: Change[][] } {
  const commits: Change[][] = [];
  return {
    commits,
    load: () => loaded,
    append: (changes) => void commits.push(structuredClone([...changes])),
    close() {},
  };
}

interface Row {
  id: string;
  group: string;
}

test("a commit hands over what changed since the last one, each record once, in one piece", () => {
  const store = recording();
  const database = openDatabase(store);
  const table = database.table<Row>("rows");
  table.put({ id: "a", group: "x" });
  table.put({ id: "a", group: "y" });
  table.put({ id: "b", group: "x" });
  table.delete("b");
  table.delete("never there");
  database.commit();
  database.commit();
  expect(store.commits).toEqual([
    [
      { table: "rows", id: "a", value: { id: "a", group: "y" } },
      { table: "rows", id: "b", value: null },
    ],
  ]);
});

test("a record that was changed in place is kept as it is when it is committed", () => {
  const store = recording();
  const database = openDatabase(store);
  const table = database.table<Row>("rows");
  const row = { id: "a", group: "x" };
  table.put(row);
  row.group = "later";
  database.commit();
  expect(store.commits[0]).toEqual([{ table: "rows", id: "a", value: { id: "a", group: "later" } }]);
});

test("groups follow their records, also those read from the store", () => {
  const database = openDatabase(recording([{ table: "rows", id: "a", value: { id: "a", group: "x" } }]));
  const table = database.table<Row>("rows", (row) => row.group);
  table.put({ id: "b", group: "x" });
  expect(table.group("x").map((row) => row.id)).toEqual(["a", "b"]);
  table.put({ id: "a", group: "y" });
  expect(table.group("x").map((row) => row.id)).toEqual(["b"]);
  table.delete("a");
  expect(table.group("y")).toEqual([]);
  expect(table.size).toBe(1);
});
