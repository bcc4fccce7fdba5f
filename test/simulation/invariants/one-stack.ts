import type { CloudStack } from "../cloud.ts";
import { isRobbed, standingBays, standingGroups } from "../world.ts";
import type { Invariant } from "./invariant.ts";

export const oneStack: Invariant = {
  id: "I2",
  says: "a bay has one stack, and so has a node group: never two that stand at the same time, and at rest the one that its record names",
  watch(world, broken) {
    const stacksOf = (uuid: string): CloudStack[] =>
      [...world.cloud.stacks.values()].filter((stack) => stack.ownerUuid === uuid);
    return {
      effected(effect) {
        if (effect.kind !== "create") return;
        const stacks = stacksOf(effect.stack.ownerUuid);
        if (stacks.length > 1)
          broken(`${effect.stack.ownerUuid} has the stacks ${stacks.map(({ id }) => id).join(", ")}`);
      },
      rested() {
        for (const bay of [...standingBays(world), ...standingGroups(world)]) {
          const stacks = stacksOf(bay.uuid);
          if (stacks.length > 1) broken(`${bay.uuid} has ${stacks.length} stacks`);
          const [stack] = stacks;
          // What was under way to Heat while somebody removed the stack: "late call" counts it as a known gap.
          const isRemadeLate = isRobbed(world, bay.uuid) && world.lateCalls.has(bay.uuid);
          if (stack && bay.stackId !== null && bay.stackId !== stack.id && !isRemadeLate)
            broken(`${bay.uuid} names stack ${bay.stackId} and has ${stack.id}`);
          const isBuilt = bay.status === "CREATE_COMPLETE" || bay.status === "UPDATE_COMPLETE";
          if (isBuilt && !stack && !isRobbed(world, bay.uuid)) broken(`${bay.uuid} is ${bay.status} without a stack`);
        }
      },
    };
  },
};
