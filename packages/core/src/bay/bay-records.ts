/** What hangs on a bay, of whatever type: taken along when the bay goes. */
import { engineWatchShape } from "../container/engine-watch.ts";
import { removeManifests } from "../container/manifest-items.ts";
import { bayRecords } from "../listing/project-record.ts";
import { limits } from "../limits.ts";
import { typeOfItem } from "../operation/record.ts";
import type { Item, Table } from "../table/table.ts";

/**
 * Removes a number of them, with whatever goes on with them; false: there may be more. The index may lag behind: of the
 * container resources that it does not show yet, those that are at work find the bay gone and go, and the watch of the
 * bay's engine, which ends by itself, takes along those that are not.
 */
export async function removeBayRecords(table: Table, bayUuid: string): Promise<boolean> {
  const { items } = await table.queryIndex("type", bayRecords(bayUuid), { limit: limits.projectRecord.removals });
  const outcomes = await Promise.all(
    items.map(async ({ pk, sk }) => {
      const item = await table.get({ pk, sk });
      // One that the index still shows although it is gone is nothing to come back for.
      if (item === undefined || isWatching(item)) return "gone";
      if ("operation" in item.body) await removeManifests(table, item);
      return table.remove(item, item.revision);
    }),
  );
  return outcomes.every((outcome) => outcome === "gone");
}

const isWatching = (item: Item): boolean => typeOfItem(item) === engineWatchShape.type && "operation" in item.body;
