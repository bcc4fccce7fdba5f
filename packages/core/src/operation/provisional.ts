/**
 * Provisional items: what must be written before a record's commit point (a bay's cold item) and is harmless alone. It
 * stands in the due index until it is settled: when the record exists it stays for good, else it is removed. So a crash
 * between the two writes leaves nothing for ever, and nothing that is needed can expire.
 */
import { z } from "zod";
import type { Item, Key, Table } from "../table/table.ts";
import { limits } from "../limits.ts";
import { dueIndexKey } from "./record.ts";

const ownerSchema = z.object({ pk: z.string(), sk: z.string() });

/** The item, marked as provisional: settled an hour from now if its owner is there, removed if not. */
export function asProvisional(item: Item, owner: Key, nowMs: number): Item {
  return {
    ...item,
    body: { ...item.body, provisionalFor: { pk: owner.pk, sk: owner.sk } },
    indexes: { ...item.indexes, due: dueIndexKey(item, nowMs + limits.engine.provisionalMs) },
  };
}

export function isProvisional(item: Item): boolean {
  return "provisionalFor" in item.body;
}

/** The item without its mark: its record exists. */
export function asSettled(item: Item): Item {
  const { provisionalFor: _owner, ...body } = item.body;
  const { due: _due, ...indexes } = item.indexes;
  return { ...item, body, indexes };
}

/** The key of the record that it waits for. */
export function ownerOf(item: Item): Key {
  return ownerSchema.parse(item.body["provisionalFor"]);
}

export interface ProvisionalPorts {
  readonly table: Table;
  /** Gives back what the item stands for outside, before it goes; repeating it changes nothing. */
  discard(item: Item): Promise<void>;
}

/** What the sweep does with a provisional item that is due. Losing a race to another writer leaves it to that writer. */
export async function settleProvisional(ports: ProvisionalPorts, item: Item): Promise<{ readonly kind: "ended" }> {
  if (await ports.table.get(ownerOf(item))) {
    await ports.table.put({ ...asSettled(item), revision: item.revision + 1 }, { revision: item.revision });
  } else {
    await ports.discard(item);
    await ports.table.remove(item, item.revision);
  }
  return { kind: "ended" };
}
