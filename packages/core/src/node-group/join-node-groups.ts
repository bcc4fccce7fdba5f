/** A bay's node groups in the items of its partition, however many other items there are among them. */
import { recordFromItem, typeOfItem } from "../operation/record.ts";
import type { Item } from "../table/table.ts";
import { marksInputSchema } from "./node-marks.ts";
import type { NodeGroupWithSpecification } from "./node-group.ts";
import { groupOfSpecificationItem, groupSpecificationFromItem, nodeGroupShape } from "./node-group.ts";

/** By their creation. One whose specification is not there is on its way in or out. */
export function joinNodeGroups(items: readonly Item[]): readonly NodeGroupWithSpecification[] {
  const cold = new Map(items.map((item) => [groupOfSpecificationItem(item), item]));
  return items
    .filter((item) => typeOfItem(item) === nodeGroupShape.type)
    .map((item) => recordFromItem(nodeGroupShape, item))
    .flatMap(({ state: group, gone, operation }) => {
      const specification = cold.get(group.uuid);
      if (gone || !specification) return [];
      // What was accepted is what is shown, before a conductor has kept it.
      const marks = operation?.kind === "mark" ? marksInputSchema.parse(operation.input) : {};
      return [{ group, specification: { ...groupSpecificationFromItem(specification), ...marks } }];
    })
    .toSorted(({ group: one }, { group: other }) => one.createdAtMs - other.createdAtMs);
}
