/**
 * A process that writes to the embedded table until it is killed: `node sqlite-writer.ts FILE NAME`. Eight writers, each
 * with an item of its own, and one item that all processes count up; each acknowledged write is printed at once.
 */
import { writeSync } from "node:fs";
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { openSqliteTable } from "@jeroboam/core/table/sqlite-table";
import type { Key, Table } from "@jeroboam/core/table/table";

const [, , path = "", name = ""] = process.argv;
const table = openSqliteTable({ path, clock: systemClock });
const keys: Key[] = Array.from({ length: 8 }, (_, writer) => ({ pk: name, sk: `writer-${writer}` }));
await Promise.all([...keys, { pk: "shared", sk: "counter" }].map((key) => writeForEver(table, key)));

async function writeForEver(table: Table, key: Key): Promise<never> {
  for (;;) {
    const standing = await table.get(key);
    const revision = (standing?.revision ?? 0) + 1;
    const item = { ...key, revision, body: { revision, filling: "x".repeat(500) }, indexes: {} };
    const outcome = await table.put(item, standing ? { revision: standing.revision } : { absent: true });
    if (outcome === "written") writeSync(1, `${key.pk} ${key.sk} ${revision}\n`);
  }
}
