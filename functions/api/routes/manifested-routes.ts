/**
 * The routes of what is made from manifests: pods, services and replication controllers (bay-era sheet 3.5 to 3.7). A
 * manifest is checked before anything is stored; the era's servers made the object within the call, here a conductor does.
 */
import { ENGINE_KINDS } from "@jeroboam/coe/containers/engine-kinds";
import { changeResource, createResource } from "@jeroboam/core/container/accept-resource";
import type { NewResource } from "@jeroboam/core/container/accept-resource";
import type { ContainerResources, ResourceKind } from "@jeroboam/core/container/resource";
import { Rejected } from "@jeroboam/core/errors";
import type { Json, JsonObject } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import type { WorkRecord } from "@jeroboam/core/operation/record";
import type { Manifest } from "@jeroboam/core/manifest/manifest";
import type { ApiRequest, Route } from "../route.ts";
import { defineRoute } from "../route.ts";
import { RESOURCE_PATCHES, manifestReader } from "../wire/container-resource.ts";
import type { ManifestWish } from "../wire/container-resource.ts";
import { invalid } from "../wire/attributes.ts";
import type { PatchOperation } from "../wire/patch.ts";
import { applyPatch, patchReader } from "../wire/patch.ts";
import {
  awaitEnd,
  madeEarlier,
  requireFreeName,
  requireManifest,
  requireReadyBay,
  requireShowable,
} from "./resource-requests.ts";
import type { ResourceCollection } from "./resource-routes.ts";
import {
  findItem,
  itemPaths,
  notFound,
  readBayArgument,
  resourceItemRoutes,
  resourceListRoutes,
} from "./resource-routes.ts";

export type ManifestedKind = Exclude<ResourceKind, "container">;
type EngineKind<Kind extends ManifestedKind> = (typeof ENGINE_KINDS)[Kind];

export interface ManifestedCollection<Kind extends ManifestedKind> extends ResourceCollection<
  ContainerResources[Kind]
> {
  readonly kind: Kind;
  /** What the record shows of the manifest. */
  readonly factsOf: (manifest: Manifest<EngineKind<Kind>>) => Partial<ContainerResources[Kind]>;
  /** The record of a new one, but for what all have. */
  readonly begin: (
    facts: Partial<ContainerResources[Kind]>,
    wish: ManifestWish,
  ) => Omit<NewResource<ContainerResources[Kind]>, "uuid" | "projectId" | "userId" | "bayUuid">;
  /** What a patch may name besides the manifest. */
  readonly document: (state: ContainerResources[Kind]) => JsonObject;
}

export function manifestedRoutes<Kind extends ManifestedKind>(things: ManifestedCollection<Kind>): readonly Route[] {
  const { collection, rules } = things;
  const find = findItem<ContainerResources[Kind]>(things);
  return [
    defineRoute({
      method: "POST",
      path: `/v1/${collection}`,
      rule: `${rules}:create`,
      body: manifestReader(things.kind),
      answers: { 201: things.kind },
      run: (request, { body }) => create(things, request, body),
    }),
    ...resourceListRoutes(things),
    ...resourceItemRoutes(things),
    ...itemPaths(things).map((path) =>
      defineRoute({
        method: "PATCH",
        path,
        rule: `${rules}:update`,
        query: readBayArgument,
        body: patchReader(RESOURCE_PATCHES[things.kind]),
        find,
        answers: { 200: things.kind },
        run: (request, { body, target }) => update(things, request, target.record, body),
      }),
    ),
  ];
}

async function create<Kind extends ManifestedKind>(
  things: ManifestedCollection<Kind>,
  request: ApiRequest,
  wish: ManifestWish,
) {
  type State = ContainerResources[Kind];
  const { kind, collection, shape, view, factsOf, begin } = things;
  const { ports, base } = request;
  const { projectId, userId } = request.caller;
  const { bayUuid } = wish;
  const accepted = async (made: WorkRecord<State>) => {
    const record = await awaitEnd(request, shape, made);
    const headers = { Location: `${base}/v1/${collection}/${record.state.uuid}` };
    return { status: 201, body: { ...view(record, base), ...echo(wish) }, headers };
  };
  const earlier = await madeEarlier(request, shape, wish.uuid);
  if (earlier) return accepted(earlier);
  await requireReadyBay(request, bayUuid, ENGINE_KINDS[kind]);
  const manifest = await requireManifest<EngineKind<Kind>>(request, ENGINE_KINDS[kind], wish);
  const facts = factsOf(manifest);
  requireShowable(facts);
  await requireFreeName(request, shape, { projectId, bayUuid }, facts.name ?? null);
  const own = { uuid: wish.uuid ?? request.keyed?.uuid, projectId, userId, bayUuid };
  const state = { ...begin(facts, wish), ...own } as unknown as NewResource<State>;
  const created = await createResource(ports, shape, state, manifest);
  if (created.kind === "exists")
    throw new Rejected(409, `A ${things.noun.toLowerCase()} with UUID ${wish.uuid ?? ""} already exists.`);
  return accepted(created.record);
}

/** Manifests are told to those who sent them, and to nobody else. */
function echo({ sent, manifest, manifestUrl }: ManifestWish): JsonObject {
  const all: JsonObject = { manifest, manifest_url: manifestUrl };
  return Object.fromEntries(sent.map((name) => [name, all[name] ?? null]));
}

async function update<Kind extends ManifestedKind>(
  things: ManifestedCollection<Kind>,
  request: ApiRequest,
  record: { readonly key: Parameters<typeof changeResource>[2]; readonly state: ContainerResources[Kind] },
  operations: readonly PatchOperation[],
) {
  type State = ContainerResources[Kind];
  const { kind, shape, view, factsOf } = things;
  const { ports, base } = request;
  const document = {
    ...things.document(record.state),
    bay_uuid: record.state.bayUuid,
    manifest: null,
    manifest_url: null,
  };
  const patched = applyPatch(document, operations);
  const sent = {
    manifest: readText("manifest", patched["manifest"], limits.manifest.bytes),
    manifestUrl: readText("manifest_url", patched["manifest_url"], limits.web.urlChars),
  };
  if (patched["bay_uuid"] !== record.state.bayUuid)
    throw new Rejected(400, `Invalid input for field/attribute bay_uuid. A ${kind} stays in the bay it was made in.`);
  const desc = "desc" in document ? { desc: readText("desc", patched["desc"], limits.container.descriptionChars) } : {};
  if (sent.manifest === null && sent.manifestUrl === null) {
    const isChanged = JSON.stringify(patched) !== JSON.stringify(document);
    if (!isChanged) return { status: 200, body: view(record as never, base) };
    return changed(
      await changeResource(ports, shape, record.key, { changes: desc as Partial<State>, manifest: undefined }),
    );
  }
  const { bayUuid, name } = record.state;
  await requireReadyBay(request, bayUuid, ENGINE_KINDS[kind]);
  const manifest = await requireManifest<EngineKind<Kind>>(request, ENGINE_KINDS[kind], sent);
  const facts = factsOf(manifest);
  requireShowable(facts);
  if (facts.name !== name)
    throw new Rejected(400, `Invalid input for field/attribute manifest. metadata.name must stay ${name}.`);
  const changes = { ...facts, ...desc } as Partial<State>;
  return changed(await changeResource(ports, shape, record.key, { changes, manifest }));

  async function changed(outcome: Awaited<ReturnType<typeof changeResource<State>>>) {
    if (outcome.kind === "absent") throw notFound(things, request);
    const ended = await awaitEnd(request, shape, outcome.record);
    const names = operations.map(({ attribute }) => attribute);
    const shown = {
      ...(names.includes("manifest") && { manifest: sent.manifest }),
      ...(names.includes("manifest_url") && { manifest_url: sent.manifestUrl }),
    };
    return { status: 200, body: { ...view(ended, base), ...shown } };
  }
}

function readText(name: string, value: Json | undefined, mostChars: number): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "string" && value.length <= mostChars) return value;
  throw invalid(name, value, `Value should be text of at most ${mostChars} characters`);
}
