/**
 * /v1/hooks (ours): addresses by which a project's own automations have one thing done to one bay (docs/webhooks.md). The
 * calls themselves come to signed.ts.
 */
import { findBayByUuid } from "@jeroboam/core/bay/find-bay";
import { Rejected } from "@jeroboam/core/errors";
import type { Hook } from "@jeroboam/core/hook/hook";
import { changeHook, createHook, hookShape } from "@jeroboam/core/hook/hook";
import { limits } from "@jeroboam/core/limits";
import { deletePlacedRecord } from "@jeroboam/core/listing/project-places";
import type { WorkRecord } from "@jeroboam/core/operation/record";
import type { ApiRequest, Route } from "../route.ts";
import { defineRoute, requireRule } from "../route.ts";
import { viewHook } from "../views/hooks.ts";
import type { HookRequest } from "../wire/hook.ts";
import { readHookChange, readHookWish } from "../wire/hook.ts";
import { requireReferences } from "./cloud-checks.ts";
import type { RecordTarget } from "./project-records.ts";
import { commonSortKeys, listRoutes, requireBayUuid, requireRecord } from "./project-records.ts";
import { requireModel, requireUpgradable } from "./upgrades.ts";

const PATH = "/v1/hooks";

const HOOKS = {
  collection: "hooks",
  rules: "hook",
  noun: "Hook",
  shape: hookShape,
  sortKeys: {
    ...commonSortKeys<Hook>(),
    name: ({ state }: WorkRecord<Hook>) => state.name,
    bay_uuid: ({ state }: WorkRecord<Hook>) => state.bayUuid,
  },
  view: viewHook,
  viewBrief: viewHook,
  answer: "hook",
  answerBrief: "hook",
} as const;

const find = (request: ApiRequest): Promise<RecordTarget<Hook>> => requireRecord(HOOKS, request);
const absent = ({ ident }: ApiRequest): Rejected => new Rejected(404, `Hook ${ident} could not be found.`);

export const hooks: readonly Route[] = [
  defineRoute({
    method: "POST",
    path: PATH,
    rule: "hook:create",
    body: readHookWish,
    answers: { 201: "hookWithSecret" },
    async run(request, { body: { bay: ident, allows: asked, ...wish } }) {
      const { ports, caller, base } = request;
      const bayUuid = await requireBayUuid(request, ident);
      const allows = await requireMayDo(request, bayUuid, asked);
      const made = await createHook(ports, caller, { ...wish, bayUuid, allows });
      if (made.kind === "too-many") throw new Rejected(403, `A project has at most ${limits.hook.perProject} hooks`);
      await requireStanding(request, bayUuid, made.record, ident);
      const { state } = made.record;
      const headers = { Location: `${base}${PATH}/${state.uuid}` };
      return { status: 201, body: { ...viewHook(state, base), secret: made.secret }, headers };
    },
  }),
  ...listRoutes(HOOKS),
  defineRoute({
    method: "GET",
    path: `${PATH}/:ident`,
    rule: "hook:get",
    answers: { 200: "hook" },
    find,
    run: ({ base }, { target }) => Promise.resolve({ status: 200, body: viewHook(target.record.state, base) }),
  }),
  defineRoute({
    method: "PATCH",
    path: `${PATH}/:ident`,
    rule: "hook:update",
    body: readHookChange,
    find,
    answers: { 200: "hook" },
    async run(request, { body, target }) {
      const changed = await changeHook(request.ports, target.record, body);
      if (!changed) throw absent(request);
      return { status: 200, body: viewHook(changed.state, request.base) };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: `${PATH}/:ident`,
    rule: "hook:delete",
    find,
    answers: { 204: null },
    async run(request, { target }) {
      if ((await deletePlacedRecord(request.ports.table, hookShape, target.record)) === "absent") throw absent(request);
      return { status: 204 };
    },
  }),
];

/** A bay that goes meanwhile may not have seen the hook, which would be left: it is taken back. */
async function requireStanding(
  { ports, caller }: ApiRequest,
  bayUuid: string,
  hook: WorkRecord<Hook>,
  ident: string,
): Promise<void> {
  const bay = await findBayByUuid(ports.table, { projectId: caller.projectId, allProjects: false }, bayUuid);
  if (bay && bay.record.state.status !== "DELETE_IN_PROGRESS") return;
  await deletePlacedRecord(ports.table, hookShape, hook);
  throw new Rejected(400, `Bay ${ident} could not be found.`);
}

/** Nobody gives away what they may not do themselves, nor what cannot be done. */
async function requireMayDo(
  request: ApiRequest,
  bayUuid: string,
  asked: HookRequest["allows"],
): Promise<Hook["allows"]> {
  const { ports, caller } = request;
  const scope = { projectId: caller.projectId, allProjects: false };
  const bay = await findBayByUuid(ports.table, scope, bayUuid);
  requireRule(request, asked.action === "resize" ? "bay:update" : "cluster:upgrade", bay?.record.state);
  if (asked.action === "resize") return asked;
  if (!bay) throw new Rejected(400, `Bay ${bayUuid} could not be found.`);
  const { action, bayModels, maxBatchSize } = asked;
  const models = await Promise.all(bayModels.map((ident) => requireModel(ports.table, caller.projectId, ident)));
  for (const model of models) {
    await requireUpgradable(request, bay, model);
    await requireReferences(request, { imageId: model.imageId });
  }
  return { action, bayModelIds: models.map(({ uuid }) => uuid), maxBatchSize };
}
