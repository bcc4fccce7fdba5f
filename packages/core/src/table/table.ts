/**
 * The table: one key-value table for everything, by single-item conditional writes only, so that the same code runs on
 * DynamoDB, on a DynamoDB-compatible engine and on the embedded store. Every item carries a revision; every write says
 * which revision it replaces, and a write that lost its race is refused, never merged.
 *
 * Promised by every implementation (one contract suite holds them to it): `get` and `query` see every acknowledged
 * write; `queryIndex` may lag (an index is a hint: decide on a strong read); an acknowledged write is durable; a write
 * that reports a fault may have happened all the same. Left to others: what an item's body means.
 */
import type { JsonObject } from "../json.ts";

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** The indexes: by project (lists), by name, by due time (sparse), and all records of a type (administrators). */
export const INDEX_NAMES = ["project", "name", "due", "type"] as const;
export type IndexName = (typeof INDEX_NAMES)[number];

export interface Item extends Key {
  /** Counts the writes of this item, from 1. */
  readonly revision: number;
  readonly body: JsonObject;
  /** Where the item stands in each index; absent: not in it. */
  readonly indexes: Readonly<Partial<Record<IndexName, Key>>>;
  /** After this (seconds since the epoch) the item may vanish; readers treat it as gone from then on. */
  readonly expiresAtSeconds?: number;
}

/** Which state of the item a write replaces. An expired item counts as absent. */
export type Condition = { readonly absent: true } | { readonly revision: number };

export type WriteOutcome = "written" | "refused";

/** Where a page begins or ends: any item is the position just after itself. */
export type Position = Pick<Item, "pk" | "sk" | "indexes">;

/** A page may hold fewer items than its limit, even none, and still name a next one: only `next` tells the end. */
export interface Page {
  readonly items: readonly Item[];
  /** Pass as `after` for the next page, which may turn out empty; absent when there is none. */
  readonly next?: Position;
}

export interface RangeQuery {
  /** Sort keys that begin with this. */
  readonly prefix?: string;
  /** Sort keys at most this (inclusive). Keys order by their UTF-8 bytes. */
  readonly upTo?: string;
  /** Where the page before ended, exclusive. */
  readonly after?: Position;
  /** At least 1; cut to `limits.table.pageItems`, which it is when not given. */
  readonly limit?: number;
  readonly descending?: boolean;
}

export interface Table {
  /** The item, strongly consistent. */
  get(key: Key): Promise<Item | undefined>;
  /**
   * Stores the whole item if the condition holds; its revision must be one more than the condition's (1 if absent).
   * Throws ItemTooLarge over `limits.table.itemBytes`, and Transient when it may or may not have been written.
   */
  put(item: Item, condition: Condition): Promise<WriteOutcome>;
  /** Removes the item if it still has this revision. */
  remove(key: Key, revision: number): Promise<WriteOutcome>;
  /** Items of one partition, in the order of their sort keys, strongly consistent. */
  query(pk: string, range?: RangeQuery): Promise<Page>;
  /** Items of one partition of an index, in the order of its sort keys; may lag behind the writes. */
  queryIndex(index: IndexName, pk: string, range?: RangeQuery): Promise<Page>;
}

export function sameKey(one: Key, other: Key): boolean {
  return one.pk === other.pk && one.sk === other.sk;
}

/** Reads a whole range page by page, up to `max` items. */
export async function collect(
  read: (range: RangeQuery) => Promise<Page>,
  range: RangeQuery,
  max: number,
): Promise<{ readonly items: readonly Item[]; readonly complete: boolean }> {
  const items: Item[] = [];
  let after = range.after;
  for (;;) {
    const page = await read(
      after ? { ...range, after, limit: max - items.length } : { ...range, limit: max - items.length },
    );
    items.push(...page.items);
    if (!page.next) return { items, complete: true };
    if (items.length >= max) return { items, complete: false };
    after = page.next;
  }
}
