/**
 * The projects' data keys: one small item a project and purpose, which holds the key wrapped by the master key. Records are
 * sealed by it, so that another master key means to wrap these items anew and to leave the records as they are. It is made
 * when a project first seals something; of several who make it at once one wins, and the others take its key.
 */
import { z } from "zod";
import type { Item, Key, Page, RangeQuery, Table } from "../table/table.ts";
import type { DataKeyName, MasterKey } from "./master-key.ts";
import { PURPOSES } from "./master-key.ts";

const dataKeySchema = z.object({
  projectId: z.string(),
  purpose: z.enum(PURPOSES),
  wrapped: z.object({ keyId: z.string(), text: z.string() }),
});
export type DataKey = z.infer<typeof dataKeySchema>;

export interface DataKeyPorts {
  readonly table: Table;
  readonly masterKey: MasterKey;
}

/** Partition of the type index: all of them. */
const ALL = "data-key#all";

function keyOf({ projectId, purpose }: DataKeyName): Key {
  return { pk: `data-key#${projectId}`, sk: purpose };
}

function toItem(dataKey: DataKey, revision: number): Item {
  const key = keyOf(dataKey);
  return {
    ...key,
    revision,
    body: dataKey,
    indexes: { type: { pk: ALL, sk: `${dataKey.projectId}#${dataKey.purpose}` } },
  };
}

/** The key in the clear; made if there is none. */
export async function ensureDataKey(ports: DataKeyPorts, name: DataKeyName): Promise<Uint8Array> {
  const found = await findDataKey(ports, name);
  if (found) return found;
  const { projectId, purpose } = name;
  const { key, wrapped } = await ports.masterKey.generate(name);
  const outcome = await ports.table.put(toItem({ projectId, purpose, wrapped }, 1), { absent: true });
  if (outcome === "written") return key;
  const others = await findDataKey(ports, name);
  if (!others) throw new Error(`the data key of the project ${projectId} is there and cannot be read`);
  return others;
}

/** The key in the clear; absent when the project has none. */
export async function findDataKey(
  { table, masterKey }: DataKeyPorts,
  name: DataKeyName,
): Promise<Uint8Array | undefined> {
  const item = await table.get(keyOf(name));
  return item && (await masterKey.unwrap(dataKeyFromItem(item).wrapped, name));
}

export function dataKeyFromItem(item: Item): DataKey {
  return dataKeySchema.parse(item.body);
}

/** All of them, page by page; the list may lag behind. */
export async function listDataKeys(table: Table, range: RangeQuery): Promise<Page> {
  return await table.queryIndex("type", ALL, range);
}

/**
 * Has it wrapped by the current key, if another one wrapped it. Which key wraps it now; absent: it is gone.
 */
export async function rewrapDataKey(
  { table, masterKey }: DataKeyPorts,
  name: DataKeyName,
): Promise<{ readonly kind: "rewrapped" | "current" | "raced"; readonly keyId: string } | undefined> {
  const item = await table.get(keyOf(name));
  if (!item) return undefined;
  const dataKey = dataKeyFromItem(item);
  const { keyId } = dataKey.wrapped;
  if (keyId === (await masterKey.currentId())) return { kind: "current", keyId };
  const wrapped = await masterKey.rewrap(dataKey.wrapped, name);
  const outcome = await table.put(toItem({ ...dataKey, wrapped }, item.revision + 1), { revision: item.revision });
  // Refused: another run of this was quicker, and the next round sees what it wrote.
  return outcome === "written" ? { kind: "rewrapped", keyId: wrapped.keyId } : { kind: "raced", keyId };
}
