/**
 * What every table promises (packages/core/src/table/table.ts), as one suite that runs over each implementation.
 * Keys begin with a part of their own in every test, so that one table serves all of them.
 */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import type { Clock } from "@jeroboam/core/ports";
import type { IndexName, Item, Key, Page, RangeQuery, Table } from "@jeroboam/core/table/table";
import { collect } from "@jeroboam/core/table/table";
import { ItemTooLarge } from "@jeroboam/core/table/item-check";
import { describeTableModel } from "./table-model.ts";
import { createTestClock } from "./test-clock.ts";
import type { TestClock } from "./test-clock.ts";

export interface TableUnderTest {
  readonly table: Table;
  close?(): Promise<void> | void;
}

export type MakeTable = (clock: Clock) => TableUnderTest | Promise<TableUnderTest>;

/** Builds an item of revision 1; a test says only what matters to it. */
export function anItem(key: Key, rest: Partial<Omit<Item, "pk" | "sk">> = {}): Item {
  return { pk: key.pk, sk: key.sk, revision: 1, body: {}, indexes: {}, ...rest };
}

/** The item's next revision. */
export function nextOf(item: Item, rest: Partial<Omit<Item, "pk" | "sk">> = {}): Item {
  return { ...item, revision: item.revision + 1, ...rest };
}

export const sortKeys = (page: Pick<Page, "items">): string[] => page.items.map((item) => item.sk);

export function describeTableContract(name: string, makeTable: MakeTable): void {
  describe(`${name} keeps the table's contract`, () => {
    // Near the real time, so that a service that removes expired items by its own clock keeps ours.
    const clock = createTestClock(Date.now());
    let under: TableUnderTest;
    const table = (): Table => under.table;
    beforeAll(async () => {
      under = await makeTable(clock);
    });
    afterAll(() => under?.close?.());

    describeWrites(table);
    describeQueries(table);
    describeIndexes(table);
    describeExpiry(table, clock);
    describeRefusals(table);
    describeTableModel(table, clock);
  });
}

async function putAll(table: Table, items: readonly Item[]): Promise<void> {
  const outcomes = await Promise.all(items.map((item) => table.put(item, { absent: true })));
  expect(new Set(outcomes)).toEqual(new Set(["written"]));
}

/** Index reads may lag: asks until the answer is the one expected. */
function expectSoon<Value>(read: () => Promise<Value>) {
  return expect.poll(() => read(), { timeout: 10_000, interval: 50 });
}

function describeWrites(table: () => Table): void {
  test("a get right after a put sees the whole item as it was put", async () => {
    const body: JsonObject = {
      text: "Jérôme 🍾 \u0000 \ud800",
      list: [1, null, { deep: true }],
      number: -1.5e-7,
      empty: "",
    };
    const item = anItem({ pk: randomUUID(), sk: "one" }, { body, expiresAtSeconds: 4_000_000_000 });
    const indexed = { ...item, indexes: { due: { pk: "due#1", sk: "2026" }, name: { pk: randomUUID(), sk: "x" } } };
    expect(await table().put(indexed, { absent: true })).toBe("written");
    expect(await table().get(item)).toEqual(indexed);
  });

  test("what is not there is not found, whatever its key looks like", async () => {
    const pk = randomUUID();
    const oddTexts = ["", "x".repeat(5_000), "\ud800", "é".repeat(1_000), "%", "' OR 1=1 --"];
    for (const odd of oddTexts) {
      expect(await table().get({ pk, sk: odd })).toBeUndefined();
      expect(await table().get({ pk: odd + pk, sk: "one" })).toBeUndefined();
      expect((await table().query(odd === "" ? odd : odd + pk)).items).toEqual([]);
      expect((await table().queryIndex("name", odd === "" ? odd : odd + pk)).items).toEqual([]);
      expect((await table().query(pk, { prefix: odd })).items).toEqual([]);
    }
  });

  test("a put that must be the first is refused where an item stands, and changes nothing", async () => {
    const item = anItem({ pk: randomUUID(), sk: "one" }, { body: { first: true } });
    await table().put(item, { absent: true });
    expect(await table().put({ ...item, body: { first: false } }, { absent: true })).toBe("refused");
    expect(await table().get(item)).toEqual(item);
  });

  test("a put replaces exactly the revision it names, and is refused over any other or over nothing", async () => {
    const first = anItem(
      { pk: randomUUID(), sk: "one" },
      { body: { kept: 1 }, indexes: { type: { pk: "t", sk: "s" } } },
    );
    expect(await table().put(nextOf(first), { revision: 1 })).toBe("refused");
    expect(await table().get(first)).toBeUndefined();
    await table().put(first, { absent: true });
    const second = nextOf(first, { body: { other: 2 }, indexes: {} });
    expect(await table().put(second, { revision: 1 })).toBe("written");
    expect(await table().put(nextOf(first, { body: { late: 3 } }), { revision: 1 })).toBe("refused");
    expect(await table().put({ ...first, revision: 10 }, { revision: 9 })).toBe("refused");
    expect(await table().get(first)).toEqual(second);
  });

  test("of many writers of one revision exactly one is written", async () => {
    const item = anItem({ pk: randomUUID(), sk: "one" });
    const firsts = Array.from({ length: 10 }, (_, writer) => ({ ...item, body: { writer } }));
    const outcomes = await Promise.all(firsts.map((one) => table().put(one, { absent: true })));
    expect(outcomes.filter((outcome) => outcome === "written")).toHaveLength(1);
    expect(await table().get(item)).toEqual(firsts[outcomes.indexOf("written")]);

    const seconds = firsts.map((one) => nextOf(one));
    const later = await Promise.all(seconds.map((one) => table().put(one, { revision: 1 })));
    expect(later.filter((outcome) => outcome === "written")).toHaveLength(1);
    expect(await table().get(item)).toEqual(seconds[later.indexOf("written")]);
  });

  test("remove takes away the revision it names alone", async () => {
    const item = anItem({ pk: randomUUID(), sk: "one" }, { indexes: {} });
    const beside = anItem({ pk: item.pk, sk: "one-more" });
    await putAll(table(), [item, beside]);
    expect(await table().remove(item, 2)).toBe("refused");
    expect(await table().get(item)).toEqual(item);
    expect(await table().remove(item, 1)).toBe("written");
    expect(await table().get(item)).toBeUndefined();
    expect(await table().remove(item, 1)).toBe("refused");
    expect(sortKeys(await table().query(item.pk))).toEqual(["one-more"]);
    expect(await table().put(item, { absent: true })).toBe("written");
  });

  test("the table shares no objects with its callers", async () => {
    const body: JsonObject = { list: [1] };
    const item = anItem({ pk: randomUUID(), sk: "one" }, { body });
    await table().put(item, { absent: true });
    body["list"] = "changed after the put";
    const read = (await table().get(item))!;
    (read.body["list"] as number[]).push(2);
    expect((await table().get(item))?.body).toEqual({ list: [1] });
  });
}

/** In the order of their UTF-8 bytes, which differs from JavaScript's own at the two last. */
const UNICODE_ORDER = ["!", "A", "Z", "_", "a", "a!", "aa", "b", "é", "߿", "ࠀ", "日本", "\ue000", "\uffee", "𐀀", "🍾"];

function describeQueries(table: () => Table): void {
  test("a query gives one partition in the order of its sort keys' UTF-8 bytes, up and down", async () => {
    const pk = `${randomUUID()}#é🍾`;
    const shuffled = [...UNICODE_ORDER].sort(
      (one, other) => (one.length % 2) - (other.length % 2) || (one < other ? 1 : -1),
    );
    await putAll(
      table(),
      shuffled.map((sk) => anItem({ pk, sk })),
    );
    await putAll(table(), [anItem({ pk: `${pk}x`, sk: "other" })]);
    expect(sortKeys(await table().query(pk))).toEqual(UNICODE_ORDER);
    expect(sortKeys(await table().query(pk, { descending: true }))).toEqual([...UNICODE_ORDER].reverse());
  });

  const keys = ["a", "bay#1", "bay#1#cold", "bay#2", "bay#é", "bay#🍾", "bay", "bayou", "c"];
  const ranges: readonly [string, RangeQuery, string[]][] = [
    ["prefix", { prefix: "bay#" }, ["bay#1", "bay#1#cold", "bay#2", "bay#é", "bay#🍾"]],
    ["prefix of one whole key", { prefix: "bay#🍾" }, ["bay#🍾"]],
    ["prefix that nothing has", { prefix: "bay$" }, []],
    ["upTo", { upTo: "bay#1" }, ["a", "bay", "bay#1"]],
    ["upTo between two keys", { upTo: "bay#1~" }, ["a", "bay", "bay#1", "bay#1#cold"]],
    ["upTo nothing", { upTo: "" }, []],
    ["prefix and upTo inside it", { prefix: "bay#", upTo: "bay#2" }, ["bay#1", "bay#1#cold", "bay#2"]],
    ["prefix and upTo below it", { prefix: "bay#", upTo: "b" }, []],
    ["prefix and upTo above it", { prefix: "bay#1", upTo: "zzz" }, ["bay#1", "bay#1#cold"]],
    ["prefix and upTo equal", { prefix: "bay#1", upTo: "bay#1" }, ["bay#1"]],
  ];
  test.each(ranges)("a query keeps to its range, up and down: %s", async (_, range, expected) => {
    const pk = randomUUID();
    await putAll(
      table(),
      keys.map((sk) => anItem({ pk, sk })),
    );
    expect(sortKeys(await table().query(pk, range))).toEqual(expected);
    expect(sortKeys(await table().query(pk, { ...range, descending: true }))).toEqual([...expected].reverse());
    const last = expected.at(-1);
    expect(sortKeys(await table().query(pk, { ...range, descending: true, limit: 1 }))).toEqual(last ? [last] : []);
  });

  test.each([1, 2, 3, 7, 8])(
    "pages of %i neither skip nor double, up and down, though items come and go",
    async (limit) => {
      const pk = randomUUID();
      const all = ["n#1", "n#2", "n#3", "n#4", "n#5", "n#6", "n#7"];
      await putAll(
        table(),
        [...all, "m", "o"].map((sk) => anItem({ pk, sk })),
      );
      for (const descending of [false, true]) {
        const read = (range: RangeQuery): Promise<Page> => table().query(pk, { prefix: "n#", descending, ...range });
        const expected = descending ? [...all].reverse() : all;
        expect(sortKeys(await collectPages(read, limit))).toEqual(expected);
      }
      const first = await table().query(pk, { prefix: "n#", limit: 2 });
      await table().remove({ pk, sk: "n#2" }, 1);
      await table().remove({ pk, sk: "n#3" }, 1);
      const rest = await table().query(pk, { prefix: "n#", after: first.next! });
      expect([sortKeys(first), sortKeys(rest)]).toEqual([
        ["n#1", "n#2"],
        ["n#4", "n#5", "n#6", "n#7"],
      ]);
    },
  );

  test("any item is the position just after itself, also outside the range", async () => {
    const pk = randomUUID();
    const items = ["a", "b#1", "b#2", "c"].map((sk) => anItem({ pk, sk }));
    const [a, b1, b2, c] = items as [Item, Item, Item, Item];
    await putAll(table(), items);
    const read = async (range: RangeQuery): Promise<string[]> => sortKeys(await table().query(pk, range));
    expect(await read({ after: b1 })).toEqual(["b#2", "c"]);
    expect(await read({ after: b1, prefix: "b#" })).toEqual(["b#2"]);
    expect(await read({ after: a, prefix: "b#" })).toEqual(["b#1", "b#2"]);
    expect(await read({ after: c, prefix: "b#" })).toEqual([]);
    expect(await read({ after: b1, upTo: "b#2" })).toEqual(["b#2"]);
    expect(await read({ after: c, upTo: "b#2" })).toEqual([]);
    expect(await read({ after: c, upTo: "b#2", descending: true })).toEqual(["b#2", "b#1", "a"]);
    expect(await read({ after: b2, descending: true })).toEqual(["b#1", "a"]);
    expect(await read({ after: c, prefix: "b#", descending: true })).toEqual(["b#2", "b#1"]);
    expect(await read({ after: a, prefix: "b#", descending: true })).toEqual([]);
    expect(await read({ after: a, prefix: "b#", upTo: "b#1" })).toEqual(["b#1"]);
    await expect(table().query(randomUUID(), { after: a })).rejects.toThrow(/position is not in/);
  });
}

/** All items of a range, read in pages, with a bound on their number. */
async function collectPages(read: (range: RangeQuery) => Promise<Page>, limit: number): Promise<Pick<Page, "items">> {
  const { items, complete } = await collect(
    (range) => read({ ...range, limit: Math.min(limit, range.limit!) }),
    {},
    100,
  );
  expect(complete).toBe(true);
  return { items };
}

function describeIndexes(table: () => Table): void {
  const inProject = (project: string, sk: string, at: string): Item =>
    anItem({ pk: `${project}#${sk}`, sk: "hot" }, { body: { sk }, indexes: { project: { pk: project, sk: at } } });
  const idsOf = (page: Pick<Page, "items">): unknown[] => page.items.map((item) => item.body["sk"]);

  test("an index gives whole items in the order of its own sort keys", async () => {
    const project = randomUUID();
    const items = [inProject(project, "x", "3"), inProject(project, "y", "1"), inProject(project, "z", "2")];
    await putAll(table(), items);
    await expectSoon(() => table().queryIndex("project", project)).toEqual({ items: [items[1], items[2], items[0]] });
    const down = await table().queryIndex("project", project, { descending: true });
    expect(idsOf(down)).toEqual(["x", "z", "y"]);
    expect(idsOf(await table().queryIndex("project", project, { upTo: "2" }))).toEqual(["y", "z"]);
    expect(idsOf(await table().queryIndex("project", project, { prefix: "2" }))).toEqual(["z"]);
    expect(idsOf(await table().queryIndex("project", project, { after: items[1]! }))).toEqual(["z", "x"]);
  });

  test("an index is sparse: an item whose key is dropped or removed leaves it, a changed key moves it", async () => {
    const [due, other] = [randomUUID(), randomUUID()];
    const ids = async (pk = due): Promise<unknown[]> => idsOf(await table().queryIndex("due", pk));
    const at = (sk: string, time: string): Item =>
      anItem({ pk: `${due}#${sk}`, sk: "hot" }, { body: { sk }, indexes: { due: { pk: due, sk: time } } });
    const [one, two, three] = [at("one", "1"), at("two", "2"), at("three", "3")];
    await putAll(table(), [one, two, three]);
    await expectSoon(ids).toEqual(["one", "two", "three"]);
    await table().put(nextOf(one, { indexes: {} }), { revision: 1 });
    await expectSoon(ids).toEqual(["two", "three"]);
    await table().put(nextOf(two, { indexes: { due: { pk: due, sk: "9" } } }), { revision: 1 });
    await expectSoon(ids).toEqual(["three", "two"]);
    await table().put(nextOf(three, { indexes: { due: { pk: other, sk: "3" } } }), { revision: 1 });
    await expectSoon(ids).toEqual(["two"]);
    await expectSoon(() => ids(other)).toEqual(["three"]);
    await table().remove(two, 2);
    await expectSoon(ids).toEqual([]);
    expect((await table().get(one))?.indexes).toEqual({});
  });

  test("an item stands in several indexes at once, each by its own key", async () => {
    const pk = randomUUID();
    const names = ["project", "name", "due", "type"] as const satisfies readonly IndexName[];
    const indexes = Object.fromEntries(names.map((name) => [name, { pk: `${name}#${pk}`, sk: `${name}!` }]));
    const item = anItem({ pk, sk: "one" }, { indexes });
    await putAll(table(), [item]);
    for (const name of names) {
      await expectSoon(() => table().queryIndex(name, `${name}#${pk}`)).toEqual({ items: [item] });
      expect((await table().queryIndex(name, `other#${pk}`)).items).toEqual([]);
    }
  });

  test.each([1, 2, 4])("pages of %i of an index neither skip nor double, also among equal sort keys", async (limit) => {
    const project = randomUUID();
    const items = ["1", "2", "2", "2", "2", "3"].map((at, index) => inProject(project, `item-${index}`, at));
    await putAll(table(), items);
    await expectSoon(async () => (await table().queryIndex("project", project)).items.length).toBe(items.length);
    for (const descending of [false, true]) {
      const read = (range: RangeQuery): Promise<Page> =>
        table().queryIndex("project", project, { descending, ...range });
      const { items: found } = await collectPages(read, limit);
      const times = found.map((item) => item.indexes.project?.sk);
      expect(times).toEqual(descending ? ["3", "2", "2", "2", "2", "1"] : ["1", "2", "2", "2", "2", "3"]);
      expect(new Set(found.map((item) => item.pk)).size).toBe(items.length);
    }
  });

  test("a page of an index goes on though the item it ended at has left it", async () => {
    const project = randomUUID();
    const items = ["1", "2", "3"].map((at) => inProject(project, at, at));
    await putAll(table(), items);
    await expectSoon(async () => (await table().queryIndex("project", project)).items.length).toBe(items.length);
    const first = await table().queryIndex("project", project, { limit: 2 });
    await table().remove(items[1]!, 1);
    await expectSoon(async () => (await table().queryIndex("project", project)).items.length).toBe(2);
    const rest = await table().queryIndex("project", project, { after: first.next! });
    expect([idsOf(first), idsOf(rest)]).toEqual([["1", "2"], ["3"]]);
    const stranger = anItem({ pk: project, sk: "one" });
    await expect(table().queryIndex("project", project, { after: stranger })).rejects.toThrow(/position is not in/);
  });
}

function describeExpiry(table: () => Table, clock: TestClock): void {
  const soon = (seconds: number): number => Math.floor(clock.nowMs() / 1_000) + seconds;

  test("an expired item is gone for every reader at its second", async () => {
    const pk = randomUUID();
    const indexes = { due: { pk, sk: "1" } };
    const brief = anItem({ pk, sk: "brief" }, { indexes, expiresAtSeconds: soon(60) });
    const lasting = anItem({ pk, sk: "lasting" }, { indexes, expiresAtSeconds: soon(3_600) });
    await putAll(table(), [brief, lasting]);
    await expectSoon(async () => (await table().queryIndex("due", pk)).items.length).toBe(2);
    clock.advance(58_000);
    expect(await table().get(brief)).toEqual(brief);
    clock.advance(2_000);
    expect(await table().get(brief)).toBeUndefined();
    expect(sortKeys(await table().query(pk))).toEqual(["lasting"]);
    expect(sortKeys(await table().queryIndex("due", pk))).toEqual(["lasting"]);
  });

  test("where an item has expired a first put is written, and a write of its revision refused", async () => {
    const item = anItem({ pk: randomUUID(), sk: "one" }, { expiresAtSeconds: soon(60) });
    await table().put(item, { absent: true });
    expect(await table().put(item, { absent: true })).toBe("refused");
    clock.advance(61_000);
    expect(await table().put(nextOf(item), { revision: 1 })).toBe("refused");
    expect(await table().remove(item, 1)).toBe("refused");
    const again = anItem(item, { body: { again: true }, expiresAtSeconds: soon(60) });
    expect(await table().put(again, { absent: true })).toBe("written");
    expect(await table().get(item)).toEqual(again);
    const kept = anItem(item, { revision: 2 });
    expect(await table().put(kept, { revision: 1 })).toBe("written");
    clock.advance(120_000);
    expect(await table().get(item)).toEqual(kept);
  });

  test("pages go on across expired items", async () => {
    const pk = randomUUID();
    const items = Array.from({ length: 9 }, (_, index) =>
      anItem({ pk, sk: `item-${index}` }, index % 3 === 0 ? {} : { expiresAtSeconds: soon(60) }),
    );
    await putAll(table(), items);
    clock.advance(60_000);
    const read = (range: RangeQuery): Promise<Page> => table().query(pk, range);
    expect(sortKeys(await collectPages(read, 2))).toEqual(["item-0", "item-3", "item-6"]);
  });
}

function describeRefusals(table: () => Table): void {
  test("an item over the limit is refused by a clear error; one at the limit fits", async () => {
    const key = { pk: randomUUID(), sk: "big" };
    const overhead = Buffer.byteLength(key.pk + key.sk + JSON.stringify({ text: "" }));
    const text = "x".repeat(limits.table.itemBytes - overhead);
    const tooLarge = table().put(anItem(key, { body: { text: `${text}y` } }), { absent: true });
    await expect(tooLarge).rejects.toThrow(ItemTooLarge);
    await expect(tooLarge).rejects.toThrow(/more than the limit of 262144/);
    expect(await table().get(key)).toBeUndefined();
    expect(await table().put(anItem(key, { body: { text } }), { absent: true })).toBe("written");
    expect(await table().get(key)).toEqual(anItem(key, { body: { text } }));
  });

  const pk = randomUUID();
  const faulty: readonly [string, Partial<Item>][] = [
    ["a revision that does not follow", { revision: 2 }],
    ["an empty sort key", { sk: "" }],
    ["a sort key too long", { sk: "x".repeat(1_025) }],
    ["a partition key too long", { pk: "é".repeat(1_025) }],
    ["half a character as a key", { sk: "\udc00" }],
    ["an index key that is empty", { indexes: { due: { pk: "", sk: "1" } } }],
    ["an expiry that is no whole second", { expiresAtSeconds: 1.5 }],
  ];
  test.each(faulty)("an item with %s is refused as a bug", async (_, fault) => {
    await expect(table().put({ ...anItem({ pk, sk: "one" }), ...fault }, { absent: true })).rejects.toThrow(Error);
    expect((await table().query(pk)).items).toEqual([]);
  });

  test("a page of no items is refused as a bug", async () => {
    await expect(table().query(pk, { limit: 0 })).rejects.toThrow(RangeError);
  });

  test("the longest keys fit", async () => {
    const key = { pk: `${randomUUID()}${"p".repeat(2_012)}`, sk: "é".repeat(512) };
    const item = anItem(key, { indexes: { name: key } });
    expect(await table().put(item, { absent: true })).toBe("written");
    expect(await table().get(key)).toEqual(item);
    expect((await table().query(key.pk, { after: item })).items).toEqual([]);
    await expectSoon(async () => (await table().queryIndex("name", key.pk)).items).toEqual([item]);
  });
}
