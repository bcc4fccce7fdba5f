/**
 * The routes of bay models and of cluster templates: one set of use-cases, of which each generation shows its own
 * attributes, words and codes (baymodels.ts, clustertemplates.ts).
 */
import {
  checkNetworkDriver,
  checkVolumeDriver,
  devicemapperVolumeMinGb,
  hasRoomForStorageDriver,
} from "@jeroboam/coe/driver-rules";
import type { BayModel } from "@jeroboam/core/bay-model/bay-model";
import { bayModelKey, bayModelShape, isShared } from "@jeroboam/core/bay-model/bay-model";
import { findBayModel } from "@jeroboam/core/bay-model/find-bay-model";
import { listBayModels } from "@jeroboam/core/bay-model/list-bay-models";
import type { BayModelAttributes } from "@jeroboam/core/bay-model/write-bay-model";
import type { CloudReferences } from "@jeroboam/core/bay/cloud-references";
import { createBayModel, deleteBayModel, updateBayModel } from "@jeroboam/core/bay-model/write-bay-model";
import { Rejected } from "@jeroboam/core/errors";
import type { Scope } from "@jeroboam/core/identity/scope";
import type { z } from "zod";
import { madeUnderKey } from "../idempotency.ts";
import type { ApiRequest, Route } from "../route.ts";
import { defineRoute, requireRule } from "../route.ts";
import { BAY_MODEL_SORT_KEYS } from "../views/bay-models.ts";
import type { AttributeSet } from "../wire/attributes.ts";
import { readAttributes } from "../wire/attributes.ts";
import type { WireBayModel } from "../wire/bay-model.ts";
import { attributesFromWire, NEW_MODEL, patchDocument } from "../wire/bay-model.ts";
import { listReply, readListQuery } from "../wire/list.ts";
import type { PatchOperation, PatchRules } from "../wire/patch.ts";
import { applyPatch, patchReader } from "../wire/patch.ts";
import { requireReferences } from "./cloud-checks.ts";
import { labelWarnings, requireLabels } from "./label-checks.ts";
import { bayTypeName, requireBayType, requireDistro } from "./platform.ts";
import { describeBody } from "../wire/reader.ts";
import type { ShapeName } from "../description/shapes.ts";

const readQuery = readListQuery(BAY_MODEL_SORT_KEYS);

/** Attributes of a model whose reading gives what the wire has. */
type ModelSet = AttributeSet<z.ZodObject> & { readonly schema: z.ZodType<WireBayModel> };

/** What shows models to a request. */
type Viewer = (request: ApiRequest) => Promise<(model: BayModel) => object>;

export interface ModelGeneration {
  /** In paths and lists. */
  readonly collection: "baymodels" | "clustertemplates";
  /** In rules. */
  readonly rules: "baymodel" | "clustertemplate";
  /** In texts. */
  readonly noun: string;
  /** Whether the key pair must be the caller's: a template's is only a suggestion. */
  readonly checksKeypair: boolean;
  /** Whether a flavor without a root disk needs a volume to boot from. */
  readonly checksRootDisk: boolean;
  /** Whether administrators reach every project's. */
  readonly hasAllProjectsRules: boolean;
  readonly nextOn: "more" | "full";
  readonly creation: ModelSet;
  readonly patched: ModelSet;
  readonly patch: PatchRules;
  /** The name of one that its maker gave none. */
  readonly nameFor: (request: ApiRequest) => string | null;
  /** Flags that only those may set whom the publish rule lets. */
  readonly published: readonly ("public" | "hidden")[];
  readonly viewer: Viewer;
  readonly answer: ShapeName;
  readonly briefViewer: Viewer;
  readonly answerBrief: ShapeName;
}

export function bayModelRoutes(generation: ModelGeneration): readonly Route[] {
  const { collection, rules, hasAllProjectsRules, creation, viewer } = generation;
  const path = `/v1/${collection}`;
  const item = `${path}/:ident`;
  const inAllProjects = (verb: string): string | undefined =>
    hasAllProjectsRules ? `${rules}:${verb}_all_projects` : undefined;
  const find = (request: ApiRequest, scope: Scope): Promise<BayModel> => requireModel(generation, request, scope);
  return [
    defineRoute({
      method: "POST",
      path,
      rule: `${rules}:create`,
      body: describeBody({ kind: "object", schema: creation.schema }, (given): WireBayModel =>
        readAttributes(creation, given),
      ),
      answers: { 201: generation.answer },
      async run(request, { body }) {
        const model = await create(generation, request, body);
        const location = `${request.base}${path}/${model.uuid}`;
        const headers = { Location: location, ...(await modelWarnings(request, model)) };
        return { status: 201, body: (await viewer(request))(model), headers };
      },
    }),
    listRoute(
      generation,
      { path, rule: `${rules}:get_all`, inAllProjects: inAllProjects("get_all"), answer: generation.answerBrief },
      generation.briefViewer,
    ),
    listRoute(
      generation,
      {
        path: `${path}/detail`,
        rule: `${rules}:detail`,
        inAllProjects: inAllProjects("detail"),
        answer: generation.answer,
      },
      viewer,
    ),
    defineRoute({
      method: "GET",
      path: item,
      rule: `${rules}:get`,
      allProjectsRule: inAllProjects("get_one"),
      find,
      // What is shared is everybody's to read.
      asks: ({ caller }, model) => (isShared(model) ? caller : model),
      answers: { 200: generation.answer },
      run: async (request, { target }) => ({ status: 200, body: (await viewer(request))(target) }),
    }),
    defineRoute({
      method: "PATCH",
      path: item,
      rule: `${rules}:update`,
      allProjectsRule: inAllProjects("update"),
      body: patchReader(generation.patch),
      find,
      answers: { 200: generation.answer },
      async run(request, { body, target, scope }) {
        requireOwner(target, scope);
        const model = await update(generation, request, target, body);
        const headers = body.some(({ attribute }) => attribute === "labels") ? await modelWarnings(request, model) : {};
        return { status: 200, body: (await viewer(request))(model), headers };
      },
    }),
    defineRoute({
      method: "DELETE",
      path: item,
      rule: `${rules}:delete`,
      allProjectsRule: inAllProjects("delete"),
      find,
      answers: { 204: null },
      async run(request, { target, scope }) {
        requireOwner(target, scope);
        await remove(generation, request, target);
        return { status: 204 };
      },
    }),
  ];
}

function listRoute(
  generation: ModelGeneration,
  {
    path,
    rule,
    inAllProjects,
    answer,
  }: { path: string; rule: string; inAllProjects: string | undefined; answer: ShapeName },
  viewer: Viewer,
): Route {
  return defineRoute({
    method: "GET",
    path,
    rule,
    allProjectsRule: inAllProjects,
    query: readQuery,
    answers: { 200: { list: answer, key: generation.collection } },
    async run(request, { query, scope }) {
      return listReply(request, query, await listBayModels(request.ports.table, scope, query.request), {
        path: path.slice("/v1/".length),
        key: generation.collection,
        nextOn: generation.nextOn,
        uuidOf: (model) => model.uuid,
        view: await viewer(request),
      });
    },
  });
}

async function requireModel(
  { noun }: Pick<ModelGeneration, "noun">,
  { ports, ident }: ApiRequest,
  scope: Scope,
): Promise<BayModel> {
  const found = await findBayModel(ports.table, scope, ident);
  if (found.kind === "found") return found.model.state;
  if (found.kind === "absent") throw new Rejected(404, `${noun} ${ident} could not be found.`);
  throw new Rejected(409, `Multiple objects of ${noun} are named ${ident}. Please use the uuid instead.`);
}

/** Others may look at what is public, whatever policy lets them do with it. */
function requireOwner({ projectId }: BayModel, scope: Scope): void {
  if (projectId !== scope.projectId && !scope.allProjects)
    throw new Rejected(403, "It belongs to another project, which alone may change it.");
}

async function create(generation: ModelGeneration, request: ApiRequest, wire: WireBayModel): Promise<BayModel> {
  const said = attributesFromWire(wire, NEW_MODEL);
  const attributes = await checked(generation, request, { ...said, name: said.name ?? generation.nameFor(request) });
  if (generation.published.some((flag) => attributes[flag])) requireRule(request, `${generation.rules}:publish`);
  const { projectId, userId } = request.caller;
  const uuid = wire.uuid ?? request.keyed?.uuid;
  const made = await createBayModel(request.ports, { projectId, userId, uuid, attributes });
  const key = bayModelKey(projectId, uuid ?? "");
  const model =
    made.kind === "created" ? made.model : (await madeUnderKey(request, { shape: bayModelShape, key }))?.state;
  if (model) return model;
  throw new Rejected(409, `A ${generation.noun} with uuid ${wire.uuid ?? ""} already exists.`);
}

async function update(
  generation: ModelGeneration,
  request: ApiRequest,
  { projectId, uuid }: BayModel,
  operations: readonly PatchOperation[],
): Promise<BayModel> {
  const { patched, noun, published, rules } = generation;
  const updated = await updateBayModel(request.ports, bayModelKey(projectId, uuid), async (model) => {
    const document = applyPatch(patchDocument(patched, model), operations);
    const revised = attributesFromWire(readAttributes(patched, document), attributesOf(model));
    if (published.some((flag) => revised[flag] !== model[flag])) requireRule(request, `${rules}:publish`, model);
    return checked(generation, request, revised, model);
  });
  switch (updated.kind) {
    case "updated":
      return updated.model;
    case "absent":
      throw new Rejected(404, `${noun} ${request.ident} could not be found.`);
    case "in-use":
      throw inUse(generation, request);
    default:
      return updated satisfies never;
  }
}

async function remove(generation: ModelGeneration, request: ApiRequest, { projectId, uuid }: BayModel): Promise<void> {
  const deleted = await deleteBayModel(request.ports, bayModelKey(projectId, uuid));
  if (deleted.kind === "absent") throw new Rejected(404, `${generation.noun} ${request.ident} could not be found.`);
  if (deleted.kind === "in-use") throw inUse(generation, request);
}

function inUse({ noun }: ModelGeneration, { ident }: ApiRequest): Rejected {
  return new Rejected(400, `${noun} ${ident} is referenced by one or multiple bays or clusters.`);
}

/** The attributes with what follows from them; refused when they do not go together or the cloud has no such image. */
async function checked(
  generation: ModelGeneration,
  request: ApiRequest,
  attributes: BayModelAttributes,
  before?: BayModelAttributes,
): Promise<BayModelAttributes> {
  const { coe, volumeDriver, dockerStorageDriver, dockerVolumeSizeGb } = attributes;
  const network = checkNetworkDriver(coe, attributes.networkDriver);
  if (network.kind === "refused") throw unknownDriver("network_driver", attributes.networkDriver, network.supported);
  const volume = volumeDriver === null ? undefined : checkVolumeDriver(coe, volumeDriver);
  if (volume?.kind === "refused") throw unknownDriver("volume_driver", volumeDriver, volume.supported);
  if (!hasRoomForStorageDriver(dockerStorageDriver, dockerVolumeSizeGb))
    throw new Rejected(400, `docker_volume_size must be at least ${devicemapperVolumeMinGb} with devicemapper`);
  const bootLabels = generation.checksRootDisk ? attributes.labels : undefined;
  const { image } = await requireReferences(request, newReferences(generation, attributes, before), bootLabels);
  // A model keeps its distribution while its image stays.
  const clusterDistro = image ? requireDistro(image) : (before?.clusterDistro ?? null);
  const complete = { ...attributes, networkDriver: network.driver, clusterDistro };
  if (
    !before ||
    image ||
    before.coe !== coe ||
    before.serverType !== attributes.serverType ||
    before.driver !== attributes.driver
  )
    await requireBayType(request, complete);
  if (JSON.stringify(before?.labels) !== JSON.stringify(attributes.labels)) await requireModelLabels(request, complete);
  return complete;
}

/** What the bay type says that would build it now; of one that none builds any more there is nothing to say. */
async function requireModelLabels(request: ApiRequest, model: BayModelAttributes): Promise<void> {
  const bayTypes = await request.ports.bayTypes();
  const bayType = bayTypes.byName(bayTypeName(bayTypes, model) ?? "");
  if (bayType) requireLabels(request, bayType, model.labels);
}

async function modelWarnings(request: ApiRequest, model: BayModel): Promise<Readonly<Record<string, string>>> {
  return labelWarnings(request, bayTypeName(await request.ports.bayTypes(), model), model.labels);
}

/** What is looked up in the cloud: what a change leaves as it was may have gone meanwhile, which bays are told then. */
function newReferences(
  { checksKeypair }: ModelGeneration,
  attributes: BayModelAttributes,
  before: BayModelAttributes | undefined,
): CloudReferences {
  const { imageId, flavorId, masterFlavorId, externalNetworkId, fixedNetwork, fixedSubnet } = attributes;
  const keypairId = checksKeypair ? attributes.keypairId : null;
  const all = { imageId, flavorId, masterFlavorId, keypairId, externalNetworkId, fixedNetwork, fixedSubnet };
  const isNew = (name: keyof CloudReferences): boolean => before?.[name] !== all[name];
  return Object.fromEntries(Object.entries(all).filter(([name]) => isNew(name as keyof CloudReferences)));
}

function unknownDriver(field: string, driver: string | null, supported: readonly string[]): Rejected {
  return new Rejected(
    400,
    `${field} ${driver ?? ""} is not supported with this coe; choose one of: ${supported.join(", ")}`,
  );
}

function attributesOf(model: BayModel): BayModelAttributes {
  const { uuid: _1, projectId: _2, userId: _3, createdAtMs: _4, updatedAtMs: _5, deletingSinceMs: _6, ...rest } = model;
  return rest;
}
