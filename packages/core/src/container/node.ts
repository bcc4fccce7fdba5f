/**
 * Nodes as clients of 2015 keep them: plain records with no machine behind them (bay-era sheet 3.3). An Ironic node is
 * named by one of a project's records at most: a claim beside the record, provisional until the record names it.
 */
import { z } from "zod";
import {
  deleteProjectRecord,
  projectRecordKey,
  projectRecordSchema,
  projectRecordShape,
} from "../listing/project-record.ts";
import { limits } from "../limits.ts";
import { asProvisional, asSettled } from "../operation/provisional.ts";
import type { WorkRecord } from "../operation/record.ts";
import { findRecord, insertRecord, newRecord } from "../operation/record-store.ts";
import type { StorePorts } from "../operation/record-store.ts";
import { writeRecord } from "../operation/record-write.ts";
import { Transient } from "../errors.ts";
import type { Clock } from "../ports.ts";
import type { Item, Key, Table } from "../table/table.ts";

export const nodeSchema = projectRecordSchema.extend({
  type: z.string().nullable(),
  imageId: z.string().nullable(),
  ironicNodeId: z.string().nullable(),
});
export type Node = z.infer<typeof nodeSchema>;
export type NodeAttributes = Pick<Node, "type" | "imageId" | "ironicNodeId">;

export const nodeShape = projectRecordShape("node", nodeSchema);

export interface NodePorts extends StorePorts {
  readonly clock: Clock;
}

export type WrittenNode =
  | { readonly kind: "written"; readonly node: Node }
  | { readonly kind: "exists" }
  /** Another record names this Ironic node. */
  | { readonly kind: "taken" }
  | { readonly kind: "absent" };

export async function createNode(
  ports: NodePorts,
  wish: NodeAttributes & { readonly uuid: string | undefined; readonly projectId: string; readonly userId: string },
): Promise<WrittenNode> {
  const uuid = wish.uuid ?? ports.random.uuid();
  const key = projectRecordKey(nodeShape, wish.projectId, uuid);
  const node: Node = { ...wish, uuid, createdAtMs: ports.clock.nowMs(), updatedAtMs: null };
  if (!(await claimIronicNode(ports, node, key))) return { kind: "taken" };
  const inserted = await insertRecord(ports, nodeShape, newRecord(key, node));
  if (inserted.kind === "exists") return { kind: "exists" };
  await settleClaim(ports.table, node);
  return { kind: "written", node };
}

/** Changes the record as `change` says, over whatever it has become meanwhile. */
export async function updateNode(
  ports: NodePorts,
  key: Key,
  change: (node: Node) => NodeAttributes,
): Promise<WrittenNode> {
  for (let tries = 0; tries < limits.engine.commitRetries; tries += 1) {
    const record = await findRecord(ports.table, nodeShape, key);
    if (!record) return { kind: "absent" };
    const before = record.state;
    const node: Node = { ...before, ...change(before), updatedAtMs: ports.clock.nowMs() };
    const isNamed = node.ironicNodeId !== before.ironicNodeId;
    if (isNamed && !(await claimIronicNode(ports, node, key))) return { kind: "taken" };
    if ((await writeRecord(ports, nodeShape, { ...record, state: node })).kind === "refused") continue;
    if (isNamed) await settleClaim(ports.table, node);
    if (isNamed) await releaseClaim(ports.table, before);
    return { kind: "written", node };
  }
  throw new Transient(`node ${key.pk} is being changed by others all the time`);
}

export async function deleteNode(ports: NodePorts, record: WorkRecord<Node>): Promise<"deleted" | "absent"> {
  const deleted = await deleteProjectRecord(ports.table, nodeShape, record);
  if (deleted === "deleted") await releaseClaim(ports.table, record.state);
  return deleted;
}

function claimKey({ projectId, ironicNodeId }: Node): Key {
  return { pk: `ironic-node#${ironicNodeId ?? ""}`, sk: projectId };
}

/** False: another record has it. A claim whose record does not name it (any more) is nobody's. */
async function claimIronicNode(ports: NodePorts, node: Node, owner: Key): Promise<boolean> {
  if (node.ironicNodeId === null) return true;
  const key = claimKey(node);
  const found = await ports.table.get(key);
  const claimant = found?.body["node"];
  if (typeof claimant === "string" && claimant !== node.uuid) {
    const other = projectRecordKey(nodeShape, node.projectId, claimant);
    const holder = await findRecord(ports.table, nodeShape, other);
    if (holder?.state.ironicNodeId === node.ironicNodeId) return false;
  }
  const revision = (found?.revision ?? 0) + 1;
  const claim: Item = { ...key, revision, body: { node: node.uuid }, indexes: {} };
  const provisional = asProvisional(claim, owner, ports.clock.nowMs());
  const written = await ports.table.put(provisional, found ? { revision: found.revision } : { absent: true });
  return written === "written";
}

/** What is lost here the sweep does an hour later. */
async function settleClaim(table: Table, node: Node): Promise<void> {
  const claim = node.ironicNodeId === null ? undefined : await table.get(claimKey(node));
  if (claim) await table.put({ ...asSettled(claim), revision: claim.revision + 1 }, { revision: claim.revision });
}

async function releaseClaim(table: Table, node: Node): Promise<void> {
  const claim = node.ironicNodeId === null ? undefined : await table.get(claimKey(node));
  if (claim?.body["node"] === node.uuid) await table.remove(claim, claim.revision);
}
