/** What all collections of a project's own records have in common: lists, brief and in full, and the record of a path. */
import { findBay } from "@jeroboam/core/bay/find-bay";
import { Rejected } from "@jeroboam/core/errors";
import type { ProjectRecord, ProjectRecordShape } from "@jeroboam/core/listing/project-record";
import { findProjectRecord, listProjectRecords, projectRecordKey } from "@jeroboam/core/listing/project-record";
import type { PolicyTarget } from "@jeroboam/core/identity/policy";
import type { WorkRecord } from "@jeroboam/core/operation/record";
import { madeUnderKey } from "../idempotency.ts";
import type { ApiRequest, Route } from "../route.ts";
import { defineRoute } from "../route.ts";
import type { SortKeys } from "../wire/list.ts";
import { listReply, readListQuery } from "../wire/list.ts";
import type { ShapeName } from "../description/shapes.ts";

export interface RecordCollection<State extends ProjectRecord> {
  /** In paths and lists. */
  readonly collection: string;
  /** In rules. */
  readonly rules: string;
  /** In texts. */
  readonly noun: string;
  readonly shape: ProjectRecordShape<State>;
  readonly sortKeys: SortKeys<WorkRecord<State>>;
  readonly view: (state: State, base: string) => object;
  readonly viewBrief: (state: State, base: string) => object;
  /** What the two look like. */
  readonly answer: ShapeName;
  readonly answerBrief: ShapeName;
}

/** `GET /v1/things` and `GET /v1/things/detail`. */
export function listRoutes<State extends ProjectRecord>(things: RecordCollection<State>): readonly Route[] {
  const { collection, rules, view, viewBrief, answer, answerBrief } = things;
  return [
    listRoute(things, { path: collection, rule: `${rules}:get_all`, answer: answerBrief }, viewBrief),
    listRoute(things, { path: `${collection}/detail`, rule: `${rules}:detail`, answer }, view),
  ];
}

function listRoute<State extends ProjectRecord>(
  { collection, shape, sortKeys }: RecordCollection<State>,
  { path, rule, answer }: { readonly path: string; readonly rule: string; readonly answer: ShapeName },
  view: RecordCollection<State>["view"],
): Route {
  const query = readListQuery(sortKeys);
  return defineRoute({
    method: "GET",
    path: `/v1/${path}`,
    rule,
    query,
    answers: { 200: { list: answer, key: collection } },
    async run(request, input) {
      const page = await listProjectRecords(request.ports.table, shape, input.scope.projectId, input.query.request);
      return listReply(request, input.query, page, {
        path,
        key: collection,
        nextOn: "more",
        uuidOf: ({ state }) => state.uuid,
        view: ({ state }) => view(state, request.base),
      });
    },
  });
}

/** A record as policy is asked about it. */
export interface RecordTarget<State> extends PolicyTarget {
  readonly record: WorkRecord<State>;
}

/** The record that the path names, of the caller's project. */
export async function requireRecord<State extends ProjectRecord>(
  { noun, shape }: Pick<RecordCollection<State>, "noun" | "shape">,
  { ports, caller, ident }: ApiRequest,
): Promise<RecordTarget<State>> {
  const found = await findProjectRecord(ports.table, shape, caller.projectId, ident);
  switch (found.kind) {
    case "found":
      return { projectId: found.record.state.projectId, userId: found.record.state.userId, record: found.record };
    case "absent":
      throw new Rejected(404, `${noun} ${ident} could not be found.`);
    case "ambiguous":
      throw new Rejected(409, `Multiple objects of ${noun} are named ${ident}. Please use the uuid instead.`);
    default:
      return found satisfies never;
  }
}

/** What a request under a key, which came before, has made already; absent: what is there is another's. */
export async function madeBefore<State extends ProjectRecord>(
  request: ApiRequest,
  shape: ProjectRecordShape<State>,
  uuid: string | undefined = request.keyed?.uuid,
): Promise<State | undefined> {
  const key = projectRecordKey(shape, request.caller.projectId, uuid ?? "");
  return (await madeUnderKey(request, { shape, key }))?.state;
}

/** What every such record can be sorted by. */
export function commonSortKeys<State extends ProjectRecord>(): SortKeys<WorkRecord<State>> {
  return {
    uuid: ({ state }) => state.uuid,
    project_id: ({ state }) => state.projectId,
    user_id: ({ state }) => state.userId,
    updated_at: ({ state }) => state.updatedAtMs,
  };
}

/** The bay that a record is to hang on. */
export async function requireBayUuid({ ports, caller }: ApiRequest, ident: string): Promise<string> {
  const found = await findBay(ports.table, { projectId: caller.projectId, allProjects: false }, ident);
  if (found.kind === "absent") throw new Rejected(400, `Bay ${ident} could not be found.`);
  if (found.kind === "ambiguous")
    throw new Rejected(409, `Multiple objects of Bay are named ${ident}. Please use the uuid instead.`);
  return found.bay.record.state.uuid;
}
