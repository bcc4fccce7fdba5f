/**
 * Records whose nodes Heat builds, and their specifications, each read once however many want to see it: of bays, and of the
 * node groups of bays.
 */
import type { Bay } from "@jeroboam/core/bay/bay";
import { bayShape, specificationFromItem } from "@jeroboam/core/bay/bay";
import type { NodeGroup } from "@jeroboam/core/node-group/node-group";
import { groupSpecificationFromItem, nodeGroupShape } from "@jeroboam/core/node-group/node-group";
import type { RecordShape, WorkRecord } from "@jeroboam/core/operation/record";
import { recordFromItem } from "@jeroboam/core/operation/record";
import type { Item } from "@jeroboam/core/table/table";

export type BuiltRecord = WorkRecord<Bay> | WorkRecord<NodeGroup>;

/** Absent: the item is no bay's hot one. */
export const bayRecordOf = readerOf(bayShape);

const groupRecordOf = readerOf(nodeGroupShape);

/** In a bay's cold item. */
export const baySpecificationOf = once(specificationFromItem);

/** In a node group's cold item. */
export const groupSpecificationOf = once(groupSpecificationFromItem);

export function isBayRecord(record: BuiltRecord): record is WorkRecord<Bay> {
  return "bayModelId" in record.state;
}

/** Whether the bay or node group is on its way out: deleted, or given up. */
export function isGoing({ operation }: BuiltRecord): boolean {
  return operation?.kind === "delete" || operation?.kind === "abandon";
}

/** Another operation's conductor may still be at work: what took its place begins when the lease has ended. */
export function waitsForLease({ operation, lease }: BuiltRecord): boolean {
  return operation?.step === "" && lease !== undefined;
}

/** Of either kind. */
export function builtRecordOf(item: Item | undefined): BuiltRecord | undefined {
  return bayRecordOf(item) ?? groupRecordOf(item);
}

function readerOf<State>(shape: RecordShape<State>): (item: Item | undefined) => WorkRecord<State> | undefined {
  const read = once((item) => recordFromItem(shape, item));
  return (item) => (item && item.body["type"] === shape.type ? read(item) : undefined);
}

/** A stored item is never altered: what was read from it stays true. */
function once<Found extends object>(read: (item: Item) => Found): (item: Item) => Found {
  const known = new WeakMap<Item, Found>();
  return (item) => {
    const found = known.get(item) ?? read(item);
    known.set(item, found);
    return found;
  };
}
