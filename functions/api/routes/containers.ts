/**
 * /v1/containers with their actions (bay-era sheet 3.4, 6). Actions are done by a conductor, in the order in which they
 * were asked for; logs and what a command prints are read at once.
 */
import { splitCommand } from "@jeroboam/coe/engines/command-words";
import type { ContainerEngine, Output } from "@jeroboam/coe/engines/container-engine";
import { askForAction, changeResource, createResource } from "@jeroboam/core/container/accept-resource";
import type { Container } from "@jeroboam/core/container/resource";
import { containerActionSchema, resourceShapes } from "@jeroboam/core/container/resource";
import { findBayByUuid } from "@jeroboam/core/bay/find-bay";
import { Rejected } from "@jeroboam/core/errors";
import type { JsonObject } from "@jeroboam/core/json";
import type { WorkRecord } from "@jeroboam/core/operation/record";
import type { ApiRequest, Reply, Route } from "../route.ts";
import { defineRoute, refuseArguments } from "../route.ts";
import { viewBriefContainer, viewContainer } from "../views/container-resources.ts";
import { readAttributes } from "../wire/attributes.ts";
import { command, readContainerWish, RESOURCE_PATCHES } from "../wire/container-resource.ts";
import type { ContainerWish } from "../wire/container-resource.ts";
import type { PatchOperation } from "../wire/patch.ts";
import { applyPatch, patchReader } from "../wire/patch.ts";
import { z } from "zod";
import { awaitEnd, madeEarlier, requireAbility, requireFreeName, requireReadyBay } from "./resource-requests.ts";
import { findItem, notFound, readBayArgument, resourceItemRoutes, resourceListRoutes } from "./resource-routes.ts";
import { describeBody, describeQuery } from "../wire/reader.ts";
import type { QueryArguments } from "../wire/reader.ts";

const PATH = "/v1/containers";

const CONTAINERS = {
  collection: "containers",
  rules: "container",
  noun: "Container",
  shape: resourceShapes.container,
  itemNeedsBay: false,
  listNeedsBay: false,
  view: viewContainer,
  viewBrief: viewBriefContainer,
  answer: "container",
  answerBrief: "containerBrief",
} as const;

const find = findItem(CONTAINERS);

const EXECUTION = { argument: "container", schema: z.strictObject({ command }), readOnly: [] };

export const containers: readonly Route[] = [
  defineRoute({
    method: "POST",
    path: PATH,
    rule: "container:create",
    body: readContainerWish,
    answers: { 201: "container" },
    run: (request, { body }) => create(request, body),
  }),
  ...resourceListRoutes(CONTAINERS),
  ...containerActionSchema.options.flatMap((action) =>
    pathsOf(action).map((path) =>
      defineRoute({
        method: "PUT",
        path,
        rule: `container:${action}`,
        query: readBayArgument,
        find,
        answers: { 200: "nothing" },
        async run(request, { target: { record } }) {
          requireAbility(record.state.coe, action);
          const asked = await askForAction(request.ports, record.key, action);
          if (asked.kind === "absent") throw notFound(CONTAINERS, request);
          if (asked.kind === "busy")
            throw new Rejected(409, `Too many actions wait to be done to container ${request.ident}.`);
          const { failure } = (await awaitEnd(request, resourceShapes.container, asked.record)).state;
          if (failure !== null) throw new Rejected(409, `Container ${request.ident}: ${failure}`);
          return { status: 200, body: null };
        },
      }),
    ),
  ),
  ...pathsOf("logs").map((path) =>
    defineRoute({
      method: "GET",
      path,
      rule: "container:logs",
      query: readBayArgument,
      find,
      answers: { 200: "output" },
      run: (request, { target: { record } }) =>
        ask(request, record, "logs", (engine, { uuid, name }) => engine.readLogs({ uuid, name }, request.signal)),
    }),
  ),
  ...pathsOf("execute").map((path) =>
    defineRoute({
      method: "PUT",
      path,
      rule: "container:execute",
      query: describeQuery([{ name: "command", schema: { type: "string" } }], readCommandArgument),
      body: describeBody({ kind: "object", schema: EXECUTION.schema, mayBeAbsent: true }, (given) =>
        given === undefined ? undefined : readAttributes(EXECUTION, given).command,
      ),
      find: (request, scope, body) => find(request, scope, body, undefined),
      answers: { 200: "output" },
      run(request, { query, body, target: { record } }) {
        const words = wordsOf(query ?? body);
        return ask(request, record, "execute", (engine, { uuid, name }) =>
          engine.execute({ uuid, name }, words, request.signal),
        );
      },
    }),
  ),
  ...resourceItemRoutes(CONTAINERS),
  defineRoute({
    method: "PATCH",
    path: `${PATH}/:ident`,
    rule: "container:update",
    query: readBayArgument,
    body: patchReader(RESOURCE_PATCHES.container),
    find,
    answers: { 200: "container" },
    run: (request, { body, target }) => update(request, target.record, body),
  }),
];

/** Either word first (bay-era sheet 1.2). */
function pathsOf(action: string): readonly string[] {
  return [`${PATH}/:ident/${action}`, `${PATH}/${action}/:ident`];
}

async function create(request: ApiRequest, { uuid, ...wish }: ContainerWish): Promise<Reply> {
  const { ports, base } = request;
  const { projectId, userId } = request.caller;
  const { bayUuid } = wish;
  const accepted = async (made: WorkRecord<Container>): Promise<Reply> => {
    const record = await awaitEnd(request, resourceShapes.container, made);
    const headers = { Location: `${base}${PATH}/${record.state.uuid}` };
    return { status: 201, body: viewContainer(record, base), headers };
  };
  const earlier = await madeEarlier(request, resourceShapes.container, uuid);
  if (earlier) return accepted(earlier);
  const bay = await requireReadyBay(request, bayUuid, "container");
  await requireFreeName(request, resourceShapes.container, { projectId, bayUuid }, wish.name);
  const { coe } = bay.specification.model;
  const fresh = { coe, status: "Stopped", host: null, asked: [], doneNumber: 0 };
  const state = { ...wish, ...fresh, environment: { ...wish.environment }, projectId, userId };
  const named = { ...state, uuid: uuid ?? request.keyed?.uuid };
  const created = await createResource(ports, resourceShapes.container, named, undefined);
  if (created.kind === "exists") throw new Rejected(409, `A container with UUID ${uuid ?? ""} already exists.`);
  return accepted(created.record);
}

/** A container is what it was made as: of the record only the name changes, which the engine does not know it by. */
async function update(
  request: ApiRequest,
  record: WorkRecord<Container>,
  operations: readonly PatchOperation[],
): Promise<Reply> {
  const { ports, base } = request;
  const { name, image, bayUuid, command: words, memory, environment } = record.state;
  const document: JsonObject = { name, image, bay_uuid: bayUuid, command: words, memory, environment };
  const patched = applyPatch(document, operations);
  const changed = Object.keys(patched).filter((one) => JSON.stringify(patched[one]) !== JSON.stringify(document[one]));
  if (changed.length === 0) return { status: 200, body: viewContainer(record, base) };
  const refused = changed.filter((one) => one !== "name");
  if (refused.length > 0)
    throw new Rejected(400, `Cannot change container property(ies) ${refused.join(", ")}: make another container.`);
  const wish = readContainerWish(patched);
  await requireFreeName(request, resourceShapes.container, { projectId: record.state.projectId, bayUuid }, wish.name);
  const outcome = await changeResource(ports, resourceShapes.container, record.key, {
    changes: { name: wish.name },
    manifest: undefined,
  });
  if (outcome.kind === "absent") throw notFound(CONTAINERS, request);
  return { status: 200, body: viewContainer(outcome.record, base) };
}

function readCommandArgument({ command: given, ...rest }: QueryArguments): string | undefined {
  refuseArguments(rest);
  return given;
}

function wordsOf(given: string | undefined): readonly string[] {
  if (given === undefined || given === "") throw new Rejected(400, 'Missing argument: "command"');
  const read = command.safeParse(given);
  const split = splitCommand(given);
  if (read.success && split.kind === "words") return split.words;
  const why = read.success ? "" : (read.error.issues[0]?.message ?? "");
  throw new Rejected(400, `Invalid input for field/attribute command. ${why}`);
}

/** Something read from the container at once. */
async function ask(
  request: ApiRequest,
  begun: WorkRecord<Container>,
  ability: "logs" | "execute",
  read: (engine: ContainerEngine, container: Container) => Promise<Output>,
): Promise<Reply> {
  requireAbility(begun.state.coe, ability);
  // What was asked for before comes first.
  const { state, operation } = await awaitEnd(request, resourceShapes.container, begun);
  const { ports, caller, ident } = request;
  const bay = await findBayByUuid(ports.table, { projectId: caller.projectId, allProjects: false }, state.bayUuid);
  if (!bay) throw notFound(CONTAINERS, request);
  const opened = await ports.openEngine(bay.record.state, bay.specification);
  if (opened.kind === "closed") throw new Rejected(409, `Container ${ident}: ${opened.reason}`);
  const output = await read(opened.engine, state);
  switch (output.kind) {
    case "output":
      return { status: 200, body: { output: output.text } };
    case "missing":
      throw new Rejected(
        operation ? 409 : 404,
        operation ? `Container ${ident} is not made yet.` : `Container ${ident} is not in its bay any more.`,
      );
    case "refused":
      throw new Rejected(output.status >= 400 && output.status < 500 ? output.status : 409, `Docker: ${output.reason}`);
    case "unsupported":
      throw new Rejected(400, `A ${output.coe} bay cannot ${output.action}.`);
    case "unreachable":
      throw new Rejected(503, `The engine of bay ${state.bayUuid} cannot be asked: ${output.reason}`, {
        "Retry-After": "5",
      });
    default:
      return output satisfies never;
  }
}
