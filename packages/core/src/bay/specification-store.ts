/**
 * Reading and changing a bay's cold item. Changes are conditional on the item's own revision and decided anew when
 * somebody wrote between; what steps write there (addresses, certificates) follows from the bay and its stack, so
 * writing it again changes nothing.
 */
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import { asSettled, isProvisional } from "../operation/provisional.ts";
import type { Table } from "../table/table.ts";
import type { Bay, BaySpecification } from "./bay.ts";
import { baySpecificationKey, specificationFromItem, specificationItem } from "./bay.ts";

export type BayIdentity = Pick<Bay, "uuid" | "projectId" | "createdAtMs">;

/** The specification; absent only when the bay is all but gone. */
export async function readSpecification(table: Table, bay: BayIdentity): Promise<BaySpecification | undefined> {
  const item = await table.get(baySpecificationKey(bay.projectId, bay.uuid));
  return item && specificationFromItem(item);
}

/**
 * The specification after the change; nothing is written when it changes nothing. The bay exists, so the item is settled
 * by the way: it was provisional until then.
 */
export async function changeSpecification(
  table: Table,
  bay: BayIdentity,
  change: (specification: BaySpecification) => Partial<BaySpecification> | Promise<Partial<BaySpecification>>,
): Promise<BaySpecification | undefined> {
  for (let tries = 0; tries < limits.engine.commitRetries; tries += 1) {
    const item = await table.get(baySpecificationKey(bay.projectId, bay.uuid));
    if (!item) return undefined;
    const before = specificationFromItem(item);
    const after = { ...before, ...(await change(before)) };
    if (!isProvisional(item) && JSON.stringify(before) === JSON.stringify(after)) return after;
    const next = asSettled(specificationItem(bay, after, item.revision + 1));
    if ((await table.put(next, { revision: item.revision })) === "written") return after;
  }
  throw new Transient(`the specification of bay ${bay.uuid} changes faster than it can be written`);
}

/** Takes the cold item away; one that is gone already is fine. */
export async function removeSpecification(table: Table, bay: BayIdentity): Promise<void> {
  for (let tries = 0; tries < limits.engine.commitRetries; tries += 1) {
    const item = await table.get(baySpecificationKey(bay.projectId, bay.uuid));
    if (!item || (await table.remove(item, item.revision)) === "written") return;
  }
  throw new Transient(`the specification of bay ${bay.uuid} changes faster than it can be removed`);
}
