/**
 * The marks that bays put beside the model they use, so that one strong read of the model's partition tells whether
 * anybody does. A bay marks first and reads the model again after: a delete marks the model first and looks for marks
 * after; so at least one of the two sees the other.
 */
import { limits } from "../limits.ts";
import { asProvisional } from "../operation/provisional.ts";
import type { WorkRecord } from "../operation/record.ts";
import { findRecord } from "../operation/record-store.ts";
import type { WritePorts } from "../operation/record-write.ts";
import { writeRecord } from "../operation/record-write.ts";
import type { Clock } from "../ports.ts";
import type { Key, Table } from "../table/table.ts";
import type { BayModel } from "./bay-model.ts";
import { BAY_MODEL_USE_PREFIX, bayModelKey, bayModelPartition, bayModelShape, bayModelUseKey } from "./bay-model.ts";

export interface UsePorts extends WritePorts {
  readonly clock: Clock;
}

/** Whether any bay uses the model, one that is only just being created included. */
export async function isBayModelUsed(table: Table, uuid: string): Promise<boolean> {
  const { items } = await table.query(bayModelPartition(uuid), { prefix: BAY_MODEL_USE_PREFIX, limit: 1 });
  return items.length > 0;
}

/**
 * Marks the model as used by a bay that will be under this key, and reads it again. Absent: the model is gone, or going,
 * and the mark is the caller's to take back, after what hangs on it.
 */
export async function markBayModelUse(
  ports: UsePorts,
  model: Pick<BayModel, "projectId" | "uuid">,
  bay: { readonly uuid: string; readonly key: Key },
): Promise<WorkRecord<BayModel> | undefined> {
  const mark = { ...bayModelUseKey(model.uuid, bay.uuid), revision: 1, body: {}, indexes: {} };
  await ports.table.put(asProvisional(mark, bay.key, ports.clock.nowMs()), { absent: true });
  return readUsable(ports, model);
}

/** Takes the mark back; what cannot be taken back is settled like everything provisional. */
export async function unmarkBayModelUse(
  table: Table,
  model: Pick<BayModel, "uuid">,
  bay: { readonly uuid: string },
): Promise<void> {
  await table.remove(bayModelUseKey(model.uuid, bay.uuid), 1);
}

async function readUsable(
  ports: UsePorts,
  { projectId, uuid }: Pick<BayModel, "projectId" | "uuid">,
): Promise<WorkRecord<BayModel> | undefined> {
  let model = await findRecord(ports.table, bayModelShape, bayModelKey(projectId, uuid));
  for (let tries = 0; model && tries < limits.bayModel.conflictRetries; tries += 1) {
    const since = model.state.deletingSinceMs;
    if (since === null) return model;
    if (ports.clock.nowMs() - since < limits.bayModel.deletingMs) return undefined;
    // That delete is dead. Clearing its mark bumps the revision it would remove, in case it only slept.
    const cleared = { ...model, state: { ...model.state, deletingSinceMs: null } };
    const write = await writeRecord(ports, bayModelShape, cleared);
    model = write.kind === "written" ? write.record : write.current;
  }
  return undefined;
}
