/** The bay is deleted while something else goes on: nothing of it stays in the cloud. */
import { expect } from "vitest";
import type { BayRun } from "./bay-world.ts";
import { actsOn } from "./bay-world.ts";
import type { Interruption } from "./harness.ts";

export const BAY_DELETE: Interruption<BayRun> = {
  name: "the bay's delete",
  act: ({ world }) => actsOn(world).remove(),
  verify({ world }) {
    expect([world.stacks.size, world.users.size, world.trusts.size]).toEqual([0, 0, 0]);
    return Promise.resolve();
  },
};
