/** What hangs on a bay, of whatever type: taken along when the bay goes. */
import { removeManifests } from "../container/manifest-items.ts";
import { bayRecords } from "../listing/project-record.ts";
import { limits } from "../limits.ts";
import type { Table } from "../table/table.ts";

/**
 * Removes a number of them, with whatever goes on with them; false: there may be more. The index may lag behind: a
 * container resource that it does not show yet has an operation of its own, which finds the bay gone and removes it.
 */
export async function removeBayRecords(table: Table, bayUuid: string): Promise<boolean> {
  const { items } = await table.queryIndex("type", bayRecords(bayUuid), { limit: limits.projectRecord.removals });
  const outcomes = await Promise.all(
    items.map(async ({ pk, sk }) => {
      const item = await table.get({ pk, sk });
      // One that the index still shows although it is gone is nothing to come back for.
      if (item === undefined) return "gone";
      if ("operation" in item.body) await removeManifests(table, item);
      return table.remove(item, item.revision);
    }),
  );
  return outcomes.every((outcome) => outcome === "gone");
}
