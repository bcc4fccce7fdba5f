import { resourceShapes } from "@jeroboam/core/container/resource";
import { recordFromItem } from "@jeroboam/core/operation/record";
import type { World } from "../world.ts";
import { standingBays } from "../world.ts";
import type { Invariant } from "./invariant.ts";

export const pods: Invariant = {
  id: "I2 (pods)",
  says: "a pod is in its bay's engine as it was asked for, once; it goes with its bay, and nothing else hangs there",
  watch(world, broken) {
    return {
      rested() {
        const bays = new Set(standingBays(world).map(({ uuid }) => uuid));
        const records = podRecords(world);
        for (const { state, operation } of records.values()) {
          const { uuid, bayUuid, isMade, failure, images } = state;
          if (operation) broken(`pod ${uuid} is at work at rest`);
          if (!bays.has(bayUuid)) {
            const { conditions } = world.faults;
            if (conditions.has("index lags") && conditions.has("clocks skewed")) world.gaps.add("pod left");
            else broken(`pod ${uuid} is left of bay ${bayUuid}, which is gone`);
          }
          const found = objectsOf(world, bayUuid).filter((object) => object.uuid === uuid);
          if (found.length > 1) broken(`pod ${uuid} is ${found.length} times in its bay`);
          if (!isMade || failure !== null) continue;
          if (found[0]?.images.join() !== images.join())
            broken(`pod ${uuid} is to be of ${images.join()} and is of ${found[0]?.images.join() ?? "nothing"}`);
        }
        for (const bayUuid of bays)
          for (const { uuid } of objectsOf(world, bayUuid))
            if (uuid !== null && !records.has(uuid) && !isWatched(world, bayUuid))
              broken(`pod ${uuid} is in bay ${bayUuid}, is of no record, and nobody looks`);
      },
    };
  },
};

function podRecords({ items }: World) {
  const shape = resourceShapes.pod;
  return new Map(
    [...items.values()]
      .filter(({ body }) => body["type"] === shape.type)
      .map((item) => recordFromItem(shape, item))
      .map((record) => [record.state.uuid, record]),
  );
}

function objectsOf({ engines }: World, bayUuid: string) {
  return [...engines.bay(bayUuid).objects.pod.values()];
}

/** What nobody knows is taken away at the next look. */
function isWatched({ items }: World, bayUuid: string): boolean {
  return [...items.values()].some(({ pk, indexes }) => pk === `engine-watch#${bayUuid}` && indexes.due !== undefined);
}
