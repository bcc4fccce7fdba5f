/**
 * What both generations ask of bays, with what is checked before it is accepted: making one, and resizing one. A request
 * that is accepted is done; what could not be done is refused here, never accepted and dropped (cluster sheet 17.2).
 */
import { baySpec } from "@jeroboam/coe/bay-input";
import { hasRoomForStorageDriver } from "@jeroboam/coe/driver-rules";
import type { UnknownLabel } from "@jeroboam/coe/label-advice";
import type { BayModel } from "@jeroboam/core/bay-model/bay-model";
import { findBayModel } from "@jeroboam/core/bay-model/find-bay-model";
import type { Bay } from "@jeroboam/core/bay/bay";
import type { ChangedBay } from "@jeroboam/core/bay/change-bay";
import { resizeBay } from "@jeroboam/core/bay/change-bay";
import type { DelegationRequest, NewBay } from "@jeroboam/core/bay/create-bay";
import { createBay } from "@jeroboam/core/bay/create-bay";
import { bayKey, bayShape } from "@jeroboam/core/bay/bay";
import type { BayWithSpecification } from "@jeroboam/core/bay/find-bay";
import { findBayByUuid } from "@jeroboam/core/bay/find-bay";
import { EVENT_TYPES } from "@jeroboam/core/event/event-types";
import { readHistory } from "@jeroboam/core/event/event-history";
import type { Delegation } from "@jeroboam/core/identity/delegation";
import { Rejected, Transient } from "@jeroboam/core/errors";
import type { Json, JsonObject } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import type { ResizeWish } from "@jeroboam/core/node-group/resize-input";
import type { WorkRecord } from "@jeroboam/core/operation/record";
import { limitOf, readQuota } from "@jeroboam/core/quota/quota";
import { isBegun } from "../idempotency.ts";
import type { ApiPorts } from "../ports.ts";
import type { ApiRequest } from "../route.ts";
import { invalid } from "../wire/attributes.ts";
import type { BayWish } from "../wire/bay.ts";
import { nodeCount } from "../wire/bay.ts";
import type { ShownBay } from "../views/bays.ts";
import type { PatchOperation } from "../wire/patch.ts";
import { applyPatch } from "../wire/patch.ts";
import { requireReferences } from "./cloud-checks.ts";
import { labelWarnings, requireKnownLabels } from "./label-checks.ts";
import { requireBayType } from "./platform.ts";

export function notFound(noun: string, ident: string): Rejected {
  return new Rejected(404, `${noun} ${ident} could not be found.`);
}

/** Makes a bay; when its model changes in that moment, looks at it again. `missing`: the status when there is no such. */
export async function acceptBay(
  request: ApiRequest,
  wish: BayWish,
  { noun, missing, checksRootDisk }: { noun: string; missing: 400 | 404; checksRootDisk: boolean },
): Promise<ShownBay> {
  const { ports, caller, keyed } = request;
  const earlier = keyed?.isRepeat ? await findEarlier(request, keyed.uuid) : undefined;
  if (earlier) return earlier;
  const absent = new Rejected(missing, `${noun} ${wish.model} could not be found.`);
  for (let tries = 0; tries < limits.bayModel.conflictRetries; tries += 1) {
    const model = await requireUsable(request, wish.model, noun, absent);
    const { specification: wanted, notices = [] } = await specify(request, wish, model.state);
    const specification = { ...wanted, ...(await requireCloud(request, wanted, checksRootDisk)) };
    const { name, masterCount } = wish;
    const { projectId, userId } = caller;
    const { uuid, untilMs } = keyed ?? {};
    const bay = { uuid, untilMs, projectId, userId, name, nodeCount: wish.nodeCount, masterCount };
    const defaultQuota = bayQuota(ports);
    const made = await createBay(ports, model, { ...bay, specification, notices, defaultQuota }, (purpose) =>
      obtainDelegation(request, purpose),
    );
    if (made.kind === "created") return { record: made.record, specification, nodeGroups: [] };
    if (made.kind === "quota-exceeded") throw quotaExceeded(made.limit);
  }
  throw absent;
}

/** Of the answer to whoever made it. */
export function bayWarnings(
  request: ApiRequest,
  { specification: { bayType, labels } }: Pick<ShownBay, "specification">,
): Promise<Readonly<Record<string, string>>> {
  return labelWarnings(request, bayType, labels);
}

/** What a request that came before under the same key has made. */
async function findEarlier({ ports, caller }: ApiRequest, uuid: string): Promise<ShownBay | undefined> {
  const { projectId } = caller;
  const bay = await findBayByUuid(ports.table, { projectId, allProjects: false }, uuid);
  if (bay) return bay;
  // Its history outlives it: it is not to be made anew.
  const [event] = await readHistory(ports.table, bayKey(projectId, uuid), { limit: 1, descending: false });
  if (event) throw new Rejected(409, `${uuid}, which this request has made before, has been deleted since.`);
  return undefined;
}

/** The one thing asked of Keystone before a bay is accepted. */
export async function obtainDelegation({ ports, caller }: ApiRequest, purpose: DelegationRequest): Promise<Delegation> {
  const outcome = await ports.delegate(caller, purpose);
  if (outcome.kind === "obtained") return outcome.delegation;
  // The service's own access to the cloud is not the caller's to mend.
  if (outcome.cause === "unavailable") throw new Transient(outcome.reason);
  const status = outcome.cause === "unauthorized" ? 401 : 403;
  throw new Rejected(status, `The service may not act for the project: ${outcome.reason}`);
}

async function requireUsable(
  { ports, caller, keyed }: ApiRequest,
  ident: string,
  noun: string,
  absent: Rejected,
): Promise<WorkRecord<BayModel>> {
  // Administrators too use only their own and shared models (cluster sheet 6.4).
  const found = await findBayModel(ports.table, { projectId: caller.projectId, allProjects: false }, ident);
  if (found.kind === "absent") throw absent;
  if (found.kind === "ambiguous") throw new Rejected(409, `Several are named ${ident}. Please use the uuid instead.`);
  await requireRoom(ports, caller.projectId, keyed?.uuid);
  if (found.model.state.hidden && !ports.policy.isAdmin(caller))
    throw new Rejected(403, `${noun} ${ident} is hidden: new bays may not use it.`);
  return found.model;
}

function bayQuota({ settings }: Pick<ApiPorts, "settings">): number {
  return settings.bayQuota ?? limits.quota.defaultBays;
}

/** Told before the cloud is asked anything (cluster sheet 8.3); the place itself is taken when all else is well. */
async function requireRoom(ports: ApiPorts, projectId: string, uuid: string | undefined): Promise<void> {
  const quota = await readQuota(ports.table, projectId);
  const limit = limitOf(quota, bayQuota(ports));
  const hasPlace = uuid !== undefined && quota.bays.includes(uuid);
  if (quota.bays.length >= limit && !hasPlace) throw quotaExceeded(limit);
}

function quotaExceeded(limit: number): Rejected {
  const text = `You have reached the maximum clusters per project, ${limit}. You may delete a cluster to make room for a new one.`;
  return new Rejected(403, `Resource limit exceeded: ${text}`);
}

/** What the bay is built from: what was asked for, and the model's for the rest. Refused when it cannot be built. */
async function specify(
  request: ApiRequest,
  wish: BayWish,
  state: BayModel,
): Promise<Pick<NewBay, "specification" | "notices">> {
  const { deletingSinceMs: _deleting, createdAtMs: _created, updatedAtMs: _updated, ...model } = state;
  const { caller } = request;
  const bayType = await requireBayType(request, state);
  const dockerVolumeSizeGb = wish.dockerVolumeSizeGb ?? model.dockerVolumeSizeGb;
  if (!hasRoomForStorageDriver(model.dockerStorageDriver, dockerVolumeSizeGb))
    throw new Rejected(400, "docker_volume_size is too small for devicemapper");
  const specification: NewBay["specification"] = {
    model,
    bayType: bayType.name,
    keypairId: wish.keypairId ?? model.keypairId,
    // Seen in the cloud, with all else that it is to be built of.
    sshPublicKey: null,
    flavorId: wish.flavorId ?? model.flavorId,
    masterFlavorId: wish.masterFlavorId ?? model.masterFlavorId,
    dockerVolumeSizeGb,
    labels: labelsOf(wish, model.labels),
    mergeLabels: wish.mergeLabels,
    fixedNetwork: wish.fixedNetwork ?? model.fixedNetwork,
    fixedSubnet: wish.fixedSubnet ?? model.fixedSubnet,
    floatingIpEnabled: wish.floatingIpEnabled ?? model.floatingIpEnabled,
    masterLbEnabled: wish.masterLbEnabled ?? model.masterLbEnabled,
    createTimeoutMinutes: wish.createTimeoutMinutes,
    discoveryUrl: wish.discoveryUrl,
    userName: caller.userName,
    projectName: caller.projectName,
    apiAddress: null,
    nodeAddresses: [],
    masterAddresses: [],
    coeVersion: null,
    containerVersion: null,
    healthStatusReason: {},
    certificates: null,
    nodeCredential: null,
    ...(bayType.upgrade?.masters && { mastersFollow: true as const }),
  };
  const [problem] = bayType.checkSpec(
    baySpec({ ...specification, name: wish.name, nodeCount: wish.nodeCount, masterCount: wish.masterCount }),
  );
  if (problem) throw new Rejected(400, `Invalid input for field/attribute ${problem.field}. ${problem.message}`);
  const unknown = requireKnownLabels(request, bayType, specification.labels);
  return { specification, notices: unknown.length > 0 ? [labelNotice(unknown)] : [] };
}

function labelNotice(unknown: readonly UnknownLabel[]): NonNullable<NewBay["notices"]>[number] {
  const labels = unknown.slice(0, limits.labelWarning.labels).map(({ label, nearest }) => ({ label, nearest }));
  return { type: EVENT_TYPES.labelsUnknown, data: { labels } };
}

/** What the bay is to be built of is there, at this moment, as the caller sees it; what only the caller can see of it. */
async function requireCloud(
  request: ApiRequest,
  specification: NewBay["specification"],
  checksRootDisk: boolean,
): Promise<Pick<NewBay["specification"], "sshPublicKey">> {
  const { flavorId, masterFlavorId, keypairId, fixedNetwork, fixedSubnet } = specification;
  const { imageId, externalNetworkId } = specification.model;
  const references = { imageId, flavorId, masterFlavorId, keypairId, externalNetworkId, fixedNetwork, fixedSubnet };
  const bootLabels = checksRootDisk ? specification.labels : undefined;
  const { keypair } = await requireReferences(request, references, bootLabels);
  return { sshPublicKey: keypair?.public_key ?? null };
}

/** Given labels take the place of the model's, or are laid over them; none given: the model's (cluster sheet 18). */
function labelsOf({ labels, mergeLabels }: BayWish, model: BayModel["labels"]): Record<string, string> {
  if (mergeLabels) return { ...model, ...labels };
  return Object.keys(labels).length > 0 ? { ...labels } : { ...model };
}

export interface PatchedBay {
  /** The number of nodes that there are to be; absent: as it is. */
  readonly nodeCount: number | undefined;
  /** The attributes that changed, by their names on the wire. */
  readonly changed: ReadonlyMap<string, Json>;
}

/** What a patch of the document changes: nothing but what may change, or a refusal. */
export function readChanges(
  document: JsonObject,
  operations: readonly PatchOperation[],
  { noun, changeable, leastNodes }: { noun: string; changeable: readonly string[]; leastNodes: 0 | 1 },
): PatchedBay {
  const patched = applyPatch(document, operations);
  const changed = new Map(Object.entries(patched).filter(([name, value]) => !isSame(value, document[name])));
  const refused = [...changed.keys()].filter((name) => !changeable.includes(name));
  if (refused.length > 0) throw new Rejected(400, `Cannot change ${noun} property(ies) ${refused.join(", ")}.`);
  const count = changed.get("node_count");
  return { changed, nodeCount: count === undefined ? undefined : readNodeCount(count, leastNodes) };
}

/** Digits in a text are the number that they write. */
function isSame(one: Json | undefined, other: Json | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other) || (typeof other === "number" && one === String(other));
}

/** A removed count becomes the default. */
function readNodeCount(value: Json, least: 0 | 1): number {
  if (value === null) return 1;
  const read = typeof value === "boolean" ? undefined : nodeCount(least).safeParse(value);
  if (read?.success) return read.data;
  throw invalid("node_count", value, read?.error.issues[0]?.message ?? "Value should be an integer");
}

/** Has the bay resized, and says why not. */
export async function acceptResize(
  request: ApiRequest,
  bay: BayWithSpecification,
  resize: ResizeWish,
  noun: string,
  by: "patch" | "action" = "patch",
): Promise<Bay> {
  if (await isBegun(request, { shape: bayShape, key: bay.record.key })) return bay.record.state;
  const changed: ChangedBay = await resizeBay(request.ports, bay, resize, by, request.keyed);
  switch (changed.kind) {
    case "accepted":
      return changed.bay;
    case "refused":
      throw new Rejected(400, `${noun} ${request.ident} cannot be updated while its status is ${changed.status}.`);
    case "absent":
      throw notFound(noun, request.ident);
    default:
      return changed satisfies never;
  }
}
