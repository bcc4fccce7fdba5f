/**
 * What the routes of pods, services, replication controllers and containers have in common: lists, of the project or of
 * one bay, and the one record that a path names, each brought up to date by a look at the bays it is about.
 */
import { deleteResource } from "@jeroboam/core/container/accept-resource";
import type { ContainerResource, ResourceShape } from "@jeroboam/core/container/resource";
import { findResource, listResources } from "@jeroboam/core/container/resource";
import { Rejected } from "@jeroboam/core/errors";
import type { PolicyTarget } from "@jeroboam/core/identity/policy";
import { listProjectRecords } from "@jeroboam/core/listing/project-record";
import type { WorkRecord } from "@jeroboam/core/operation/record";
import type { ApiRequest, Route } from "../route.ts";
import { defineRoute, refuseArguments } from "../route.ts";
import type { View } from "../views/container-resources.ts";
import type { ListQuery, SortKeys } from "../wire/list.ts";
import { listReply, readListQuery } from "../wire/list.ts";
import { commonSortKeys } from "./project-records.ts";
import { requireSelectedBay } from "./resource-requests.ts";
import { describeQuery } from "../wire/reader.ts";
import type { QueryParameter } from "../wire/reader.ts";
import type { ShapeName } from "../description/shapes.ts";

export interface ResourceCollection<State extends ContainerResource> {
  /** In paths and lists. */
  readonly collection: string;
  /** In rules. */
  readonly rules: string;
  /** In texts. */
  readonly noun: string;
  readonly shape: ResourceShape<State>;
  /** Whether an item is named together with its bay, and a list is always of one bay (bay-era sheet 3). */
  readonly itemNeedsBay: boolean;
  readonly listNeedsBay: boolean;
  readonly view: View<State>;
  readonly viewBrief: View<State>;
  /** What the two look like. */
  readonly answer: ShapeName;
  readonly answerBrief: ShapeName;
}

/** A record as policy is asked about it. */
export interface ResourceTarget<State> extends PolicyTarget {
  readonly record: WorkRecord<State>;
}

export function resourceListRoutes<State extends ContainerResource>(
  things: ResourceCollection<State>,
): readonly Route[] {
  const { collection, rules, view, viewBrief, answer, answerBrief } = things;
  return [
    listRoute(things, { path: collection, rule: `${rules}:get_all`, answer: answerBrief }, viewBrief),
    listRoute(things, { path: `${collection}/detail`, rule: `${rules}:detail`, answer }, view),
  ];
}

/** `GET` and `DELETE` of an item, at each of its paths. */
export function resourceItemRoutes<State extends ContainerResource>(
  things: ResourceCollection<State>,
): readonly Route[] {
  const { rules, shape, view } = things;
  const find = findItem(things);
  return itemPaths(things).flatMap((path) => [
    defineRoute({
      method: "GET",
      path,
      rule: `${rules}:get`,
      query: readBayArgument,
      find,
      answers: { 200: things.answer },
      async run(request, { target }) {
        const [record = target.record] = await upToDate(request, [target.record]);
        return { status: 200, body: view(record, request.base) };
      },
    }),
    defineRoute({
      method: "DELETE",
      path,
      rule: `${rules}:delete`,
      query: readBayArgument,
      find,
      answers: { 204: null },
      async run(request, { target }) {
        const deleted = await deleteResource(request.ports, shape, target.record.key);
        if (deleted.kind === "absent") throw notFound(things, request);
        return { status: 204 };
      },
    }),
  ]);
}

/** `/v1/pods/POD`, and where the bay may be named in the path, `/v1/pods/POD/BAY`. */
export function itemPaths({
  collection,
  itemNeedsBay,
}: Pick<ResourceCollection<never>, "collection" | "itemNeedsBay">) {
  const item = `/v1/${collection}/:ident`;
  return itemNeedsBay ? [item, `${item}/:bay`] : [item];
}

const BAY_ARGUMENT: QueryParameter = { name: "bay_ident", schema: { type: "string" } };

export const readBayArgument = describeQuery([BAY_ARGUMENT], ({ bay_ident: bay, ...rest }): string | undefined => {
  refuseArguments(rest);
  return bay;
});

/** The record that the path, and the bay beside it, name. */
export function findItem<State extends ContainerResource>(things: ResourceCollection<State>) {
  const { noun, shape, itemNeedsBay } = things;
  return async (
    request: ApiRequest,
    _scope: unknown,
    _body: unknown,
    bayArgument: string | undefined,
  ): Promise<ResourceTarget<State>> => {
    const { ports, caller, ident } = request;
    const bayIdent = request.parameter("bay") || bayArgument;
    if (itemNeedsBay && !bayIdent) throw new Rejected(400, 'Missing argument: "bay_ident"');
    const bay = bayIdent ? await requireSelectedBay(request, bayIdent) : undefined;
    const place = { projectId: caller.projectId, bayUuid: bay?.record.state.uuid };
    const found = await findResource(ports.table, shape, place, ident);
    switch (found.kind) {
      case "found":
        return { projectId: found.record.state.projectId, userId: found.record.state.userId, record: found.record };
      case "absent":
        throw notFound(things, request);
      case "ambiguous":
        throw new Rejected(409, `Multiple objects of ${noun} are named ${ident}. Please use the uuid instead.`);
      default:
        return found satisfies never;
    }
  };
}

export function notFound({ noun }: { readonly noun: string }, { ident }: Pick<ApiRequest, "ident">): Rejected {
  return new Rejected(404, `${noun} ${ident} could not be found.`);
}

interface ResourceListQuery<State> {
  readonly bay: string | undefined;
  readonly list: ListQuery<WorkRecord<State>>;
}

function listRoute<State extends ContainerResource>(
  { collection, shape, listNeedsBay }: ResourceCollection<State>,
  { path, rule, answer }: { readonly path: string; readonly rule: string; readonly answer: ShapeName },
  view: View<State>,
): Route {
  const readList = readListQuery(sortKeys<State>());
  return defineRoute({
    method: "GET",
    path: `/v1/${path}`,
    rule,
    query: describeQuery(
      [{ ...BAY_ARGUMENT, required: listNeedsBay }, ...readList.parameters],
      ({ bay_ident: bay, ...rest }, minor): ResourceListQuery<State> => {
        if (listNeedsBay && !bay) throw new Rejected(400, 'Missing argument: "bay_ident"');
        return { bay, list: readList(rest, minor) };
      },
    ),
    answers: { 200: { list: answer, key: collection } },
    async run(request, { query: { bay, list } }) {
      const { table } = request.ports;
      const { projectId } = request.caller;
      const selected = bay ? (await requireSelectedBay(request, bay)).record.state : undefined;
      const page = selected
        ? await listResources(table, shape, selected, list.request)
        : await listProjectRecords(table, shape, projectId, list.request);
      const current = page.kind === "page" ? { ...page, entries: await upToDate(request, page.entries) } : page;
      return listReply(request, list, current, {
        path,
        key: collection,
        nextOn: "more",
        uuidOf: ({ state }) => state.uuid,
        view: (record) => view(record, request.base),
        ...(selected && { filters: { bay_ident: selected.uuid } }),
      });
    },
  });
}

/** The records as their bays have them now; which and in which order stays as it is. */
async function upToDate<State extends ContainerResource>(
  { ports }: ApiRequest,
  records: readonly WorkRecord<State>[],
): Promise<readonly WorkRecord<State>[]> {
  const bays = new Map(
    records.map(({ state }) => [state.bayUuid, { uuid: state.bayUuid, projectId: state.projectId }]),
  );
  const seen = await ports.lookAt([...bays.values()]);
  // A uuid is of one kind for ever.
  return records.map((record) => (seen.get(record.state.uuid) as WorkRecord<State> | undefined) ?? record);
}

/** What every kind has; sorting by what only one kind has is of no use to anybody. */
function sortKeys<State extends ContainerResource>(): SortKeys<WorkRecord<State>> {
  return {
    ...commonSortKeys<State>(),
    name: ({ state }) => state.name,
    bay_uuid: ({ state }) => state.bayUuid,
    status: ({ state }) => state.status,
  };
}
