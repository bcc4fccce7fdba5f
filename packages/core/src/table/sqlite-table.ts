/**
 * The table embedded in the process, in one SQLite file. An acknowledged write is durable: it survives kill -9 and the
 * loss of power (write-ahead log, synchronous=FULL, the promise resolves after COMMIT). Writes issued in one turn of the
 * event loop share one commit, each still conditional by itself; so a commit's cost is divided by how many wait for it.
 * Several processes of one machine may open the same file.
 * Left to others: more than one machine.
 */
import { DatabaseSync } from "node:sqlite";
import type { SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import { Transient, textOf } from "../errors.ts";
import { limits } from "../limits.ts";
import type { Clock } from "../ports.ts";
import { encodeBody, toSeconds } from "./item-check.ts";
import { endOfPrefix, isStorableKey, planRead } from "./range.ts";
import type { ReadPlan } from "./range.ts";
import { INDEX_NAMES } from "./table.ts";
import type { IndexName, Item, Key, Page, Table, WriteOutcome } from "./table.ts";

export interface SqliteTable extends Table {
  /** Finishes the writes that are waiting and closes the file. */
  close(): Promise<void>;
}

export interface SqliteTableOptions {
  /** The file; its folder must exist. SQLite keeps two more beside it, named -wal and -shm. */
  readonly path: string;
  readonly clock: Clock;
  /** How long to wait, blocking, for another process's commit. */
  readonly busyTimeoutMs?: number;
}

const SCHEMA_VERSION = 1;
const CACHE_KIB = 32 * 1_024;
const INDEXES = INDEX_NAMES.map((name) => ({ name, pk: `${name}_pk`, sk: `${name}_sk` }));
const INDEX_COLUMNS = INDEXES.flatMap((index) => [index.pk, index.sk]);
const COLUMNS = ["pk", "sk", "revision", "body", "expires_at", ...INDEX_COLUMNS];

const SCHEMA = [
  `CREATE TABLE items (
    pk TEXT NOT NULL, sk TEXT NOT NULL, revision INTEGER NOT NULL, body TEXT NOT NULL, expires_at INTEGER,
    ${INDEX_COLUMNS.map((column) => `${column} TEXT`).join(", ")},
    PRIMARY KEY (pk, sk)
  ) STRICT, WITHOUT ROWID`,
  // Without the bodies: with them index pages read 2.6 times faster, but writes take 2 to 4 times as long.
  ...INDEXES.map(
    ({ name, pk, sk }) => `CREATE INDEX by_${name} ON items (${pk}, ${sk}, pk, sk) WHERE ${pk} IS NOT NULL`,
  ),
  "CREATE INDEX by_expiry ON items (expires_at) WHERE expires_at IS NOT NULL",
  `PRAGMA user_version = ${SCHEMA_VERSION}`,
];

const LIVE = "(expires_at IS NULL OR expires_at > :now)";
const VALUES = COLUMNS.map((column) => `:${column}`).join(", ");
const ASSIGNMENTS = COLUMNS.slice(2).map((column) => `${column} = :${column}`);

/** A write that waits for the next commit. */
interface Waiting {
  readonly statement: StatementSync;
  readonly values: Record<string, SQLInputValue>;
  readonly resolve: (outcome: WriteOutcome) => void;
  readonly reject: (reason: unknown) => void;
}

export function openSqliteTable(options: SqliteTableOptions): SqliteTable {
  const { path, clock, busyTimeoutMs = limits.table.busyTimeoutMs } = options;
  const database = openDatabase(path, busyTimeoutMs);
  const select = database.prepare(`SELECT * FROM items WHERE pk = :pk AND sk = :sk AND ${LIVE}`);
  const insert = database.prepare(
    `INSERT INTO items (${COLUMNS.join(", ")}) VALUES (${VALUES})
     ON CONFLICT (pk, sk) DO UPDATE SET ${ASSIGNMENTS.join(", ")} WHERE expires_at <= :now`,
  );
  const update = database.prepare(
    `UPDATE items SET ${ASSIGNMENTS.join(", ")} WHERE pk = :pk AND sk = :sk AND revision = :replaced AND ${LIVE}`,
  );
  const erase = database.prepare(`DELETE FROM items WHERE pk = :pk AND sk = :sk AND revision = :replaced AND ${LIVE}`);
  const queries = new Map<string, StatementSync>();
  const { write, idle } = createCommitter(database, clock);

  const readPage = (plan: ReadPlan | undefined, pk: string, index?: IndexName): Page => {
    if (!plan) return { items: [] };
    const { text, values } = toSql(plan, pk, index);
    let statement = queries.get(text);
    if (!statement) queries.set(text, (statement = database.prepare(text)));
    const rows = statement.all({ ...values, now: toSeconds(clock.nowMs()), limit: plan.limit });
    const items = rows.map(toItem);
    const last = items.at(-1);
    if (!last || items.length < plan.limit) return { items };
    return { items, next: { pk: last.pk, sk: last.sk, indexes: last.indexes } };
  };
  return {
    get: (key) =>
      translating(() => {
        const now = toSeconds(clock.nowMs());
        const row = isStorableKey(key) ? select.get({ pk: key.pk, sk: key.sk, now }) : undefined;
        return row && toItem(row);
      }),
    put: async (item, condition) => {
      const values = toRow(item, encodeBody(item, condition));
      if ("absent" in condition) return write(insert, values);
      return write(update, { ...values, replaced: condition.revision });
    },
    remove: (key, revision) => write(erase, { pk: key.pk, sk: key.sk, replaced: revision }),
    query: (pk, range = {}) => translating(() => readPage(planRead(pk, range), pk)),
    queryIndex: (index, pk, range = {}) => translating(() => readPage(planRead(pk, range, index), pk, index)),
    close: async () => {
      await idle();
      database.close();
    },
  };
}

function openDatabase(path: string, busyTimeoutMs: number): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
  // FULL: each commit is on the disk before it is acknowledged, not only at the next checkpoint.
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -${CACHE_KIB}`);
  database.exec("BEGIN IMMEDIATE");
  const version = database.prepare("PRAGMA user_version").get()?.["user_version"];
  if (version === 0) for (const statement of SCHEMA) database.exec(statement);
  database.exec("COMMIT");
  if (version === 0 || version === SCHEMA_VERSION) return database;
  database.close();
  throw new Error(`${path} holds a table of version ${String(version)}; this release reads version ${SCHEMA_VERSION}`);
}

/** Gathers the writes of one turn of the event loop and commits them together. */
function createCommitter(database: DatabaseSync, clock: Clock) {
  const waiting: Waiting[] = [];
  const expire = database.prepare(
    "DELETE FROM items WHERE (pk, sk) IN (SELECT pk, sk FROM items WHERE expires_at <= ? LIMIT ?)",
  );
  const commit = (): void => {
    const batch = waiting.splice(0, limits.table.commitWrites);
    if (waiting.length > 0) setImmediate(commit);
    try {
      const now = toSeconds(clock.nowMs());
      database.exec("BEGIN IMMEDIATE");
      const changes = batch.map(({ statement, values }) => statement.run({ ...values, now }).changes);
      expire.run(now, limits.table.commitExpiredItems);
      database.exec("COMMIT");
      for (const [place, one] of batch.entries()) one.resolve(changes[place] === 0 ? "refused" : "written");
    } catch (thrown) {
      // Nothing of the batch was committed, or it is unknown whether it was: each writer hears of it.
      if (database.isTransaction) database.exec("ROLLBACK");
      for (const one of batch) one.reject(translate(thrown));
    }
  };
  const write = (statement: StatementSync, values: Record<string, SQLInputValue>): Promise<WriteOutcome> =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(commit);
      waiting.push({ statement, values, resolve, reject });
    });
  const idle = async (): Promise<void> => {
    while (waiting.length > 0) await new Promise((resolve) => setImmediate(resolve));
  };
  return { write, idle };
}

/** The query that reads a plan's page, in the order of the keys, ties in an index broken by the table's key. */
function toSql(plan: ReadPlan, pk: string, index?: IndexName): { text: string; values: Record<string, string> } {
  const [partition, sort] = index ? [`${index}_pk`, `${index}_sk`] : ["pk", "sk"];
  const order = index ? [sort, "pk", "sk"] : [sort];
  const { from, below, upTo } = boundsOf(plan);
  const where = [`${partition} = :partition`, LIVE];
  const values: Record<string, string> = { partition: pk };
  const bound = (name: string, operator: string, value: string | undefined): void => {
    if (value === undefined) return;
    where.push(`${sort} ${operator} :${name}`);
    values[name] = value;
  };
  // The position takes the place of the bound it is past, or SQLite would seek to that bound and skip from there.
  if (!plan.after || plan.descending) bound("from", ">=", from);
  if (!plan.after || !plan.descending) {
    bound("below", "<", below);
    bound("upTo", "<=", upTo);
  }
  if (plan.after) {
    const [operator, after] = [plan.descending ? "<" : ">", plan.after];
    const place = index ? [after.indexes[index]?.sk ?? "", after.pk, after.sk] : [after.sk];
    where.push(`(${order.join(", ")}) ${operator} (${place.map((_, part) => `:after${part}`).join(", ")})`);
    for (const [part, value] of place.entries()) values[`after${part}`] = value;
  }
  const direction = plan.descending ? " DESC" : "";
  const sorting = order.map((column) => `${column}${direction}`).join(", ");
  // The sum hides the parameter from the planner: a bare one would have the statement prepared anew at each run.
  const text = `SELECT * FROM items WHERE ${where.join(" AND ")} ORDER BY ${sorting} LIMIT 0 + :limit`;
  return { text, values };
}

function boundsOf({ span }: ReadPlan): { from?: string; below?: string | undefined; upTo?: string } {
  switch (span.kind) {
    case "all":
      return {};
    case "prefix":
      return { from: span.prefix, below: endOfPrefix(span.prefix) };
    case "upTo":
      return { upTo: span.upTo };
    case "between":
      return { from: span.from, upTo: span.upTo };
    default:
      return span satisfies never;
  }
}

function toRow(item: Item, body: string): Record<string, SQLInputValue> {
  const row: Record<string, SQLInputValue> = {
    pk: item.pk,
    sk: item.sk,
    revision: item.revision,
    body,
    expires_at: item.expiresAtSeconds ?? null,
  };
  for (const index of INDEXES) {
    row[index.pk] = item.indexes[index.name]?.pk ?? null;
    row[index.sk] = item.indexes[index.name]?.sk ?? null;
  }
  return row;
}

function toItem(row: Record<string, SQLOutputValue>): Item {
  const indexes: Partial<Record<IndexName, Key>> = {};
  for (const index of INDEXES) {
    const pk = row[index.pk];
    const sk = row[index.sk];
    if (typeof pk === "string" && typeof sk === "string") indexes[index.name] = { pk, sk };
  }
  const expiresAt = row["expires_at"];
  return {
    pk: String(row["pk"]),
    sk: String(row["sk"]),
    revision: Number(row["revision"]),
    body: JSON.parse(String(row["body"])),
    indexes,
    ...(typeof expiresAt === "number" && { expiresAtSeconds: expiresAt }),
  };
}

async function translating<Result>(read: () => Result): Promise<Result> {
  try {
    return read();
  } catch (thrown) {
    throw translate(thrown);
  }
}

/** SQLite's primary result codes that may pass: busy, locked, out of memory, input or output failed, disk full, cannot open. */
const PASSING_CODES = new Set([5, 6, 7, 10, 13, 14]);

function translate(thrown: unknown): unknown {
  const code = thrown instanceof Error && "errcode" in thrown ? Number(thrown.errcode) : undefined;
  if (code === undefined || !PASSING_CODES.has(code & 0xff)) return thrown;
  return new Transient(`the embedded table: ${textOf(thrown)}`, { cause: thrown });
}
