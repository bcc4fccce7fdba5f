/** How many bays there are, and nodes in them, masters included: of a project, or of all. */
import type { Scope } from "../identity/scope.ts";
import { limits } from "../limits.ts";
import type { Table } from "../table/table.ts";
import { listBays } from "./list-bays.ts";

export type BayCount =
  | { readonly kind: "counted"; readonly bays: number; readonly nodes: number }
  /** More than are read for one answer. */
  | { readonly kind: "too-many" };

export async function countBays(table: Table, scope: Scope): Promise<BayCount> {
  let bays = 0;
  let nodes = 0;
  let marker: string | undefined;
  for (let page = 0; page < limits.bay.countPages; page += 1) {
    const request = { limit: limits.api.pageItems, descending: false, ...(marker !== undefined && { marker }) };
    const listed = await listBays(table, scope, request);
    // The last one of the page before is gone meanwhile: what was counted is as true as any count.
    if (listed.kind !== "page") return { kind: "counted", bays, nodes };
    bays += listed.entries.length;
    for (const { record, nodeGroups } of listed.entries) {
      nodes += record.state.nodeCount + record.state.masterCount;
      for (const { group } of nodeGroups) nodes += group.nodeCount;
    }
    marker = listed.entries.at(-1)?.record.state.uuid;
    if (!listed.hasMore) return { kind: "counted", bays, nodes };
  }
  return { kind: "too-many" };
}
