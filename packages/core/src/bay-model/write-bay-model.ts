/**
 * Creating, changing and deleting bay models: each a single conditional write, decided anew when somebody wrote between.
 * A model in use keeps what its bays depend on. Whether the values make sense, and whether the caller may, is left to the
 * API.
 */
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import type { WorkRecord } from "../operation/record.ts";
import type { StorePorts } from "../operation/record-store.ts";
import { findRecord, insertRecord, newRecord } from "../operation/record-store.ts";
import type { RecordWrite } from "../operation/record-write.ts";
import { writeRecord } from "../operation/record-write.ts";
import type { Clock } from "../ports.ts";
import type { Key, Table } from "../table/table.ts";
import type { BayModel } from "./bay-model.ts";
import { BAY_MODEL_PREFIX, bayModelKey, bayModelPartition, bayModelShape } from "./bay-model.ts";
import { isBayModelUsed } from "./use-mark.ts";

export interface BayModelPorts extends StorePorts {
  readonly clock: Clock;
}

/** Attributes that a caller or the cloud decides; the rest is the record's own business. */
export type BayModelAttributes = Omit<
  BayModel,
  "uuid" | "projectId" | "userId" | "createdAtMs" | "updatedAtMs" | "deletingSinceMs"
>;

export interface NewBayModel {
  readonly projectId: string;
  readonly userId: string;
  /** Chosen by the caller; absent: a fresh one. */
  readonly uuid: string | undefined;
  readonly attributes: BayModelAttributes;
}

export async function createBayModel(
  ports: BayModelPorts,
  { projectId, userId, uuid, attributes }: NewBayModel,
): Promise<{ readonly kind: "created"; readonly model: BayModel } | { readonly kind: "exists" }> {
  if (uuid !== undefined && (await countModels(ports.table, uuid)) > 0) return { kind: "exists" };
  const model: BayModel = {
    ...attributes,
    uuid: uuid ?? ports.random.uuid(),
    projectId,
    userId,
    createdAtMs: ports.clock.nowMs(),
    updatedAtMs: null,
    deletingSinceMs: null,
  };
  const inserted = await insertRecord(ports, bayModelShape, newRecord(bayModelKey(projectId, model.uuid), model));
  if (inserted.kind === "exists") return inserted;
  if (uuid !== undefined && (await countModels(ports.table, uuid)) > 1) {
    // Another project chose the same uuid at the same moment: neither gets it.
    await ports.table.remove(inserted.record.key, inserted.record.revision);
    return { kind: "exists" };
  }
  return { kind: "created", model };
}

/** How many projects have a model of this uuid: one at most, but for the moment of a race. */
async function countModels(table: Table, uuid: string): Promise<number> {
  const { items } = await table.query(bayModelPartition(uuid), { prefix: BAY_MODEL_PREFIX, limit: 2 });
  return items.length;
}

export type UpdatedBayModel =
  | { readonly kind: "updated"; readonly model: BayModel }
  | { readonly kind: "absent" }
  /** Bays use it, and the change is not one of those that matter to none of them. */
  | { readonly kind: "in-use" };

/** Changes a model as `revise` says of what it is now; asked again when somebody wrote between. */
export async function updateBayModel(
  ports: BayModelPorts,
  key: Key,
  revise: (model: BayModel) => Promise<BayModelAttributes>,
): Promise<UpdatedBayModel> {
  let record = await findRecord(ports.table, bayModelShape, key);
  for (let tries = 0; record && tries < limits.bayModel.conflictRetries; tries += 1) {
    const model = record.state;
    const revised = await revise(model);
    const changed = changedAttributes(model, revised);
    if (changed.length === 0) return { kind: "updated", model };
    const isHarmless = changed.length === 1 && changed.every((name) => mattersToNoBay(name, revised));
    if (!isHarmless && (await isBayModelUsed(ports.table, model.uuid))) return { kind: "in-use" };
    const next: BayModel = { ...model, ...revised, updatedAtMs: ports.clock.nowMs() };
    const write = await writeRecord(ports, bayModelShape, { ...record, state: next });
    if (write.kind === "written") return { kind: "updated", model: next };
    record = write.current;
  }
  if (record) throw new Transient(`bay model ${record.state.uuid} is being changed by others all the time`);
  return { kind: "absent" };
}

function changedAttributes(model: BayModel, revised: BayModelAttributes): readonly (keyof BayModelAttributes)[] {
  const names = Object.keys(revised) as (keyof BayModelAttributes)[];
  return names.filter((name) => JSON.stringify(model[name]) !== JSON.stringify(revised[name]));
}

/** What may change alone while bays use the model (cluster sheet 7.5; bay-era sheet 16, number 6). */
function mattersToNoBay(name: keyof BayModelAttributes, revised: BayModelAttributes): boolean {
  return (
    name === "name" ||
    name === "hidden" ||
    (name === "tags" && revised.tags !== null) ||
    (name === "public" && revised.public)
  );
}

export type DeletedBayModel = { readonly kind: "deleted" } | { readonly kind: "absent" } | { readonly kind: "in-use" };

/**
 * Removes a model that no bay uses. It is marked first, so that from then on no bay begins to use it (use-mark.ts); what
 * is left of a delete that died in between is cleared by the next who needs the model.
 */
export async function deleteBayModel(ports: BayModelPorts, key: Key): Promise<DeletedBayModel> {
  let record = await findRecord(ports.table, bayModelShape, key);
  for (let tries = 0; record && tries < limits.bayModel.conflictRetries; tries += 1) {
    if (await isBayModelUsed(ports.table, record.state.uuid)) return { kind: "in-use" };
    const marked = await mark(ports, record, ports.clock.nowMs());
    if (marked.kind === "written") {
      if (await isBayModelUsed(ports.table, record.state.uuid)) {
        await mark(ports, marked.record, null);
        return { kind: "in-use" };
      }
      if ((await ports.table.remove(key, marked.record.revision)) === "written") return { kind: "deleted" };
    }
    record = await findRecord(ports.table, bayModelShape, key);
  }
  if (record) throw new Transient(`bay model ${record.state.uuid} is being changed by others all the time`);
  return { kind: "absent" };
}

function mark(
  ports: BayModelPorts,
  record: WorkRecord<BayModel>,
  deletingSinceMs: number | null,
): Promise<RecordWrite<BayModel>> {
  return writeRecord(ports, bayModelShape, { ...record, state: { ...record.state, deletingSinceMs } });
}
