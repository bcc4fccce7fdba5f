/** Operations whose beginner did not hear that they were begun: found again, on new records and on those that stand. */
import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { createSimulatedClock } from "../../../../test/simulated/clock.ts";
import { createSeededRandom } from "../../../../test/simulated/random.ts";
import { Transient } from "../errors.ts";
import { recordHistory } from "../event/event-history.ts";
import { eventSource } from "../event/event-source.ts";
import { createMemoryTable } from "../table/memory-table.ts";
import type { Condition, Item, Table } from "../table/table.ts";
import { beginOperation, insertBegun } from "./begin-operation.ts";
import { withOperation } from "./operation.ts";
import type { RecordShape, WorkRecord } from "./record.ts";
import type { StorePorts } from "./record-store.ts";
import { changeRecord, findRecord, newRecord } from "./record-store.ts";

const shape: RecordShape<{ readonly step: number }> = {
  type: "thing",
  schema: z.object({ step: z.number() }),
  indexes: () => ({}),
};
type Thing = WorkRecord<{ readonly step: number }>;

const key = { pk: "thing#1", sk: "thing" };
const clock = createSimulatedClock();
let table: Table;
let ports: StorePorts;

beforeEach(() => {
  table = createMemoryTable({ clock });
  ports = {
    table,
    queue: { send: () => Promise.resolve() },
    random: createSeededRandom(3),
    log: { write() {} },
  };
});

const begun = (): Thing =>
  withOperation(
    shape,
    newRecord(key, { step: 0 }),
    { id: "making", kind: "create", nowMs: clock.nowMs(), deadlineAtMs: clock.nowMs() + 1_000 },
    {},
  );

/** The answer to the first write is lost, and before anybody looks again somebody has gone on. */
function losing(goOn: () => Promise<void>): StorePorts {
  let isFirst = true;
  const put = async (item: Item, condition: Condition) => {
    const outcome = await table.put(item, condition);
    if (!isFirst) return outcome;
    isFirst = false;
    await goOn();
    throw new Transient("the answer was lost");
  };
  return { ...ports, table: { ...table, put } };
}

async function change(changes: (record: Thing) => Partial<Thing>): Promise<void> {
  await changeRecord<{ readonly step: number }, never>(ports, shape, key, (record) => ({
    kind: "write",
    record: { ...record, ...changes(record) },
  }));
}

/** What has become of the operation meanwhile. */
const GONE_ON: readonly [string, () => Promise<void>][] = [
  ["at its operation", () => change(() => ({ state: { step: 1 }, outbox: [] }))],
  ["done, with its events still to be told", () => change(() => ({ operation: undefined }))],
  [
    "done, with its events told",
    async () => {
      const record = await findRecord(table, shape, key);
      if (record) await recordHistory(table, eventSource(shape, record), record.outbox, clock.nowMs());
      await change(() => ({ operation: undefined, outbox: [] }));
    },
  ],
];

describe("an operation whose beginner heard nothing of its write", () => {
  test.each(GONE_ON)("is not begun again on a record that stands there %s", async (_how, goOn) => {
    await insertBegun(ports, shape, begun());
    await change(() => ({ operation: undefined, outbox: [] }));
    let decided = 0;
    const nowMs = clock.nowMs();
    await beginOperation({ ...losing(goOn), clock }, { shape, key }, undefined, (record, id) => {
      decided += 1;
      const operation = { id, kind: "work", nowMs, deadlineAtMs: nowMs + 1_000 };
      return { kind: "write", record: withOperation(shape, record, operation, {}) };
    });
    expect(decided).toBe(1);
  });
});

describe("a new record whose maker heard nothing of its write", () => {
  test.each(GONE_ON)("counts as made by them when it stands there %s", async (_how, goOn) => {
    expect(await insertBegun(losing(goOn), shape, begun())).toMatchObject({ kind: "inserted", record: { key } });
  });

  test("is another's when another operation began it", async () => {
    await insertBegun(ports, shape, { ...begun(), operation: { ...begun().operation, id: "another" } } as Thing);
    await change(() => ({ outbox: [] }));
    expect(await insertBegun(ports, shape, begun())).toEqual({ kind: "exists" });
  });
});
