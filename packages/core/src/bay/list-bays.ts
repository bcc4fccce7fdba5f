/**
 * A project's bays, page by page; administrators see every project's. A bay's items and those of its
 * node groups stand side by side in the index, so that a page is one query.
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
  specificationShards,
} from "./bay.ts";
import type { BayWithSpecification } from "./find-bay.ts";
import { findBayByUuid, isCold, isHot, joinItems } from "./find-bay.ts";

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
  const pageItems = Math.ceil((2 * wanted + 1) / partitions.length) + (partitions.length > 1 ? SHARE_MARGIN : 0);
  const range = { ...(after && { after: endOf(after, descending) }), descending, pageItems };
  let items: Item[] = [];
  for await (const item of readInOrder(table, partitions, range)) {
    if (items[0] !== undefined && items[0].pk !== item.pk) {
      const bay = await completed(table, items);
      if (bay) yield bay;
      items = [];
    }
    items.push(item);
  }
  const last = await completed(table, items);
  if (last) yield last;
}

/**
 * The bay in what stands side by side. The index may not have shown the cold item yet: then it is read. A cold one
 * alone, or node groups alone, are of a bay that never came to be, or went.
 */
async function completed(table: Table, items: readonly Item[]): Promise<BayWithSpecification | undefined> {
  const hot = items.find((item) => isHot(item));
  if (!hot || items.some((item) => isCold(item))) return joinItems(items);
  const bay = recordFromItem(bayShape, hot).state;
  const cold = await table.get(baySpecificationKey(bay.projectId, bay.uuid));
  return cold && joinItems([hot, cold, ...items.filter((item) => item !== hot)]);
}

/** Where a bay's items end, in the direction of reading. */
function endOf(
  { record: { state: bay } }: BayWithSpecification,
  descending: boolean,
): { pk: string; sk: string; indexSk: string } {
  const last = descending ? bayKey(bay.projectId, bay.uuid) : baySpecificationKey(bay.projectId, bay.uuid);
  return { ...last, indexSk: bayListKeys(bay, descending ? "hot" : "cold").project.sk };
}
