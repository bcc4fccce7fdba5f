/** Finding a bay as its callers name it, with what it is built from: one strong read by uuid. */
import { readIdent } from "../identity/ident.ts";
import type { Scope } from "../identity/scope.ts";
import { limits } from "../limits.ts";
import type { WorkRecord } from "../operation/record.ts";
import { recordFromItem } from "../operation/record.ts";
import type { NodeGroupWithSpecification } from "../node-group/node-group.ts";
import { joinNodeGroups } from "../node-group/join-node-groups.ts";
import type { Item, Table } from "../table/table.ts";
import type { Bay, BaySpecification } from "./bay.ts";
import { bayKey, bayPartition, bayShape, namedBays, specificationFromItem } from "./bay.ts";

/** Both of a bay's items, and its node groups besides the two that every bay has. */
export interface BayWithSpecification {
  readonly record: WorkRecord<Bay>;
  readonly specification: BaySpecification;
  readonly nodeGroups: readonly NodeGroupWithSpecification[];
}

export type BayLookup =
  | { readonly kind: "found"; readonly bay: BayWithSpecification }
  | { readonly kind: "absent" }
  | { readonly kind: "ambiguous" };

export async function findBay(table: Table, scope: Scope, ident: string): Promise<BayLookup> {
  const wanted = readIdent(ident);
  switch (wanted.kind) {
    case "uuid": {
      const bay = await findBayByUuid(table, scope, wanted.uuid);
      return bay ? { kind: "found", bay } : { kind: "absent" };
    }
    case "name":
      return findByName(table, scope, wanted.name);
    default:
      return wanted satisfies never;
  }
}

/** The project is in what is read: another project's bay is not found by construction, but for administrators. */
export async function findBayByUuid(
  table: Table,
  scope: Scope,
  uuid: string,
): Promise<BayWithSpecification | undefined> {
  const own = await readItems(table, scope.projectId, uuid);
  if (own.length > 0 || !scope.allProjects) return joinItems(own);
  const projectId = await projectOf(table, uuid);
  return projectId === undefined ? undefined : joinItems(await readItems(table, projectId, uuid));
}

/** The bay's two items, and behind them those of its node groups. */
async function readItems(table: Table, projectId: string, uuid: string): Promise<readonly Item[]> {
  const limit = 2 + 2 * limits.nodeGroup.perBay;
  return (await table.query(bayPartition(uuid), { prefix: bayKey(projectId, uuid).sk, limit })).items;
}

/** A bay's hot item stands before everything else in its partition. */
async function projectOf(table: Table, uuid: string): Promise<string | undefined> {
  const { items } = await table.query(bayPartition(uuid), { limit: 2 });
  const hot = items.find((item) => isHot(item));
  return hot && recordFromItem(bayShape, hot).state.projectId;
}

/** The bay in its items; one whose specification is gone is all but gone itself. */
export function joinItems(items: readonly Item[]): BayWithSpecification | undefined {
  const hot = items.find((item) => isHot(item));
  const cold = items.find((item) => isCold(item));
  if (!hot || !cold) return undefined;
  const record = recordFromItem(bayShape, hot);
  if (record.gone) return undefined;
  return { record, specification: specificationFromItem(cold), nodeGroups: joinNodeGroups(items) };
}

export function isHot(item: Item): boolean {
  return item.body["type"] === bayShape.type;
}

export function isCold(item: Item): boolean {
  return "specification" in item.body;
}

/** The index may lag: what it names is read again, and counts if it still bears the name. */
async function findByName(table: Table, scope: Scope, name: string): Promise<BayLookup> {
  const { items } = await table.queryIndex("name", namedBays(name), {
    ...(!scope.allProjects && { prefix: `${scope.projectId}#` }),
    limit: limits.bay.sameName,
  });
  let found: BayWithSpecification | undefined;
  for (const { state } of items.map((item) => recordFromItem(bayShape, item))) {
    const bay = await findBayByUuid(table, { projectId: state.projectId, allProjects: false }, state.uuid);
    if (bay?.record.state.name !== name) continue;
    if (found) return { kind: "ambiguous" };
    found = bay;
  }
  return found ? { kind: "found", bay: found } : { kind: "absent" };
}
