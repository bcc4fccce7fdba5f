/**
 * The names of a bay's node groups are unique: each is an item of its own, which only one can put. It is provisional
 * until its group is there; one whose request died is taken over after a while, or swept.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { bayPartition } from "../bay/bay.ts";
import { limits } from "../limits.ts";
import { asProvisional } from "../operation/provisional.ts";
import type { Clock } from "../ports.ts";
import type { Item, Key, Table } from "../table/table.ts";
import type { NodeGroup } from "./node-group.ts";
import { nodeGroupKey } from "./node-group.ts";

const markSchema = z.object({ group: z.string(), atMs: z.number() });

export type NamedGroup = Pick<NodeGroup, "uuid" | "bayUuid" | "projectId" | "name">;

export function groupNameKey({ bayUuid, projectId, name }: Omit<NamedGroup, "uuid">): Key {
  return {
    pk: bayPartition(bayUuid),
    sk: `${projectId}#group-name#${createHash("sha256").update(name).digest("hex")}`,
  };
}

/** False: another group of the bay has the name. */
export async function takeGroupName(
  { table, clock }: { readonly table: Table; readonly clock: Clock },
  group: NamedGroup,
): Promise<boolean> {
  const owner = nodeGroupKey(group.projectId, group.bayUuid, group.uuid);
  const nowMs = clock.nowMs();
  const mark: Item = { ...groupNameKey(group), revision: 1, body: { group: group.uuid, atMs: nowMs }, indexes: {} };
  if ((await table.put(asProvisional(mark, owner, nowMs), { absent: true })) === "written") return true;
  const found = await table.get(mark);
  if (!found) return false;
  const { group: holderUuid, atMs } = markSchema.parse(found.body);
  // The same request, asked for again.
  if (holderUuid === group.uuid) return true;
  const isFresh = nowMs - atMs < limits.nodeGroup.nameMs;
  const holder = nodeGroupKey(group.projectId, group.bayUuid, holderUuid);
  if (isFresh || (await table.get(holder))) return false;
  const taken = asProvisional({ ...mark, revision: found.revision + 1 }, owner, nowMs);
  return (await table.put(taken, { revision: found.revision })) === "written";
}

/** Gives the name back, if it is this group's. */
export async function releaseGroupName(table: Table, group: NamedGroup): Promise<"released" | "changed"> {
  const mark = await table.get(groupNameKey(group));
  if (mark?.body["group"] !== group.uuid || !mark) return "released";
  return (await table.remove(mark, mark.revision)) === "refused" ? "changed" : "released";
}
