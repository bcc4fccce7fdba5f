import { bayRecordOf } from "../bay-record.ts";
import { standingBays } from "../world.ts";
import { bayShape, projectBays } from "@jeroboam/core/bay/bay";
import type { Invariant } from "./invariant.ts";

/** Lists go by an index that may lag: what they must show is checked when it has had its time. */
export const trueLists: Invariant = {
  id: "I12 (lists)",
  says: "at rest the lists hold what there is, each once",
  watch(world, broken) {
    return {
      wrote(item) {
        const isListed = item.indexes.project ?? item.indexes.name ?? item.indexes.type;
        if (isListed && bayRecordOf(item)?.gone === true) broken(`${item.pk} is gone and stands in lists`);
      },
      rested() {
        for (const bay of standingBays(world)) {
          const items = [...world.items.values()].filter(
            (item) =>
              item.pk === `bay#${bay.uuid}` &&
              item.indexes.project?.pk === projectBays(bay.projectId) &&
              !item.sk.includes("#bay-workers#"),
          );
          if (items.length !== 2) broken(`bay ${bay.uuid} stands in its project's list with ${items.length} items`);
          const hot = items.find((item) => item.body["type"] === bayShape.type);
          if (bay.name !== null && !hot?.indexes.name) broken(`bay ${bay.uuid} is not found by its name`);
        }
      },
    };
  },
};
