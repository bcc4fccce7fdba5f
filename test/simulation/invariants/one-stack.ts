import type { CloudStack } from "../cloud.ts";
import { standingBays } from "../world.ts";
import type { Invariant } from "./invariant.ts";

export const oneStack: Invariant = {
  id: "I2",
  says: "a bay has one stack: never two that stand at the same time, and at rest the one that its record names",
  watch(world, broken) {
    const stacksOf = (uuid: string): CloudStack[] =>
      [...world.cloud.stacks.values()].filter((stack) => stack.bayUuid === uuid);
    return {
      effected(effect) {
        if (effect.kind !== "create") return;
        const stacks = stacksOf(effect.stack.bayUuid);
        if (stacks.length > 1)
          broken(`bay ${effect.stack.bayUuid} has the stacks ${stacks.map(({ id }) => id).join(", ")}`);
      },
      rested() {
        for (const bay of standingBays(world)) {
          const stacks = stacksOf(bay.uuid);
          if (stacks.length > 1) broken(`bay ${bay.uuid} has ${stacks.length} stacks`);
          const [stack] = stacks;
          if (stack && bay.stackId !== null && bay.stackId !== stack.id)
            broken(`bay ${bay.uuid} names stack ${bay.stackId} and has ${stack.id}`);
          const isBuilt = bay.status === "CREATE_COMPLETE" || bay.status === "UPDATE_COMPLETE";
          const isRobbed = world.blows.get(bay.uuid)?.includes("stack removed by hand") === true;
          if (isBuilt && !stack && !isRobbed) broken(`bay ${bay.uuid} is ${bay.status} without a stack`);
        }
      },
    };
  },
};
