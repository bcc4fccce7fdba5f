/** Random commands on a table, answered by a plain model alongside: both must always say the same. */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { IndexName, Item, Key, RangeQuery, Table } from "@jeroboam/core/table/table";
import { collect } from "@jeroboam/core/table/table";
import type { TestClock } from "./test-clock.ts";

/** The model: a list of items, searched from end to end, ordered by Buffer.compare. */
interface Model {
  items: Item[];
}

type Command =
  | { readonly do: "put"; readonly key: number; readonly stale: number; readonly fields: Fields }
  | { readonly do: "remove"; readonly key: number; readonly stale: number }
  | { readonly do: "get"; readonly key: number }
  | { readonly do: "query"; readonly partition: number; readonly range: Range }
  | { readonly do: "queryIndex"; readonly index: IndexName; readonly partition: number; readonly range: Range }
  | { readonly do: "wait"; readonly seconds: number };

interface Fields {
  readonly text: string;
  readonly due: readonly [number, string] | null;
  readonly project: readonly [number, string] | null;
  readonly lifeSeconds: number | null;
}

interface Range {
  readonly prefix: string | null;
  readonly upTo: string | null;
  readonly limit: number | null;
  readonly descending: boolean;
}

const SORT_KEYS = ["a", "a#1", "a#2", "b", "é", "\uffee", "🍾"];
const PARTITIONS = 2;

const keyPart = fc.constantFrom("a", "a#", "a#1", "b", "é", "\uffee", "🍾", "z");
const maybe = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: null, freq: 2 });
const place = fc.tuple(fc.nat(PARTITIONS - 1), keyPart);
const keyNumber = fc.nat(SORT_KEYS.length * PARTITIONS - 1);
/** How far the revision a write names is behind the one that stands. Mostly not at all. */
const stale = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: -1, max: 2 }) },
);
const fields: fc.Arbitrary<Fields> = fc.record({
  text: fc.string({ maxLength: 5 }),
  due: maybe(place),
  project: maybe(place),
  lifeSeconds: maybe(fc.integer({ min: 0, max: 20 })),
});
const range: fc.Arbitrary<Range> = fc.record({
  prefix: maybe(keyPart),
  upTo: maybe(keyPart),
  limit: maybe(fc.integer({ min: 1, max: 4 })),
  descending: fc.boolean(),
});
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("put" as const), key: keyNumber, stale, fields }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("remove" as const), key: keyNumber, stale }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("get" as const), key: keyNumber }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("query" as const), partition: fc.nat(PARTITIONS - 1), range }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("queryIndex" as const),
      index: fc.constantFrom("due" as const, "project" as const),
      partition: fc.nat(PARTITIONS - 1),
      range,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wait" as const), seconds: fc.integer({ min: 1, max: 15 }) }) },
);

export function describeTableModel(table: () => Table, clock: TestClock): void {
  test("random writes and reads agree with a plain model", async () => {
    const commands = fc.array(command, { minLength: 10, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(commands, async (list) => {
        const run = randomUUID();
        const model: Model = { items: [] };
        for (const one of list) {
          const { said, expected } = await perform(one, table(), model, run, clock);
          expect({ ...one, said }).toEqual({ ...one, said: expected });
        }
      }),
      { numRuns: 30, endOnFailure: true },
    );
  });
}

/** What the table said, and what it had to say. */
interface Answer {
  readonly said: unknown;
  readonly expected: unknown;
}

async function perform(one: Command, table: Table, model: Model, run: string, clock: TestClock): Promise<Answer> {
  const nowSeconds = Math.floor(clock.nowMs() / 1_000);
  model.items = model.items.filter((item) => (item.expiresAtSeconds ?? Infinity) > nowSeconds);
  switch (one.do) {
    case "wait":
      clock.advance(one.seconds * 1_000);
      return { said: "waited", expected: "waited" };
    case "get": {
      const key = keyOf(run, one.key);
      return { said: await table.get(key), expected: model.items.find(at(key)) };
    }
    case "put": {
      const key = keyOf(run, one.key);
      const standing = model.items.find(at(key));
      const replaced = Math.max(0, (standing?.revision ?? 0) - one.stale);
      const item = itemOf(run, key, replaced + 1, one.fields, nowSeconds);
      const written = replaced === (standing?.revision ?? 0);
      const said = await table.put(item, replaced === 0 ? { absent: true } : { revision: replaced });
      if (written) model.items = [...model.items.filter((other) => other !== standing), item];
      return { said, expected: written ? "written" : "refused" };
    }
    case "remove": {
      const key = keyOf(run, one.key);
      const standing = model.items.find(at(key));
      const revision = (standing?.revision ?? 0) - one.stale;
      const removed = standing !== undefined && standing.revision === revision;
      const said = await table.remove(key, revision);
      if (removed) model.items = model.items.filter((other) => other !== standing);
      return { said, expected: removed ? "written" : "refused" };
    }
    case "query": {
      const pk = `${run}#${one.partition}`;
      const said = await readAll((part) => table.query(pk, part), one.range);
      return { said, expected: inRange(model.items, (item) => (item.pk === pk ? item.sk : undefined), one.range) };
    }
    case "queryIndex":
      return performIndexQuery(one, table, model, run);
    default:
      return one satisfies never;
  }
}

/** Index reads may lag: asks until the answer is the one expected. Equal sort keys have no order between them. */
async function performIndexQuery(
  one: Extract<Command, { readonly do: "queryIndex" }>,
  table: Table,
  model: Model,
  run: string,
): Promise<Answer> {
  const pk = `${run}#${one.partition}`;
  const key = (item: Item): string | undefined => {
    const position = item.indexes[one.index];
    return position?.pk === pk ? position.sk : undefined;
  };
  const expected = tieBroken(inRange(model.items, key, one.range), key, one.range.descending);
  let said: unknown;
  for (let reads = 0; reads < 100; reads += 1) {
    if (reads > 0) await pause(50);
    const items = await readAll((part) => table.queryIndex(one.index, pk, part), one.range);
    said = tieBroken(items, key, one.range.descending);
    if (isDeepStrictEqual(said, expected)) break;
  }
  return { said, expected };
}

function keyOf(run: string, number: number): Key {
  const sk = SORT_KEYS[number % SORT_KEYS.length] ?? "";
  return { pk: `${run}#${Math.floor(number / SORT_KEYS.length)}`, sk };
}

const at = (key: Key) => (item: Item) => item.pk === key.pk && item.sk === key.sk;

function itemOf(run: string, key: Key, revision: number, fields: Fields, nowSeconds: number): Item {
  const position = (of: readonly [number, string]): Key => ({ pk: `${run}#${of[0]}`, sk: of[1] });
  return {
    ...key,
    revision,
    body: { text: fields.text },
    indexes: {
      ...(fields.due && { due: position(fields.due) }),
      ...(fields.project && { project: position(fields.project) }),
    },
    ...(fields.lifeSeconds !== null && { expiresAtSeconds: nowSeconds + fields.lifeSeconds }),
  };
}

const byBytes = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));

function inRange(items: readonly Item[], keyOf: (item: Item) => string | undefined, range: Range): Item[] {
  const wanted = items.filter((item) => {
    const key = keyOf(item);
    if (key === undefined || !key.startsWith(range.prefix ?? "")) return false;
    return range.upTo === null || byBytes(key, range.upTo) <= 0;
  });
  const sorted = wanted.sort((one, other) => byBytes(keyOf(one) ?? "", keyOf(other) ?? ""));
  return range.descending ? sorted.reverse() : sorted;
}

function tieBroken(items: readonly Item[], keyOf: (item: Item) => string | undefined, descending: boolean): Item[] {
  const turn = descending ? -1 : 1;
  return [...items].sort(
    (one, other) =>
      turn * byBytes(keyOf(one) ?? "", keyOf(other) ?? "") || byBytes(one.pk + one.sk, other.pk + other.sk),
  );
}

/** The whole range, read in pages of the wanted size. */
async function readAll(read: (range: RangeQuery) => ReturnType<Table["query"]>, range: Range): Promise<Item[]> {
  const asked: RangeQuery = {
    descending: range.descending,
    ...(range.prefix !== null && { prefix: range.prefix }),
    ...(range.upTo !== null && { upTo: range.upTo }),
  };
  const limit = range.limit === null ? {} : { limit: range.limit };
  const found = await collect((part) => read({ ...part, ...limit }), asked, 1_000);
  return [...found.items];
}
