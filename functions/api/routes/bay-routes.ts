/**
 * The routes of bays and of clusters: one set of use-cases, of which each generation shows its own attributes, words and
 * codes (bays.ts, clusters.ts).
 */
import { deleteBay } from "@jeroboam/core/bay/change-bay";
import type { BayWithSpecification } from "@jeroboam/core/bay/find-bay";
import { findBay } from "@jeroboam/core/bay/find-bay";
import { listBays } from "@jeroboam/core/bay/list-bays";
import { Rejected } from "@jeroboam/core/errors";
import type { PolicyTarget } from "@jeroboam/core/identity/policy";
import { summarise } from "@jeroboam/core/node-group/bay-summary";
import type { Scope } from "@jeroboam/core/identity/scope";
import type { JsonObject } from "@jeroboam/core/json";
import { readWait } from "../long-poll.ts";
import type { ApiRequest, Reply, Route, Answers } from "../route.ts";
import { defineRoute } from "../route.ts";
import type { BayWish } from "../wire/bay.ts";
import type { SortKeys } from "../wire/list.ts";
import { listReply, readListQuery } from "../wire/list.ts";
import type { PatchOperation, PatchRules } from "../wire/patch.ts";
import { bayEventsRoute } from "./bay-events.ts";
import { bayRepairRoutes } from "./bay-repairs.ts";
import { notFound } from "./bay-requests.ts";
import type { BodyReader, QueryReader } from "../wire/reader.ts";
import { patchReader } from "../wire/patch.ts";
import type { ShapeName } from "../description/shapes.ts";

export interface BayGeneration {
  /** In paths and lists. */
  readonly collection: "bays" | "clusters";
  /** In rules. */
  readonly rules: "bay" | "cluster";
  /** In texts. */
  readonly noun: string;
  /** Whether administrators reach every project's. */
  readonly hasAllProjectsRules: boolean;
  readonly nextOn: "more" | "full";
  readonly sortKeys: SortKeys<BayWithSpecification>;
  readonly view: (request: ApiRequest, bay: BayWithSpecification) => JsonObject;
  /** What showing one tells that a list does not. */
  readonly viewMore?: (bay: BayWithSpecification) => JsonObject;
  readonly viewBrief: (request: ApiRequest, bay: BayWithSpecification) => JsonObject;
  /** What one looks like in full, and in a list. */
  readonly answer: ShapeName;
  readonly answerBrief: ShapeName;
  readonly readWish: BodyReader<BayWish>;
  readonly created: Answers;
  readonly create: (request: ApiRequest, wish: BayWish) => Promise<Reply>;
  readonly patch: PatchRules;
  /** What the query of a patch may hold: whether Heat is to roll back when the update fails. */
  readonly readRollback: QueryReader<boolean>;
  readonly updated: Answers;
  readonly update: (request: ApiRequest, bay: BayWithSpecification, patch: BayPatch) => Promise<Reply>;
}

export interface BayPatch {
  readonly operations: readonly PatchOperation[];
  readonly rollback: boolean;
}

/** A bay as policy is asked about it. */
export interface BayTarget extends PolicyTarget {
  readonly bay: BayWithSpecification;
}

export function bayRoutes(generation: BayGeneration): readonly Route[] {
  const { collection, rules, hasAllProjectsRules, create, update, view, viewBrief } = generation;
  const path = `/v1/${collection}`;
  const item = `${path}/:ident`;
  const inAllProjects = (verb: string): string | undefined =>
    hasAllProjectsRules ? `${rules}:${verb}_all_projects` : undefined;
  const find = (request: ApiRequest, scope: Scope): Promise<BayTarget> => requireBay(generation, request, scope);
  return [
    defineRoute({
      method: "POST",
      path,
      rule: `${rules}:create`,
      body: generation.readWish,
      answers: generation.created,
      run: (request, { body }) => create(request, body),
    }),
    listRoute(
      generation,
      { path, rule: `${rules}:get_all`, inAllProjects: inAllProjects("get_all"), answer: generation.answerBrief },
      viewBrief,
    ),
    listRoute(
      generation,
      {
        path: `${path}/detail`,
        rule: `${rules}:detail`,
        inAllProjects: inAllProjects("detail"),
        answer: generation.answer,
      },
      view,
    ),
    defineRoute({
      method: "GET",
      path: item,
      rule: `${rules}:get`,
      allProjectsRule: inAllProjects("get_one"),
      query: readWait,
      find,
      answers: { 200: generation.answer },
      async run(request, { target, scope, query: ms }) {
        const { ports, signal } = request;
        const bay =
          ms > 0 && ports.longPoll
            ? await ports.longPoll.until(async () => (await find(request, scope)).bay, isSettled, { ms, signal })
            : target.bay;
        return { status: 200, body: { ...view(request, bay), ...generation.viewMore?.(bay) } };
      },
    }),
    ...bayRepairRoutes({ path, rules, noun: generation.noun }, find),
    bayEventsRoute(path, { rule: `${rules}:get`, allProjectsRule: inAllProjects("get_one") }, find),
    defineRoute({
      method: "PATCH",
      path: item,
      takesKey: true,
      rule: `${rules}:update`,
      allProjectsRule: inAllProjects("update"),
      query: generation.readRollback,
      body: patchReader(generation.patch),
      find,
      answers: generation.updated,
      run: (request, { body, query, target }) => update(request, target.bay, { operations: body, rollback: query }),
    }),
    defineRoute({
      method: "DELETE",
      path: item,
      rule: `${rules}:delete`,
      allProjectsRule: inAllProjects("delete"),
      find,
      answers: { 204: null },
      async run(request, { target }) {
        const deleted = await deleteBay(request.ports, target.bay.record);
        if (deleted.kind === "absent") throw notFound(generation.noun, request.ident);
        return { status: 204 };
      },
    }),
  ];
}

function isSettled({ record, ...rest }: BayWithSpecification): boolean {
  return !summarise({ bay: record.state, ...rest }).status.endsWith("_IN_PROGRESS");
}

function listRoute(
  { collection, nextOn, sortKeys }: BayGeneration,
  {
    path,
    rule,
    inAllProjects,
    answer,
  }: { path: string; rule: string; inAllProjects: string | undefined; answer: ShapeName },
  view: BayGeneration["view"],
): Route {
  const query = readListQuery(sortKeys);
  return defineRoute({
    method: "GET",
    path,
    rule,
    allProjectsRule: inAllProjects,
    query,
    answers: { 200: { list: answer, key: collection } },
    async run(request, input) {
      const page = await listBays(request.ports.table, input.scope, input.query.request);
      return listReply(request, input.query, page, {
        path: path.slice("/v1/".length),
        key: collection,
        nextOn,
        uuidOf: ({ record }) => record.state.uuid,
        view: (bay) => view(request, bay),
      });
    },
  });
}

/** The bay that the path names. */
export async function requireBay(
  { noun }: Pick<BayGeneration, "noun">,
  { ports, ident }: ApiRequest,
  scope: Scope,
): Promise<BayTarget> {
  const found = await findBay(ports.table, scope, ident);
  if (found.kind === "absent") throw notFound(noun, ident);
  if (found.kind === "ambiguous")
    throw new Rejected(409, `Multiple objects of ${noun} are named ${ident}. Please use the uuid instead.`);
  const { projectId, userId } = found.bay.record.state;
  return { projectId, userId, bay: found.bay };
}
