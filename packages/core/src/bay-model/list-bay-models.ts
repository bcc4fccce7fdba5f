/** The bay models a caller may see, page by page: their own and the shared ones as one list; administrators all. */
import type { Scope } from "../identity/scope.ts";
import type { IndexPartition } from "../listing/ordered-items.ts";
import { readInOrder } from "../listing/ordered-items.ts";
import type { ListPage, ListRequest } from "../listing/page.ts";
import { listPage } from "../listing/page.ts";
import { recordFromItem } from "../operation/record.ts";
import type { Table } from "../table/table.ts";
import type { BayModel } from "./bay-model.ts";
import {
  bayModelKey,
  bayModelShape,
  creationKey,
  privateBayModelShards,
  projectBayModels,
  PUBLIC_BAY_MODELS,
} from "./bay-model.ts";
import { findBayModel } from "./find-bay-model.ts";

export function listBayModels(table: Table, scope: Scope, request: ListRequest<BayModel>): Promise<ListPage<BayModel>> {
  return listPage(
    {
      async find(uuid) {
        const found = await findBayModel(table, scope, uuid);
        return found.kind === "found" ? found.model.state : undefined;
      },
      read: (after, descending, wanted) => readModels(table, scope, after, descending, wanted),
      uuidOf: (model) => model.uuid,
    },
    request,
  );
}

async function* readModels(
  table: Table,
  scope: Scope,
  after: BayModel | undefined,
  descending: boolean,
  wanted: number,
): AsyncGenerator<BayModel> {
  const shared = { index: "type", pk: PUBLIC_BAY_MODELS } as const;
  const partitions: readonly IndexPartition[] = scope.allProjects
    ? [shared, ...privateBayModelShards().map((pk) => ({ index: "type", pk }) as const)]
    : [shared, { index: "project", pk: projectBayModels(scope.projectId) }];
  const range = {
    ...(after && { after: { ...bayModelKey(after.projectId, after.uuid), indexSk: creationKey(after) } }),
    descending,
    pageItems: wanted,
  };
  for await (const item of readInOrder(table, partitions, range)) yield recordFromItem(bayModelShape, item).state;
}
