/** What is checked before anything is made in a bay, and what a caller is told of it. */
import { isFull } from "@jeroboam/core/container/engine-watch";
import { describeUnsupported, isSupported, unsupported } from "@jeroboam/coe/engines/capabilities";
import type { Ability } from "@jeroboam/coe/engines/capabilities";
import type { Coe } from "@jeroboam/core/bay-model/bay-model";
import { coeSchema } from "@jeroboam/core/bay-model/bay-model";
import { isBeingDeleted } from "@jeroboam/core/bay/bay-status";
import type { BayWithSpecification } from "@jeroboam/core/bay/find-bay";
import { findBay, findBayByUuid } from "@jeroboam/core/bay/find-bay";
import type { ContainerResource, ResourceShape } from "@jeroboam/core/container/resource";
import { isNameTaken } from "@jeroboam/core/container/resource";
import { Rejected } from "@jeroboam/core/errors";
import { limits } from "@jeroboam/core/limits";
import type { Manifest, ManifestKind } from "@jeroboam/core/manifest/manifest";
import { projectRecordKey } from "@jeroboam/core/listing/project-record";
import type { WorkRecord } from "@jeroboam/core/operation/record";
import { findRecord } from "@jeroboam/core/operation/record-store";
import { madeUnderKey } from "../idempotency.ts";
import type { ApiRequest } from "../route.ts";

/** A bay that can have such a thing made in it, now. Bodies name bays by uuid alone (bay-era sheet 17, number 15). */
export async function requireReadyBay(
  { ports, caller }: ApiRequest,
  bayUuid: string,
  ability: Ability,
): Promise<BayWithSpecification> {
  const bay = await findBayByUuid(ports.table, { projectId: caller.projectId, allProjects: false }, bayUuid);
  if (!bay) throw new Rejected(400, `Bay ${bayUuid} could not be found.`);
  requireAbility(bay.specification.model.coe, ability);
  const { status } = bay.record.state;
  if (isBeingDeleted(bay.record.state)) throw new Rejected(409, `Bay ${bayUuid} is being deleted.`);
  if (bay.specification.apiAddress === null)
    throw new Rejected(
      409,
      `Bay ${bayUuid} has no address yet, so that nothing can be made in it; its status is ${status}.`,
    );
  if (await isFull(ports, { uuid: bayUuid, projectId: caller.projectId }))
    throw new Rejected(409, `Bay ${bayUuid} holds ${limits.container.ofBay} resources, and takes no more.`);
  return bay;
}

/** The bay that a path or a query selects, of the caller's project. */
export async function requireSelectedBay({ ports, caller }: ApiRequest, ident: string): Promise<BayWithSpecification> {
  const found = await findBay(ports.table, { projectId: caller.projectId, allProjects: false }, ident);
  if (found.kind === "absent") throw new Rejected(404, `Bay ${ident} could not be found.`);
  if (found.kind === "ambiguous")
    throw new Rejected(409, `Multiple objects of Bay are named ${ident}. Please use the uuid instead.`);
  return found.bay;
}

/** What an engine cannot do is refused before anything is stored, naming what could. */
export function requireAbility(coe: Coe, ability: Ability): void {
  if (isSupported(coe, ability)) return;
  const able = coeSchema.options.filter((one) => isSupported(one, ability));
  const words = describeUnsupported(unsupported(coe, ability));
  throw new Rejected(400, `Not possible in this bay: ${words}; bays that can are of ${able.join(" or ")}.`);
}

export interface GivenManifest {
  readonly manifest: string | null;
  readonly manifestUrl: string | null;
}

/** The manifest that was sent, or that the address leads to; refused when it is not what it is to be. */
export async function requireManifest<Kind extends ManifestKind>(
  request: ApiRequest,
  kind: Kind,
  { manifest, manifestUrl }: GivenManifest,
): Promise<Manifest<Kind>> {
  const attribute = manifest === null ? "manifest_url" : "manifest";
  const sent = manifest ?? (await fetchManifest(request, manifestUrl));
  // The parser of YAML is large: loaded when the first manifest comes.
  const { describeProblems, readManifest } = await import("@jeroboam/core/manifest/manifest");
  const read = readManifest(kind, sent);
  if (read.kind === "manifest") return read.manifest;
  throw new Rejected(400, `Invalid input for field/attribute ${attribute}. ${describeProblems(read.problems)}`);
}

async function fetchManifest({ ports, signal }: ApiRequest, url: string | null): Promise<string> {
  if (url === null)
    throw new Rejected(
      400,
      "Invalid input for field/attribute manifest. Either manifest or manifest_url is mandatory.",
    );
  const refuse = (reason: string) =>
    new Rejected(400, `Invalid input for field/attribute manifest_url. It could not be fetched: ${reason}`);
  const reply = await ports.web({ url, maxBytes: limits.manifest.bytes }, signal);
  if (reply.kind !== "reply") throw refuse(reply.reason);
  if (reply.status !== 200) throw refuse(`the answer was ${reply.status}`);
  return reply.body;
}

/** What a request under a key, which came before, has made already. */
export async function madeEarlier<State extends ContainerResource>(
  request: ApiRequest,
  shape: ResourceShape<State>,
  uuid: string | undefined,
): Promise<WorkRecord<State> | undefined> {
  const { caller, keyed } = request;
  if (!keyed?.isRepeat) return undefined;
  return madeUnderKey(request, { shape, key: projectRecordKey(shape, caller.projectId, uuid ?? keyed.uuid) });
}

/** A record shows some of a manifest; there is a limit to that. */
export function requireShowable(facts: object): void {
  const { shownBytes } = limits.container;
  if (Buffer.byteLength(JSON.stringify(facts)) > shownBytes)
    throw new Rejected(
      400,
      `Invalid input for field/attribute manifest. Its labels, images, ports and selectors take more than ${shownBytes} bytes.`,
    );
}

/** Kubernetes has each name once; of ours that is said before anything is stored. */
export async function requireFreeName<State extends ContainerResource>(
  { ports }: ApiRequest,
  shape: ResourceShape<State>,
  place: { readonly projectId: string; readonly bayUuid: string },
  name: string | null,
): Promise<void> {
  if (name !== null && (await isNameTaken(ports.table, shape, place, name)))
    throw new Rejected(409, `A ${shape.type} named ${name} already exists in bay ${place.bayUuid}.`);
}

/**
 * The record once its operation is over, waited for a little where replies may be kept open: the era's servers answered
 * when the object was there. What is not over by then goes on all the same.
 */
export async function awaitEnd<State extends ContainerResource>(
  { ports, signal }: ApiRequest,
  shape: ResourceShape<State>,
  begun: WorkRecord<State>,
): Promise<WorkRecord<State>> {
  const { table, clock, pause } = ports;
  if (!pause) return begun;
  const endsAtMs = clock.nowMs() + limits.container.waitMs;
  let waitMs: number = limits.container.waitStepMs;
  let record = begun;
  while (record.operation) {
    // An engine in trouble is not waited for.
    if (record.operation.trouble !== undefined || signal.aborted || clock.nowMs() >= endsAtMs) break;
    await pause(waitMs, signal);
    const current = await findRecord(table, shape, begun.key);
    if (!current) break;
    record = current;
    waitMs = Math.min(waitMs * 2, 1_000);
  }
  return record;
}
