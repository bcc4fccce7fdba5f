/**
 * Several partitions of indexes read as one list, in the order of their sort keys: a project's own records together with
 * shared ones, or the shards that hold everybody's. Lazy: a page of the table is read when the one before is used up, so
 * that whoever takes ten items of one partition causes one query. An item that stands in two of them comes once.
 */
import { compareKeys } from "../table/range.ts";
import type { IndexName, Item, Key, Page, Position, Table } from "../table/table.ts";
import { sameKey } from "../table/table.ts";

export interface IndexPartition {
  readonly index: IndexName;
  readonly pk: string;
}

export interface OrderedRange {
  /** Begin behind this one: an item's key, and the sort key it has in the indexes. */
  readonly after?: Key & { readonly indexSk: string };
  readonly descending: boolean;
  /** Items asked for at once. */
  readonly pageItems: number;
}

export async function* readInOrder(
  table: Table,
  partitions: readonly IndexPartition[],
  range: OrderedRange,
): AsyncGenerator<Item, void> {
  const readers = await Promise.all(partitions.map((partition) => openReader(table, partition, range)));
  let last: Item | undefined;
  for (;;) {
    const next = readers.reduce((one, other) => (isBefore(other, one, range) ? other : one));
    const item = next.head();
    if (!item) return;
    if (!last || !sameKey(last, item)) yield item;
    last = item;
    await next.advance();
  }
}

interface Reader {
  /** The next item of the partition; absent at its end. */
  head(): Item | undefined;
  /** Where the head stands in the index. */
  place(): string;
  advance(): Promise<void>;
}

async function openReader(table: Table, { index, pk }: IndexPartition, range: OrderedRange): Promise<Reader> {
  const { after, descending, pageItems } = range;
  const query = (from: Position | undefined): Promise<Page> =>
    table.queryIndex(index, pk, { limit: pageItems, descending, ...(from && { after: from }) });
  // A position is of one partition: the same place in another is told by the sort key alone.
  let page = await query(after && { pk: after.pk, sk: after.sk, indexes: { [index]: { pk, sk: after.indexSk } } });
  let at = 0;
  return {
    head: () => page.items[at],
    place: () => page.items[at]?.indexes[index]?.sk ?? "",
    async advance() {
      at += 1;
      while (at >= page.items.length && page.next) {
        page = await query(page.next);
        at = 0;
      }
    },
  };
}

/** Whoever is at its end comes last. */
function isBefore(one: Reader, other: Reader, { descending }: OrderedRange): boolean {
  if (!one.head() || !other.head()) return one.head() !== undefined;
  const order = compareKeys(one.place(), other.place());
  return descending ? order > 0 : order < 0;
}
