/**
 * What every table checks of an item before it writes, and how it tells whether one has expired, so that all of them
 * accept and refuse the same. A failed check is a bug of the caller's, and throws.
 */
import { limits } from "../limits.ts";
import { isStorableKey } from "./range.ts";
import type { Condition, Item } from "./table.ts";

/** The item is larger than `limits.table.itemBytes`. */
export class ItemTooLarge extends Error {
  override readonly name = "ItemTooLarge";
  readonly sizeBytes: number;

  constructor(item: Item, sizeBytes: number) {
    super(`item ${item.pk} ${item.sk} has ${sizeBytes} bytes, more than the limit of ${limits.table.itemBytes}`);
    this.sizeBytes = sizeBytes;
  }
}

/** The text of the item's body, if the item may be written under this condition. */
export function encodeBody(item: Item, condition: Condition): string {
  const replaced = "revision" in condition ? condition.revision : 0;
  if (item.revision !== replaced + 1) throw new Error(`revision ${item.revision} cannot replace ${replaced}`);
  const { expiresAtSeconds } = item;
  if (expiresAtSeconds !== undefined && !(Number.isSafeInteger(expiresAtSeconds) && expiresAtSeconds >= 0))
    throw new Error(`item ${item.pk} ${item.sk} expires at ${expiresAtSeconds}, which is no time in seconds`);
  const keys = [item, ...Object.values(item.indexes)];
  for (const key of keys)
    if (!isStorableKey(key)) throw new Error(`no table can hold the key ${JSON.stringify([key.pk, key.sk])}`);

  const body = JSON.stringify(item.body);
  const keyBytes = keys.reduce((sum, key) => sum + Buffer.byteLength(key.pk) + Buffer.byteLength(key.sk), 0);
  const sizeBytes = Buffer.byteLength(body) + keyBytes;
  if (sizeBytes > limits.table.itemBytes) throw new ItemTooLarge(item, sizeBytes);
  return body;
}

/** Whether readers treat an item that expires then as gone. */
export function isExpired(expiresAtSeconds: number | undefined, nowMs: number): boolean {
  return expiresAtSeconds !== undefined && expiresAtSeconds <= toSeconds(nowMs);
}

export function toSeconds(ms: number): number {
  return Math.floor(ms / 1_000);
}
