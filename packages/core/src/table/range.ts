/**
 * The order of keys and the ranges read from it, decided once for every table: keys order by their UTF-8 bytes, as
 * DynamoDB and SQLite order them, which is not JavaScript's own order of strings.
 * Left to the tables: reading the items of a plan.
 */
import { limits } from "../limits.ts";
import type { IndexName, Key, Position, RangeQuery } from "./table.ts";

/** The order of two strings by their UTF-8 bytes: negative, zero or positive. */
export function compareKeys(one: string, other: string): number {
  if (one === other) return 0;
  const shared = Math.min(one.length, other.length);
  for (let index = 0; index < shared; index += 1) {
    const left = one.charCodeAt(index);
    const right = other.charCodeAt(index);
    if (left !== right) return byCodePoint(left) - byCodePoint(right);
  }
  return one.length - other.length;
}

/** Moves the surrogates, which stand for the highest code points, above all other units. */
function byCodePoint(unit: number): number {
  if (unit < 0xd8_00) return unit;
  return unit < 0xe0_00 ? unit + 0x20_00 : unit - 0x8_00;
}

/** The least string above every string that begins with the prefix; none when there is no such string. */
export function endOfPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === 0x10_ff_ff) continue;
    const next = last + 1 === 0xd8_00 ? 0xe0_00 : last + 1;
    return String.fromCodePoint(...points, next);
  }
  return undefined;
}

/** The sort keys a read wants, in one of the shapes that a key condition of DynamoDB can say. */
export type Span =
  | { readonly kind: "all" }
  | { readonly kind: "prefix"; readonly prefix: string }
  | { readonly kind: "upTo"; readonly upTo: string }
  | { readonly kind: "between"; readonly from: string; readonly upTo: string };

/** What to read of one partition. `after` lies in the span. */
export interface ReadPlan {
  readonly span: Span;
  readonly after?: Position;
  readonly limit: number;
  readonly descending: boolean;
}

/**
 * How to read a range of a partition, of an index when one is named. Nothing when no item can be in it: a key that no
 * table can hold is simply not found. A position of another partition is a bug of the caller's.
 */
export function planRead(pk: string, range: RangeQuery, index?: IndexName): ReadPlan | undefined {
  const { after, limit = limits.table.pageItems, descending = false } = range;
  if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`a page of ${limit} items`);
  const span = isStorable(pk, limits.table.partitionKeyBytes) ? spanOf(range.prefix ?? "", range.upTo) : undefined;
  if (!span) return undefined;
  const plan = { span, limit: Math.min(limit, limits.table.pageItems), descending };
  if (!after) return plan;

  const position = index ? after.indexes[index] : after;
  if (position?.pk !== pk) throw new Error(`the position is not in ${index ? `index ${index}, ` : ""}partition ${pk}`);
  const side = sideOf(span, position.sk);
  if (side === "inside") return { ...plan, after };
  // A position before the range changes nothing; beyond it there is nothing.
  return (side === "below") === descending ? undefined : plan;
}

function spanOf(prefix: string, upTo: string | undefined): Span | undefined {
  if (!isStorable(prefix, limits.table.sortKeyBytes, 0)) return undefined;
  if (upTo === undefined) return prefix === "" ? { kind: "all" } : { kind: "prefix", prefix };
  if (upTo === "") return undefined;
  if (!isStorable(upTo, limits.table.sortKeyBytes)) throw new RangeError("upTo is no possible sort key");
  if (prefix === "") return { kind: "upTo", upTo };
  if (upTo.startsWith(prefix)) return { kind: "between", from: prefix, upTo };
  return compareKeys(upTo, prefix) < 0 ? undefined : { kind: "prefix", prefix };
}

/** Where a sort key lies from a span. */
export function sideOf(span: Span, sk: string): "below" | "inside" | "above" {
  switch (span.kind) {
    case "all":
      return "inside";
    case "prefix":
      if (sk.startsWith(span.prefix)) return "inside";
      return compareKeys(sk, span.prefix) < 0 ? "below" : "above";
    case "upTo":
      return compareKeys(sk, span.upTo) <= 0 ? "inside" : "above";
    case "between":
      if (compareKeys(sk, span.from) < 0) return "below";
      return compareKeys(sk, span.upTo) <= 0 ? "inside" : "above";
    default:
      return span satisfies never;
  }
}

/** Whether every table can hold this text as a key of at most so many bytes. */
function isStorable(text: string, maxBytes: number, minChars = 1): boolean {
  if (text.length < minChars || text.length > maxBytes || !text.isWellFormed()) return false;
  return text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes;
}

/** Whether every table can hold an item, or an entry of an index, under this key. */
export function isStorableKey(key: Key): boolean {
  return isStorable(key.pk, limits.table.partitionKeyBytes) && isStorable(key.sk, limits.table.sortKeyBytes);
}
