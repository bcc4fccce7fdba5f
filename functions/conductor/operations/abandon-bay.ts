/**
 * What happens to a bay that an administrator gives up: everything that deleting it would remove is tried for a while,
 * and the bay goes whatever came of it. What is left behind is told by events that name the step and the reason.
 */
import type { Bay } from "@jeroboam/core/bay/bay";
import { limits } from "@jeroboam/core/limits";
import { releaseGroupName } from "@jeroboam/core/node-group/group-name";
import { nodeGroupKey, nodeGroupSpecificationKey } from "@jeroboam/core/node-group/node-group";
import { readNodeGroups } from "@jeroboam/core/node-group/read-node-groups";
import type { OperationDefinition, Step } from "@jeroboam/core/operation/record";
import { again, done, failed } from "@jeroboam/core/operation/record";
import type { ConductorPorts } from "../ports.ts";
import { removeItems, removeNodeCredential, removeNodeGroups } from "./delete-bay.ts";
import { revokeDelegation, revokeSuperseded } from "./delegation.ts";
import { ensureStackGone } from "./stack.ts";

/** From here on there is no way back: all that follows is cleaning, of which nothing can stop the rest. */
const giveUp: Step<ConductorPorts, Bay> = { name: "give-up", run: () => Promise.resolve(done()) };

/** The same step, which waits no longer than that. */
function bounded(step: Step<ConductorPorts, Bay>): Step<ConductorPorts, Bay> {
  return {
    name: step.name,
    async run(ports, record, budget) {
      const result = await step.run(ports, record, budget);
      const { stepStartedAtMs, startedAtMs } = record.operation;
      const waitedMs = ports.clock.nowMs() - (stepStartedAtMs ?? startedAtMs);
      return result.kind === "again" && waitedMs >= limits.bay.abandonStepMs
        ? failed(`not done within ${Math.round(limits.bay.abandonStepMs / 60_000)} minutes`)
        : result;
    },
  };
}

/** Groups that could not be deleted in that time go as they are. */
const forgetNodeGroups: Step<ConductorPorts, Bay> = {
  name: "forget-node-groups",
  async run({ table }, { state: bay }) {
    for (const group of await readNodeGroups(table, bay)) {
      const { uuid, projectId, bayUuid } = group;
      if ((await releaseGroupName(table, group)) === "changed") return again(0);
      for (const key of [nodeGroupSpecificationKey, nodeGroupKey]) {
        const item = await table.get(key(projectId, bayUuid, uuid));
        // Refused: its own operation wrote just now; the next run of this step sees.
        if (item && (await table.remove(item, item.revision)) === "refused") return again(0);
      }
    }
    return done();
  },
};

export const abandonBay: OperationDefinition<ConductorPorts, Bay> = {
  kind: "abandon",
  version: 1,
  steps: [giveUp],
  always: [
    bounded(revokeSuperseded),
    bounded(removeNodeGroups),
    forgetNodeGroups,
    bounded(ensureStackGone),
    bounded(removeNodeCredential),
    bounded(revokeDelegation),
    removeItems,
  ],
  end: () => ({ kind: "removed" }),
};
