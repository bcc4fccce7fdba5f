/**
 * A project's bays, page by page; administrators see every project's. A bay's two items stand side by side in the index,
 * so that a page is one query.
 */
import type { Scope } from "../identity/scope.ts";
import { readInOrder } from "../listing/ordered-items.ts";
import type { ListPage, ListRequest } from "../listing/page.ts";
import { listPage } from "../listing/page.ts";
import { recordFromItem } from "../operation/record.ts";
import type { Item, Table } from "../table/table.ts";
import {
  bayKey,
  bayListKeys,
  bayShape,
  bayShards,
  baySpecificationKey,
  projectBays,
  specificationFromItem,
  specificationShards,
} from "./bay.ts";
import type { BayWithSpecification } from "./find-bay.ts";
import { findBayByUuid, isCold, isHot } from "./find-bay.ts";
import { readSpecification } from "./specification-store.ts";

export function listBays(
  table: Table,
  scope: Scope,
  request: ListRequest<BayWithSpecification>,
): Promise<ListPage<BayWithSpecification>> {
  return listPage(
    {
      find: (uuid) => findBayByUuid(table, scope, uuid),
      read: (after, descending, wanted) => readBays(table, scope, after, descending, wanted),
      uuidOf: ({ record }) => record.state.uuid,
    },
    request,
  );
}

/** Asked for beyond its share, so that few partitions are asked twice. */
const SHARE_MARGIN = 8;

async function* readBays(
  table: Table,
  scope: Scope,
  after: BayWithSpecification | undefined,
  descending: boolean,
  wanted: number,
): AsyncGenerator<BayWithSpecification> {
  const partitions = scope.allProjects
    ? [...bayShards(), ...specificationShards()].map((pk) => ({ index: "type", pk }) as const)
    : [{ index: "project", pk: projectBays(scope.projectId) } as const];
  // Every partition is asked for its share of the two items a bay has, and a little more, for they are not equal.
  const pageItems = Math.ceil((2 * wanted) / partitions.length) + (partitions.length > 1 ? SHARE_MARGIN : 0);
  const range = { ...(after && { after: endOf(after, descending) }), descending, pageItems };
  let hot: Item | undefined;
  let cold: Item | undefined;
  for await (const item of readInOrder(table, partitions, range)) {
    if ((hot ?? cold)?.pk !== item.pk) {
      const lone = await completed(table, hot);
      if (lone) yield lone;
      hot = cold = undefined;
    }
    if (isHot(item)) hot = item;
    else if (isCold(item)) cold = item;
    if (hot && cold) {
      yield { record: recordFromItem(bayShape, hot), specification: specificationFromItem(cold) };
      hot = cold = undefined;
    }
  }
  const lone = await completed(table, hot);
  if (lone) yield lone;
}

/** A hot item whose cold one the index has not shown yet. A cold one alone is of a bay that never came to be, or went. */
async function completed(table: Table, hot: Item | undefined): Promise<BayWithSpecification | undefined> {
  const record = hot && recordFromItem(bayShape, hot);
  const specification = record && (await readSpecification(table, record.state));
  return record && specification && { record, specification };
}

/** Where a bay's items end, in the direction of reading. */
function endOf(
  { record: { state: bay } }: BayWithSpecification,
  descending: boolean,
): { pk: string; sk: string; indexSk: string } {
  const last = descending ? bayKey(bay.projectId, bay.uuid) : baySpecificationKey(bay.projectId, bay.uuid);
  return { ...last, indexSk: bayListKeys(bay, descending ? 0 : 1).project.sk };
}
