/**
 * Taking up work where a dead process left it, for whoever knows that it is alone with the table: the local process,
 * which holds the data folder's lock. Nobody else can hold a lease then, so what leases there are belonged to the dead
 * and are given up, and every hint that was lost with the queue's memory is sent again for its time. Without this all
 * would go on too, by the sweep, when the leases have lapsed. With other conductors alive it would make them lose their
 * leases in mid-step: harmless, and work done twice.
 */
import { limits } from "../limits.ts";
import type { Item, Position } from "../table/table.ts";
import type { Engine, EnginePorts } from "./conduct.ts";
import { recordFromItem, timeKey, typeOfItem } from "./record.ts";
import { writeRecord } from "./record-write.ts";

/** Counts of the leases given up and of the hints sent. What is due later than a hint may wait is left to the sweep. */
export async function resume<Ports extends EnginePorts>(
  engine: Engine<Ports>,
): Promise<{ readonly leases: number; readonly hints: number }> {
  const { clock, table, queue } = engine.ports;
  const nowMs = clock.nowMs();
  const upTo = `${timeKey(nowMs + limits.queue.delayMaxMs)}~`;
  let [leases, hints] = [0, 0];
  for (let shard = 0; shard < limits.engine.dueShards; shard += 1) {
    let after: Position | undefined;
    do {
      const page = await table.queryIndex("due", `due#${shard}`, after ? { upTo, after } : { upTo });
      for (const item of page.items) {
        const isReleased = await release(engine, item, nowMs);
        leases += isReleased ? 1 : 0;
        hints += 1;
        await queue.send([{ pk: item.pk, sk: item.sk }], isReleased ? 0 : delayOf(item, nowMs));
      }
      after = page.next;
    } while (after && hints < limits.queue.waitingMessages);
  }
  return { leases, hints };
}

/** Gives up the lease on the item, if one is held; whether it was. */
async function release<Ports extends EnginePorts>(
  { ports, types }: Engine<Ports>,
  item: Item,
  nowMs: number,
): Promise<boolean> {
  const type = types.find((one) => one.type === typeOfItem(item));
  if (!type) return false;
  const { lease, ...record } = recordFromItem(type, item);
  if (!lease) return false;
  const write = await writeRecord(ports, type, { ...record, dueAtMs: nowMs });
  return write.kind === "written";
}

/** What is left until the item is due, by its place in the index. */
function delayOf(item: Item, nowMs: number): number {
  return Math.max(0, Number.parseInt(item.indexes.due?.sk ?? "0", 10) - nowMs);
}
