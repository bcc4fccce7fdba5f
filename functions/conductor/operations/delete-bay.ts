/** What happens to a bay that is being deleted: from any state, whatever was made of it so far. */
import { bayModelUseKey } from "@jeroboam/core/bay-model/bay-model";
import type { Bay } from "@jeroboam/core/bay/bay";
import { removeBayRecords } from "@jeroboam/core/bay/bay-records";
import { removeSpecification } from "@jeroboam/core/bay/specification-store";
import type { OperationDefinition, Step } from "@jeroboam/core/operation/record";
import { again, done } from "@jeroboam/core/operation/record";
import type { ConductorPorts } from "../ports.ts";
import { revokeDelegation, revokeSuperseded } from "./delegation.ts";
import { nodeUserName } from "./specification.ts";
import { ensureStackGone } from "./stack.ts";

/** The nodes' credential goes after the nodes. */
const removeNodeCredential: Step<ConductorPorts, Bay> = {
  name: "remove-node-credential",
  async run({ cloud }, { state: bay }, { signal }) {
    await cloud.removeNodeUser({ name: nodeUserName(bay) }, signal);
    return done();
  },
};

/** What hangs on the bay first; the hot item goes last, by the engine. */
const removeItems: Step<ConductorPorts, Bay> = {
  name: "remove-items",
  async run({ table }, { state: bay }) {
    if (!(await removeBayRecords(table, bay.uuid))) return again(0);
    await removeSpecification(table, bay);
    const mark = await table.get(bayModelUseKey(bay.bayModelId, bay.uuid));
    // Refused: another run of this step, or the sweep, has changed or removed it; the next run sees.
    if (mark && (await table.remove(mark, mark.revision)) === "refused") return again(0);
    return done();
  },
};

export const deleteBay: OperationDefinition<ConductorPorts, Bay> = {
  kind: "delete",
  version: 1,
  steps: [revokeSuperseded, ensureStackGone, removeNodeCredential, revokeDelegation, removeItems],
  always: [],
  end: (_bay, outcome, nowMs) =>
    outcome.kind === "succeeded"
      ? { kind: "removed" }
      : { kind: "kept", changes: { status: "DELETE_FAILED", statusReason: outcome.reason, updatedAtMs: nowMs } },
};
