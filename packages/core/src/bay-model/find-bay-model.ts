/** Finding a bay model as its callers name it: their own, else one that everybody may use; administrators any. */
import { readIdent } from "../identity/ident.ts";
import type { Scope } from "../identity/scope.ts";
import { limits } from "../limits.ts";
import type { WorkRecord } from "../operation/record.ts";
import { recordFromItem } from "../operation/record.ts";
import { findRecord } from "../operation/record-store.ts";
import type { Item, RangeQuery, Table } from "../table/table.ts";
import type { BayModel } from "./bay-model.ts";
import {
  BAY_MODEL_PREFIX,
  bayModelKey,
  bayModelPartition,
  bayModelShape,
  isShared,
  namedBayModels,
  ownNames,
  PUBLIC_NAMES,
} from "./bay-model.ts";

export type BayModelLookup =
  | { readonly kind: "found"; readonly model: WorkRecord<BayModel> }
  | { readonly kind: "absent" }
  /** Several bear the name: only a uuid can tell which is meant. */
  | { readonly kind: "ambiguous" };

export async function findBayModel(table: Table, scope: Scope, ident: string): Promise<BayModelLookup> {
  const wanted = readIdent(ident);
  switch (wanted.kind) {
    case "uuid": {
      const model = await findByUuid(table, scope, wanted.uuid);
      return model ? { kind: "found", model } : { kind: "absent" };
    }
    case "name":
      return findByName(table, scope, wanted.name);
    default:
      return wanted satisfies never;
  }
}

async function findByUuid(table: Table, scope: Scope, uuid: string): Promise<WorkRecord<BayModel> | undefined> {
  const own = await findRecord(table, bayModelShape, bayModelKey(scope.projectId, uuid));
  if (own) return own;
  const { items } = await table.query(bayModelPartition(uuid), { prefix: BAY_MODEL_PREFIX, limit: 1 });
  const [other] = items.map((item) => recordFromItem(bayModelShape, item));
  return other && isVisible(other.state, scope) ? other : undefined;
}

/** The index may lag: what it names is read again, and counts if it still bears the name. */
async function findByName(table: Table, scope: Scope, name: string): Promise<BayModelLookup> {
  const ranges: readonly RangeQuery[] = scope.allProjects
    ? [{}]
    : [{ prefix: ownNames(scope.projectId) }, { prefix: PUBLIC_NAMES }];
  const pages = await Promise.all(
    ranges.map((range) =>
      table.queryIndex("name", namedBayModels(name), { ...range, limit: limits.bayModel.sameName }),
    ),
  );
  const candidates: readonly Item[] = pages.flatMap((page) => page.items);
  let found: WorkRecord<BayModel> | undefined;
  for (const candidate of candidates) {
    const model = await findRecord(table, bayModelShape, { pk: candidate.pk, sk: candidate.sk });
    if (!model || model.state.name !== name || !isVisible(model.state, scope)) continue;
    if (found && found.state.uuid !== model.state.uuid) return { kind: "ambiguous" };
    found = model;
  }
  return found ? { kind: "found", model: found } : { kind: "absent" };
}

function isVisible(model: BayModel, scope: Scope): boolean {
  return scope.allProjects || model.projectId === scope.projectId || isShared(model);
}
