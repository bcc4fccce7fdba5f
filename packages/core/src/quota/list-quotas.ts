/** The limits that administrators set, page by page; those of projects where nobody set one are in no list. */
import type { Scope } from "../identity/scope.ts";
import { readInOrder } from "../listing/ordered-items.ts";
import type { ListPage, ListRequest } from "../listing/page.ts";
import { listPage } from "../listing/page.ts";
import type { Table } from "../table/table.ts";
import type { QuotaLimit } from "./quota.ts";
import { QUOTA_LIMITS, limitPosition, quotaFromItem, readQuota } from "./quota.ts";

/** A limit that is set. */
export interface ProjectLimit extends QuotaLimit {
  readonly projectId: string;
}

export function listLimits(
  table: Table,
  scope: Scope,
  request: ListRequest<ProjectLimit>,
): Promise<ListPage<ProjectLimit>> {
  return listPage(
    {
      find: (id) => findLimit(table, scope, Number(id)),
      read: (after, descending, wanted) => readLimits(table, scope, { after, descending, wanted }),
      uuidOf: ({ id }) => String(id),
    },
    request,
  );
}

async function findLimit(table: Table, scope: Scope, id: number): Promise<ProjectLimit | undefined> {
  const sk = limitPosition(id);
  const { items } = await table.queryIndex("type", QUOTA_LIMITS, { prefix: sk, limit: 1 });
  const [projectId] = items.map((item) => quotaFromItem(item).projectId);
  if (projectId === undefined || (!scope.allProjects && projectId !== scope.projectId)) return undefined;
  const { limit } = await readQuota(table, projectId);
  return limit?.id === id ? { ...limit, projectId } : undefined;
}

async function* readLimits(
  table: Table,
  { projectId, allProjects }: Scope,
  { after, descending, wanted }: { after: ProjectLimit | undefined; descending: boolean; wanted: number },
): AsyncGenerator<ProjectLimit> {
  if (!allProjects) {
    const { limit } = await readQuota(table, projectId);
    if (limit && after === undefined) yield { ...limit, projectId };
    return;
  }
  const position = after && { pk: `quota#${after.projectId}`, sk: "bays", indexSk: limitPosition(after.id) };
  const range = { ...(position && { after: position }), descending, pageItems: wanted };
  for await (const item of readInOrder(table, [{ index: "type", pk: QUOTA_LIMITS }], range)) {
    const quota = quotaFromItem(item);
    if (quota.limit) yield { ...quota.limit, projectId: quota.projectId };
  }
}
