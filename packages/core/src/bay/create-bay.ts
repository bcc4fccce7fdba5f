/**
 * Accepting a new bay: four writes of single items, of which the last commits.
 *
 *   the use mark         the model is in use from here on; taken back when the model turns out to be going
 *   the place            in the project's quota; given back with the mark
 *   (the delegation)     the one thing outside: how conductors may act for the project, for the bay's life
 *   the specification    the cold item
 *   the hot item         with its operation and its due time: from here on the bay exists and a conductor builds it
 *
 * What a crash leaves before the last is provisional: the sweep takes it away, the place with the mark. So no place is
 * taken, nor given back, by a request that slept until another may have made the bay, and its user have deleted it with
 * its mark: nothing would find that place any more. Nothing else outside is touched here;
 * whether the request makes sense is left to the caller.
 */
import { tookTooLong } from "../operation/begin-operation.ts";
import type { Delegation } from "../identity/delegation.ts";
import { limits } from "../limits.ts";
import type { JsonObject } from "../json.ts";
import type { BayModel } from "../bay-model/bay-model.ts";
import { markBayModelUse, unmarkBayModelUse } from "../bay-model/use-mark.ts";
import type { OperationRequest } from "../operation/operation.ts";
import { withEvent, withOperation } from "../operation/operation.ts";
import { asProvisional } from "../operation/provisional.ts";
import type { WorkRecord } from "../operation/record.ts";
import type { StorePorts } from "../operation/record-store.ts";
import { findRecord, insertRecord, newRecord } from "../operation/record-store.ts";
import type { Clock } from "../ports.ts";
import type { Key } from "../table/table.ts";
import { releasePlace, takePlace, withdrawPlace } from "../quota/quota.ts";
import type { Bay, BaySpecification } from "./bay.ts";
import { bayKey, bayShape, delegationContext, specificationItem } from "./bay.ts";
import { readSpecification } from "./specification-store.ts";

export interface BayPorts extends StorePorts {
  readonly clock: Clock;
}

/** Lets conductors act for the project of whoever calls, until it is given back. */
export type Delegate = (request: DelegationRequest) => Promise<Delegation>;

export interface DelegationRequest {
  /** What it is for: needed again to open it. */
  readonly context: string;
}

export interface NewBay {
  /** Of a request that may have come before, under the same key; absent: the bay gets a fresh one. */
  readonly uuid?: string | undefined;
  /** From then on another may go on with that request: this one makes no bay any more. */
  readonly untilMs?: number | undefined;
  readonly projectId: string;
  readonly userId: string;
  readonly name: string | null;
  readonly nodeCount: number;
  readonly masterCount: number;
  readonly specification: Omit<BaySpecification, "delegation">;
  /** To be told of it, besides that it is made. */
  readonly notices?: readonly { readonly type: string; readonly data: JsonObject }[];
  /** How many bays the project may have where no administrator set a limit. */
  readonly defaultQuota: number;
}

export type CreatedBay =
  | { readonly kind: "created"; readonly record: WorkRecord<Bay> }
  /** The model went, or changed since it was read: look again. */
  | { readonly kind: "model-changed" }
  | { readonly kind: "quota-exceeded"; readonly limit: number };

export async function createBay(
  ports: BayPorts,
  model: WorkRecord<BayModel>,
  request: NewBay,
  delegate: Delegate,
): Promise<CreatedBay> {
  const bay = initialState(ports, model.state, request);
  const key = bayKey(bay.projectId, bay.uuid);
  const marked = await markBayModelUse(ports, model.state, { uuid: bay.uuid, key });
  if (marked?.revision !== model.revision) {
    await giveBack(ports, model.state, bay, request);
    return { kind: "model-changed" };
  }
  const { projectId, uuid } = bay;
  const untilMs = ownUntilMs(bay, request);
  const place = await takePlace(ports, { projectId, uuid, untilMs, defaultLimit: request.defaultQuota });
  if (place.kind === "late") throw tookTooLong();
  if (place.kind === "full") {
    await giveBack(ports, model.state, bay, request);
    return { kind: "quota-exceeded", limit: place.limit };
  }
  const specification = await ensureSpecification(ports, model.state, { request, bay, key }, delegate);
  const { delegation } = specification;
  const operation = {
    id: ports.random.uuid(),
    kind: "create",
    nowMs: bay.createdAtMs,
    deadlineAtMs: deadlineOf(bay.createdAtMs, specification.createTimeoutMinutes),
    delegation,
  };
  // Another may have made it meanwhile, and its user deleted it: it would come back, without its place and its mark.
  // What was made for it up to here is provisional, or that other one's.
  if (ports.clock.nowMs() >= untilMs) throw tookTooLong();
  const begun = withOperation(bayShape, newRecord(key, bay), operation, {});
  const inserted = await insertRecord(ports, bayShape, withNotices(begun, operation, request));
  if (inserted.kind === "inserted") return { kind: "created", record: inserted.record };
  // Asked for twice at once, the other one has made it; or this one has, was not told so, and it is being built by now.
  const record = await findRecord(ports.table, bayShape, key);
  if (!record) throw new Error(`the fresh uuid ${bay.uuid} is a bay's already`);
  return { kind: "created", record };
}

function withNotices(
  record: WorkRecord<Bay>,
  { id, nowMs: atMs }: Pick<OperationRequest, "id" | "nowMs">,
  { notices = [] }: NewBay,
): WorkRecord<Bay> {
  const events = notices.map(({ type, data }, nth) => ({ id: `${id}.notice-${nth}`, type, atMs, data }));
  return events.reduce((all, event) => withEvent(all, event), record);
}

/** The cold item with its delegation, or those of a try before: what was lent once is not asked for again. */
async function ensureSpecification(
  ports: BayPorts,
  model: BayModel,
  { request, bay, key }: { readonly request: NewBay; readonly bay: Bay; readonly key: Key },
  delegate: Delegate,
): Promise<BaySpecification> {
  const before = request.uuid === undefined ? undefined : await readSpecification(ports.table, bay);
  if (before) return before;
  const delegation = await obtainDelegation(ports, model, { bay, request }, delegate);
  const specification = { ...request.specification, delegation };
  const cold = asProvisional(specificationItem(bay, specification, 1), key, bay.createdAtMs);
  if ((await ports.table.put(cold, { absent: true })) === "written") return specification;
  return (await readSpecification(ports.table, bay)) ?? specification;
}

/** When it is refused, place and mark go too: who is refused is not to keep the model in use. */
async function obtainDelegation(
  ports: BayPorts,
  model: BayModel,
  { bay, request }: { readonly bay: Bay; readonly request: NewBay },
  delegate: Delegate,
): Promise<Delegation> {
  try {
    return await delegate({ context: delegationContext(bay) });
  } catch (thrown) {
    // Whatever it was: there will be no bay.
    await giveBack(ports, model, bay, request);
    throw thrown;
  }
}

/** The mark goes last: as long as it is there the sweep finds what is left. */
async function giveBack(ports: BayPorts, model: BayModel, bay: Bay, request: NewBay): Promise<void> {
  const { projectId, uuid } = bay;
  if (request.uuid === undefined) await releasePlace(ports, projectId, uuid);
  else {
    // The same request, asked for twice at once: the other one has made the bay, which needs both; or is about to.
    if (await findRecord(ports.table, bayShape, bayKey(projectId, uuid))) return;
    const untilMs = ownUntilMs(bay, request);
    if ((await withdrawPlace(ports, { projectId, uuid, untilMs })) === "late") return;
  }
  await unmarkBayModelUse(ports.table, model, bay);
}

/** Until then nobody else touches what was made for the bay: a request under the same key, or the sweep. */
function ownUntilMs({ createdAtMs }: Bay, { untilMs }: NewBay): number {
  return untilMs ?? createdAtMs + limits.engine.provisionalMs;
}

function initialState(ports: BayPorts, model: BayModel, request: NewBay): Bay {
  const { projectId, userId, name, nodeCount, masterCount } = request;
  return {
    uuid: request.uuid ?? ports.random.uuid(),
    projectId,
    userId,
    name,
    bayModelId: model.uuid,
    status: "CREATE_IN_PROGRESS",
    statusReason: null,
    nodeCount,
    masterCount,
    stackId: null,
    healthStatus: null,
    createdAtMs: ports.clock.nowMs(),
    updatedAtMs: null,
  };
}

/** When an operation gives up: some time after the stack's own timeout, or, where that has none, after ours. */
export function deadlineOf(nowMs: number, timeoutMinutes: number | null): number {
  const { deadlineMs, deadlineMarginMs } = limits.bay;
  return nowMs + (timeoutMinutes ? timeoutMinutes * 60_000 + deadlineMarginMs : deadlineMs);
}
