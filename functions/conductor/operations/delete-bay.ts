/** What happens to a bay that is being deleted: from any state, whatever was made of it so far. */
import { bayModelUseKey } from "@jeroboam/core/bay-model/bay-model";
import type { Bay } from "@jeroboam/core/bay/bay";
import { removeBayRecords } from "@jeroboam/core/bay/bay-records";
import { readSpecification, removeSpecification } from "@jeroboam/core/bay/specification-store";
import { deleteNodeGroup } from "@jeroboam/core/node-group/change-node-group";
import { readNodeGroups } from "@jeroboam/core/node-group/read-node-groups";
import type { OperationDefinition, Step } from "@jeroboam/core/operation/record";
import { again, done, failed } from "@jeroboam/core/operation/record";
import type { ConductorPorts } from "../ports.ts";
import { revokeDelegation, revokeSuperseded } from "./delegation.ts";
import { removeUser } from "./specification.ts";
import { ensureStackGone } from "./stack.ts";
import { pollAfterMs } from "./expected-end.ts";

/** Its nodes are on the bay's network, so they go before it. Whatever goes on with a group, it is deleted. */
export const removeNodeGroups: Step<ConductorPorts, Bay> = {
  name: "remove-node-groups",
  async run(ports, { state: bay, operation }) {
    const groups = await readNodeGroups(ports.table, bay);
    if (groups.length === 0) return done();
    // One that could not be deleted before is tried again, once.
    const isFirst = operation.notes["groupsAsked"] !== true;
    const failedGroup = groups.find(({ status }) => status === "DELETE_FAILED");
    if (failedGroup && !isFirst)
      return failed(`node group ${failedGroup.name}: ${failedGroup.statusReason ?? "could not be deleted"}`);
    for (const group of groups) await deleteNodeGroup(ports, group);
    return again(pollAfterMs(ports.clock.nowMs(), operation), {}, { groupsAsked: true });
  },
};

/** The nodes' credential goes after the nodes. */
export const removeNodeCredential: Step<ConductorPorts, Bay> = {
  name: "remove-node-credential",
  async run(ports, { state: bay }, { signal }) {
    await removeUser(ports, bay, await readSpecification(ports.table, bay), signal);
    return done();
  },
};

/** What hangs on the bay first; the hot item goes last, by the engine. */
export const removeItems: Step<ConductorPorts, Bay> = {
  name: "remove-items",
  // Without its specification nobody sees the bay, and could delete it once more.
  hasNoWayBack: true,
  async run({ table }, { state: bay }) {
    if (!(await removeBayRecords(table, bay.uuid))) return again(0);
    // An upgrade that was cut short has both of them.
    const models = new Set([bay.bayModelId, (await readSpecification(table, bay))?.model.uuid ?? bay.bayModelId]);
    for (const model of models) {
      const mark = await table.get(bayModelUseKey(model, bay.uuid));
      // Refused: another run of this step, or the sweep, has changed or removed it; the next run sees.
      if (mark && (await table.remove(mark, mark.revision)) === "refused") return again(0);
    }
    await removeSpecification(table, bay);
    return done();
  },
};

export const deleteBay: OperationDefinition<ConductorPorts, Bay> = {
  kind: "delete",
  version: 1,
  steps: [revokeSuperseded, removeNodeGroups, ensureStackGone, removeNodeCredential, revokeDelegation, removeItems],
  always: [],
  end: (_bay, outcome, nowMs) =>
    outcome.kind === "succeeded"
      ? { kind: "removed" }
      : { kind: "kept", changes: { status: "DELETE_FAILED", statusReason: outcome.reason, updatedAtMs: nowMs } },
};
