/**
 * /v1/quotas: how many clusters (and bays: they are the same) a project may have (cluster sheet 13). Administrators set
 * limits, projects read their own. They are there at every version: 1.6, which brought them, gates nothing.
 */
import { Rejected } from "@jeroboam/core/errors";
import type { PolicyTarget } from "@jeroboam/core/identity/policy";
import { limits } from "@jeroboam/core/limits";
import type { ProjectLimit } from "@jeroboam/core/quota/list-quotas";
import { listLimits } from "@jeroboam/core/quota/list-quotas";
import { changeLimit, createLimit, readQuota, removeLimit } from "@jeroboam/core/quota/quota";
import type { ApiRequest, Reply, Route } from "../route.ts";
import { defineRoute } from "../route.ts";
import { viewDefaultQuota, viewQuota } from "../views/quotas.ts";
import { invalid } from "../wire/attributes.ts";
import type { ListQuery, SortKeys } from "../wire/list.ts";
import { listReply, readListQuery } from "../wire/list.ts";
import { QUOTA_RESOURCE, readQuotaChange, readQuotaWish } from "../wire/quota.ts";
import { boolean } from "../wire/types.ts";
import { describeQuery } from "../wire/reader.ts";
import type { QueryArguments } from "../wire/reader.ts";
import type { Minor } from "../microversion.ts";

const ITEM = "/v1/quotas/:ident/:resource";

const SORT_KEYS: SortKeys<ProjectLimit> = {
  project_id: ({ projectId }) => projectId,
  resource: () => QUOTA_RESOURCE,
  hard_limit: ({ hardLimit }) => hardLimit,
  updated_at: ({ updatedAtMs }) => updatedAtMs,
};

interface QuotaQuery extends ListQuery<ProjectLimit> {
  readonly isOfAll: boolean;
}

const readPage = readListQuery(SORT_KEYS, /^\d{1,15}$/);

function readQuery({ all_tenants: all, ...rest }: QueryArguments, minor: Minor): QuotaQuery {
  const read = boolean.safeParse(all ?? "false");
  if (!read.success) throw invalid("all_tenants", all, "Value should be a boolean");
  return { ...readPage(rest, minor), isOfAll: read.data };
}

/** Half of a quota's path: which resource's is not said. */
const halfRoute = (method: "GET" | "PATCH" | "DELETE", rule: string): Route =>
  defineRoute({
    method,
    path: "/v1/quotas/:ident",
    rule,
    answers: {},
    run: () => Promise.reject(new Rejected(400, "Missing argument: the resource, as in /quotas/PROJECT/Cluster")),
  });

export const quotas: readonly Route[] = [
  halfRoute("GET", "quota:get"),
  halfRoute("PATCH", "quota:update"),
  halfRoute("DELETE", "quota:delete"),
  defineRoute({
    method: "GET",
    path: "/v1/quotas",
    rule: "quota:get_all",
    query: describeQuery([{ name: "all_tenants", schema: { type: "boolean" } }, ...readPage.parameters], readQuery),
    answers: { 200: { list: "quota", key: "quotas" } },
    async run(request, { query, scope }) {
      const page = await listLimits(request.ports.table, { ...scope, allProjects: query.isOfAll }, query.request);
      return listReply(request, query, page, {
        path: "quotas",
        key: "quotas",
        nextOn: "full",
        uuidOf: ({ id }) => String(id),
        view: viewQuota,
        filters: query.isOfAll ? { all_tenants: "True" } : {},
      });
    },
  }),
  defineRoute({
    method: "POST",
    path: "/v1/quotas",
    rule: "quota:create",
    body: readQuotaWish,
    answers: { 201: "quota" },
    async run(request, { body: { projectId, hardLimit } }) {
      await requireProject(request, projectId);
      const created = await createLimit(request.ports, projectId, hardLimit);
      const { keyed } = request;
      const { limit } = created.kind === "created" ? created : await readQuota(request.ports.table, projectId);
      // The same request may have set it before.
      const isOurs = created.kind === "created" || (limit && keyed && limit.createdAtMs >= keyed.startedAtMs);
      if (!limit || !isOurs)
        throw new Rejected(409, `Quota for project ${projectId} already exists for resource ${QUOTA_RESOURCE}.`);
      return { status: 201, body: viewQuota({ ...limit, projectId }) };
    },
  }),
  defineRoute({
    method: "GET",
    path: ITEM,
    rule: "quota:get",
    find: findProject,
    answers: { 200: "quota" },
    run: show,
  }),
  defineRoute({
    method: "PATCH",
    path: ITEM,
    rule: "quota:update",
    body: readQuotaChange,
    answers: { 202: "quota" },
    async run(request, { body: { projectId, hardLimit } }) {
      const { ident } = request;
      if (projectId !== undefined && projectId !== ident)
        throw invalid("project_id", projectId, "Value should be the one of the path");
      requireResource(request);
      const limit = await changeLimit(request.ports, ident, hardLimit);
      if (!limit) throw absent(request);
      // Done, not only accepted: there is nothing to come back for.
      return { status: 202, body: viewQuota({ ...limit, projectId: ident }), isSettled: true };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: ITEM,
    rule: "quota:delete",
    answers: { 204: null },
    async run(request) {
      requireResource(request);
      if (!(await removeLimit(request.ports, request.ident))) throw absent(request);
      return { status: 204 };
    },
  }),
];

/** Whose quota it is: another project's is refused, not hidden (cluster sheet 13). */
function findProject({ ident, caller }: ApiRequest): Promise<PolicyTarget> {
  return Promise.resolve({ projectId: ident, userId: caller.userId });
}

/** Whatever the resource: of one that has no quotas the default is told, as Magnum does. */
async function show({ ports, ident, parameter }: ApiRequest): Promise<Reply> {
  const { limit } = await readQuota(ports.table, ident);
  const isSet = limit !== null && parameter("resource") === QUOTA_RESOURCE;
  const fallback = ports.settings.bayQuota ?? limits.quota.defaultBays;
  return {
    status: 200,
    body: isSet ? viewQuota({ ...limit, projectId: ident }) : viewDefaultQuota(ident, fallback),
  };
}

async function requireProject({ ports, caller }: ApiRequest, projectId: string): Promise<void> {
  const found = await ports.lookups(caller).project(projectId);
  if (found.kind === "missing") throw new Rejected(404, `Project ${projectId} could not be found.`);
  if (found.kind === "refused") {
    const status = found.cause === "unauthorized" ? 401 : found.cause === "forbidden" ? 403 : 400;
    throw new Rejected(status, `Project ${projectId} could not be looked up: ${found.reason}.`);
  }
}

function requireResource(request: ApiRequest): void {
  if (request.parameter("resource") !== QUOTA_RESOURCE) throw absent(request);
}

function absent({ ident, parameter }: ApiRequest): Rejected {
  return new Rejected(404, `Quota could not be found: project ${ident}, resource ${parameter("resource")}.`);
}
