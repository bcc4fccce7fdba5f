/** A bay's node groups, read strongly and whatever state they are in: for the deletion of the bay. */
import type { Bay } from "../bay/bay.ts";
import { bayPartition } from "../bay/bay.ts";
import { limits } from "../limits.ts";
import { recordFromItem, typeOfItem } from "../operation/record.ts";
import type { Table } from "../table/table.ts";
import type { NodeGroup } from "./node-group.ts";
import { nodeGroupPrefix, nodeGroupShape } from "./node-group.ts";

export async function readNodeGroups(
  table: Table,
  { projectId, uuid }: Pick<Bay, "projectId" | "uuid">,
): Promise<readonly NodeGroup[]> {
  const range = { prefix: nodeGroupPrefix(projectId), limit: 4 * limits.nodeGroup.perBay };
  const { items } = await table.query(bayPartition(uuid), range);
  return items
    .filter((item) => typeOfItem(item) === nodeGroupShape.type)
    .map((item) => recordFromItem(nodeGroupShape, item).state);
}
