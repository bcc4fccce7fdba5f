/**
 * The table in memory, for tests and the simulation: the same promises as the others, and the freedoms that the
 * contract allows taken on purpose. Index reads may lag by the injected clock; a harness may fail, delay or throttle
 * each call, or lose its reply; a page that reaches its limit always names a next one. Nothing is durable here.
 */
import type { Clock } from "../ports.ts";
import { encodeBody, isExpired } from "./item-check.ts";
import { compareKeys, isStorableKey, planRead, sideOf } from "./range.ts";
import type { ReadPlan } from "./range.ts";
import { INDEX_NAMES, sameKey } from "./table.ts";
import type { Condition, IndexName, Item, Key, Page, Position, RangeQuery, Table, WriteOutcome } from "./table.ts";

/** One call of the table, as a harness sees it. */
export type TableCall =
  | { readonly operation: "get"; readonly key: Key }
  | { readonly operation: "put"; readonly item: Item; readonly condition: Condition }
  | { readonly operation: "remove"; readonly key: Key; readonly revision: number }
  | { readonly operation: "query"; readonly pk: string; readonly range: RangeQuery }
  | { readonly operation: "queryIndex"; readonly index: IndexName; readonly pk: string; readonly range: RangeQuery };

/**
 * Called before and after each call takes effect, and awaited. A throw before it is a call that never arrived; a throw
 * after it is a reply that was lost.
 */
export type Intercept = (call: TableCall, moment: "before" | "after") => void | Promise<void>;

export interface MemoryTableOptions {
  readonly clock: Clock;
  /** How long a write stays unseen by index reads, asked anew for every write; 0 when not given. */
  readonly indexLagMs?: () => number;
  readonly intercept?: Intercept;
}

export interface MemoryTable extends Table {
  /** Calls so far by operation, and the writes among them that were refused. */
  readonly counts: Readonly<Record<TableCall["operation"] | "refused", number>>;
  /** Every item there is, expired ones too, in the order of keys. */
  items(): Item[];
  /** Replaces everything by these items, as restoring a backup does. */
  restore(items: readonly Item[]): void;
}

/** An item as stored: its body is text, so that nobody shares objects with the table. */
interface Stored {
  readonly item: Omit<Item, "body">;
  readonly body: string;
}

/** What the entries of one partition are sorted by: the sort key, then the table's key. */
interface Entry extends Key {
  readonly order: string;
  readonly stored: Stored;
}

type Partitions = Map<string, Entry[]>;

/** A write that index reads do not see yet. */
interface IndexWrite {
  readonly visibleAtMs: number;
  readonly before: Stored | undefined;
  readonly after: Stored | undefined;
}

export function createMemoryTable(options: MemoryTableOptions): MemoryTable {
  const { clock, indexLagMs = () => 0, intercept } = options;
  const counts = { get: 0, put: 0, remove: 0, query: 0, queryIndex: 0, refused: 0 };
  const main: Partitions = new Map();
  const indexes = createIndexes();

  const standing = (key: Key): Stored | undefined => {
    const entries = main.get(key.pk) ?? [];
    const found = entries[placeOf(entries, entryOf(key))];
    return found?.sk === key.sk ? found.stored : undefined;
  };
  const live = (key: Key): Stored | undefined => {
    const stored = standing(key);
    return stored && !isExpired(stored.item.expiresAtSeconds, clock.nowMs()) ? stored : undefined;
  };
  const replace = (key: Key, after: Stored | undefined): void => {
    const before = standing(key);
    if (after) insert(main, key.pk, { ...entryOf(key), stored: after });
    else erase(main, key.pk, entryOf(key));
    indexes.write({ visibleAtMs: clock.nowMs() + indexLagMs(), before, after }, clock.nowMs());
  };
  const calling = async <Result>(call: TableCall, run: () => Result): Promise<Result> => {
    counts[call.operation] += 1;
    if (intercept) await intercept(call, "before");
    const result = run();
    if (result === "refused") counts.refused += 1;
    if (intercept) await intercept(call, "after");
    return result;
  };

  return {
    counts,
    get: (key) =>
      calling({ operation: "get", key }, () => {
        const stored = isStorableKey(key) ? live(key) : undefined;
        return stored && toItem(stored);
      }),
    put: async (item, condition) => {
      const stored = toStored(item, encodeBody(item, condition));
      return calling({ operation: "put", item, condition }, (): WriteOutcome => {
        if (!holds(condition, live(item))) return "refused";
        replace(item, stored);
        return "written";
      });
    },
    remove: (key, revision) =>
      calling({ operation: "remove", key, revision }, (): WriteOutcome => {
        if (!holds({ revision }, live(key))) return "refused";
        replace(key, undefined);
        return "written";
      }),
    query: (pk, range = {}) =>
      calling({ operation: "query", pk, range }, () => {
        const plan = planRead(pk, range);
        const from = plan?.after && entryOf(plan.after);
        return readPage(plan, main.get(pk) ?? [], from, clock.nowMs());
      }),
    queryIndex: (index, pk, range = {}) =>
      calling({ operation: "queryIndex", index, pk, range }, () => {
        const plan = planRead(pk, range, index);
        const from = plan?.after && entryOf(plan.after, plan.after.indexes[index]?.sk);
        return readPage(plan, indexes.partition(index, pk, clock.nowMs()), from, clock.nowMs());
      }),
    items: () =>
      [...main.keys()].sort(compareKeys).flatMap((pk) => (main.get(pk) ?? []).map((entry) => toItem(entry.stored))),
    restore: (items) => {
      main.clear();
      indexes.clear();
      for (const item of items) {
        const after = toStored(item, JSON.stringify(item.body));
        insert(main, item.pk, { ...entryOf(item), stored: after });
        indexes.write({ visibleAtMs: clock.nowMs(), before: undefined, after }, clock.nowMs());
      }
    },
  };
}

/** The indexes as reads see them: each write shows when its time has come, in the order of the writes of an item. */
function createIndexes() {
  const views = new Map<IndexName, Partitions>(INDEX_NAMES.map((name) => [name, new Map()]));
  let unseen: IndexWrite[] = [];

  const apply = ({ before, after }: IndexWrite): void => {
    for (const [name, view] of views) {
      const [from, to] = [before?.item.indexes[name], after?.item.indexes[name]];
      if (before && from && !(to && sameKey(from, to))) erase(view, from.pk, entryOf(before.item, from.sk));
      if (after && to) insert(view, to.pk, { ...entryOf(after.item, to.sk), stored: after });
    }
  };
  const show = (nowMs: number): void => {
    if (!unseen.some(({ visibleAtMs }) => visibleAtMs <= nowMs)) return;
    const waiting = new Set<string>();
    unseen = unseen.filter((write) => {
      const { pk, sk } = (write.after ?? write.before)?.item ?? { pk: "", sk: "" };
      const id = JSON.stringify([pk, sk]);
      if (write.visibleAtMs > nowMs || waiting.has(id)) {
        waiting.add(id);
        return true;
      }
      apply(write);
      return false;
    });
  };
  return {
    write: (write: IndexWrite, nowMs: number): void => {
      unseen.push(write);
      if (unseen.length === 1) show(nowMs);
    },
    partition: (index: IndexName, pk: string, nowMs: number): readonly Entry[] => {
      show(nowMs);
      return views.get(index)?.get(pk) ?? [];
    },
    clear: (): void => {
      unseen = [];
      for (const view of views.values()) view.clear();
    },
  };
}

function readPage(
  plan: ReadPlan | undefined,
  entries: readonly Entry[],
  after: Omit<Entry, "stored"> | undefined,
  nowMs: number,
): Page {
  if (!plan) return { items: [] };
  const found: Item[] = [];
  const step = plan.descending ? -1 : 1;
  let place = plan.descending ? entries.length - 1 : 0;
  if (after) {
    const at = placeOf(entries, after);
    place = plan.descending ? at - 1 : at + (isAt(entries, at, after) ? 1 : 0);
  }
  for (; place >= 0 && place < entries.length; place += step) {
    const entry = entries[place];
    if (!entry) break;
    const side = sideOf(plan.span, entry.order);
    if (side === (plan.descending ? "below" : "above")) break;
    if (side !== "inside" || isExpired(entry.stored.item.expiresAtSeconds, nowMs)) continue;
    found.push(toItem(entry.stored));
    if (found.length === plan.limit) return { items: found, next: positionOf(entry) };
  }
  return { items: found };
}

function positionOf({ stored }: Entry): Position {
  const { pk, sk, indexes } = stored.item;
  return { pk, sk, indexes };
}

function holds(condition: Condition, stored: Stored | undefined): boolean {
  return "absent" in condition ? stored === undefined : stored?.item.revision === condition.revision;
}

function toStored(item: Item, body: string): Stored {
  const { body: _body, ...rest } = item;
  const indexes = Object.entries(item.indexes).map(([name, { pk, sk }]) => [name, { pk, sk }] as const);
  return { item: { ...rest, indexes: Object.fromEntries(indexes) }, body };
}

function toItem({ item, body }: Stored): Item {
  return { ...item, indexes: { ...item.indexes }, body: JSON.parse(body) };
}

function entryOf(key: Key, order = key.sk): Omit<Entry, "stored"> {
  return { order, pk: key.pk, sk: key.sk };
}

function compareEntries(one: Omit<Entry, "stored">, other: Omit<Entry, "stored">): number {
  return compareKeys(one.order, other.order) || compareKeys(one.pk, other.pk) || compareKeys(one.sk, other.sk);
}

/** The place of the first entry that is not below this one. */
function placeOf(entries: readonly Entry[], wanted: Omit<Entry, "stored">): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = entries[middle];
    if (entry && compareEntries(entry, wanted) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Puts the entry in its place, over the one that is there. */
function insert(partitions: Partitions, pk: string, entry: Entry): void {
  const entries = partitions.get(pk) ?? [];
  const place = placeOf(entries, entry);
  entries.splice(place, isAt(entries, place, entry) ? 1 : 0, entry);
  partitions.set(pk, entries);
}

function erase(partitions: Partitions, pk: string, entry: Omit<Entry, "stored">): void {
  const entries = partitions.get(pk) ?? [];
  const place = placeOf(entries, entry);
  if (isAt(entries, place, entry)) entries.splice(place, 1);
  if (entries.length === 0) partitions.delete(pk);
}

function isAt(entries: readonly Entry[], place: number, wanted: Omit<Entry, "stored">): boolean {
  const entry = entries[place];
  return entry !== undefined && compareEntries(entry, wanted) === 0;
}
