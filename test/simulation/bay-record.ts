/** A bay's record in its hot item, read once however many want to see it. */
import type { Bay } from "@jeroboam/core/bay/bay";
import { bayShape } from "@jeroboam/core/bay/bay";
import type { WorkRecord } from "@jeroboam/core/operation/record";
import { recordFromItem } from "@jeroboam/core/operation/record";
import type { Item } from "@jeroboam/core/table/table";

const read = new WeakMap<Item, WorkRecord<Bay>>();

/** Absent: the item is no bay's hot one. */
export function bayRecordOf(item: Item | undefined): WorkRecord<Bay> | undefined {
  if (!item || item.body["type"] !== bayShape.type) return undefined;
  const found = read.get(item) ?? recordFromItem(bayShape, item);
  read.set(item, found);
  return found;
}
