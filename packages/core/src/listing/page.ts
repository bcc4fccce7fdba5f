/**
 * One page of a list of records, by creation or by an attribute. By creation it is read as the index has it; by an
 * attribute everything is read and sorted in memory, up to a limit. Which records a list has is left to its source.
 */
import { limits } from "../limits.ts";

export interface ListRequest<Entry> {
  readonly limit: number;
  readonly descending: boolean;
  /** The attribute to sort by; absent: by creation. */
  readonly sortBy?: (entry: Entry) => SortValue;
  /** The uuid of the last record of the page before. */
  readonly marker?: string;
}

export type SortValue = string | number | boolean | null;

export type ListPage<Entry> =
  | { readonly kind: "page"; readonly entries: readonly Entry[]; readonly hasMore: boolean }
  | { readonly kind: "unknown-marker" }
  /** Too many to sort by anything but creation. */
  | { readonly kind: "too-many" };

export interface ListSource<Entry> {
  /** The entry that a marker names, if this list may have it. */
  find(uuid: string): Promise<Entry | undefined>;
  /** Entries by creation, behind one or from the beginning; `wanted` says how many will likely be taken. */
  read(after: Entry | undefined, descending: boolean, wanted: number): AsyncIterable<Entry>;
  uuidOf(entry: Entry): string;
}

export async function listPage<Entry>(
  source: ListSource<Entry>,
  request: ListRequest<Entry>,
): Promise<ListPage<Entry>> {
  const { marker, descending, limit, sortBy } = request;
  if (sortBy) return sortedPage(source, request, sortBy);
  const after = marker === undefined ? undefined : await source.find(marker);
  if (marker !== undefined && !after) return { kind: "unknown-marker" };
  const entries: Entry[] = [];
  for await (const entry of source.read(after, descending, limit + 1)) {
    if (entries.length === limit) return { kind: "page", entries, hasMore: true };
    entries.push(entry);
  }
  return { kind: "page", entries, hasMore: false };
}

async function sortedPage<Entry>(
  source: ListSource<Entry>,
  { marker, descending, limit }: ListRequest<Entry>,
  sortBy: (entry: Entry) => SortValue,
): Promise<ListPage<Entry>> {
  const all: Entry[] = [];
  for await (const entry of source.read(undefined, false, limits.table.pageItems)) {
    if (all.length === limits.api.sortedRecords) return { kind: "too-many" };
    all.push(entry);
  }
  // Sorting is stable: equals stay in the order of their creation, reversed with the rest.
  all.sort((one, other) => compareValues(sortBy(one), sortBy(other)));
  if (descending) all.reverse();
  const start = marker === undefined ? 0 : all.findIndex((entry) => source.uuidOf(entry) === marker) + 1;
  if (marker !== undefined && start === 0) return { kind: "unknown-marker" };
  return { kind: "page", entries: all.slice(start, start + limit), hasMore: all.length > start + limit };
}

/** Nulls first, as MySQL has them. */
function compareValues(one: SortValue, other: SortValue): number {
  if (one === other) return 0;
  if (one === null || other === null) return one === null ? -1 : 1;
  return one < other ? -1 : 1;
}
