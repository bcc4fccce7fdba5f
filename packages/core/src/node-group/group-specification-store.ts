/** Reading and changing a node group's cold item, by the same rules as a bay's (bay/specification-store.ts). */
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import { asSettled, isProvisional } from "../operation/provisional.ts";
import type { Table } from "../table/table.ts";
import type { NodeGroupIdentity, NodeGroupSpecification } from "./node-group.ts";
import { groupSpecificationFromItem, groupSpecificationItem, nodeGroupSpecificationKey } from "./node-group.ts";

const keyOf = ({ projectId, bayUuid, uuid }: NodeGroupIdentity) => nodeGroupSpecificationKey(projectId, bayUuid, uuid);

export async function readGroupSpecification(
  table: Table,
  group: NodeGroupIdentity,
): Promise<NodeGroupSpecification | undefined> {
  const item = await table.get(keyOf(group));
  return item && groupSpecificationFromItem(item);
}

/** The specification after the change; nothing is written when it changes nothing. The group exists: it is settled. */
export async function changeGroupSpecification(
  table: Table,
  group: NodeGroupIdentity,
  change: (
    specification: NodeGroupSpecification,
  ) => Partial<NodeGroupSpecification> | Promise<Partial<NodeGroupSpecification>>,
): Promise<NodeGroupSpecification | undefined> {
  for (let tries = 0; tries < limits.engine.commitRetries; tries += 1) {
    const item = await table.get(keyOf(group));
    if (!item) return undefined;
    const before = groupSpecificationFromItem(item);
    const after = { ...before, ...(await change(before)) };
    if (!isProvisional(item) && JSON.stringify(before) === JSON.stringify(after)) return after;
    const next = asSettled(groupSpecificationItem(group, after, item.revision + 1));
    if ((await table.put(next, { revision: item.revision })) === "written") return after;
  }
  throw new Transient(`the specification of node group ${group.uuid} changes faster than it can be written`);
}

/** Takes the cold item away; one that is gone already is fine. */
export async function removeGroupSpecification(table: Table, group: NodeGroupIdentity): Promise<void> {
  for (let tries = 0; tries < limits.engine.commitRetries; tries += 1) {
    const item = await table.get(keyOf(group));
    if (!item || (await table.remove(item, item.revision)) === "written") return;
  }
  throw new Transient(`the specification of node group ${group.uuid} changes faster than it can be removed`);
}
