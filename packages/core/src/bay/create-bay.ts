/**
 * Accepting a new bay: four writes of single items, of which the last commits.
 *
 *   the use mark         the model is in use from here on; taken back when the model turns out to be going
 *   the place            in the project's quota; given back with the mark
 *   (the delegation)     the one thing outside: how conductors may act for the project, for the bay's life
 *   the specification    the cold item
 *   the hot item         with its operation and its due time: from here on the bay exists and a conductor builds it
 *
 * What a crash leaves before the last is provisional: the sweep takes it away, the place with the mark. Nothing else outside is touched here;
 * whether the request makes sense is left to the caller.
 */
import type { Delegation } from "../identity/delegation.ts";
import { limits } from "../limits.ts";
import type { BayModel } from "../bay-model/bay-model.ts";
import { markBayModelUse, unmarkBayModelUse } from "../bay-model/use-mark.ts";
import { withOperation } from "../operation/operation.ts";
import { asProvisional } from "../operation/provisional.ts";
import type { WorkRecord } from "../operation/record.ts";
import type { StorePorts } from "../operation/record-store.ts";
import { insertRecord, newRecord } from "../operation/record-store.ts";
import type { Clock } from "../ports.ts";
import { releasePlace, takePlace } from "../quota/quota.ts";
import type { Bay, BaySpecification } from "./bay.ts";
import { bayKey, bayShape, delegationContext, specificationItem } from "./bay.ts";

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
  readonly projectId: string;
  readonly userId: string;
  readonly name: string | null;
  readonly nodeCount: number;
  readonly masterCount: number;
  readonly specification: Omit<BaySpecification, "delegation">;
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
  if (!marked) return { kind: "model-changed" };
  if (marked.revision !== model.revision) {
    await unmarkBayModelUse(ports.table, model.state, bay);
    return { kind: "model-changed" };
  }
  const { projectId, uuid } = bay;
  const place = await takePlace(ports, { projectId, uuid, defaultLimit: request.defaultQuota });
  if (place.kind === "full") {
    await unmarkBayModelUse(ports.table, model.state, bay);
    return { kind: "quota-exceeded", limit: place.limit };
  }
  const delegation = await obtainDelegation(ports, model.state, bay, delegate);
  const specification = { ...request.specification, delegation };
  const cold = asProvisional(specificationItem(bay, specification, 1), key, bay.createdAtMs);
  await ports.table.put(cold, { absent: true });
  const operation = {
    id: ports.random.uuid(),
    kind: "create",
    nowMs: bay.createdAtMs,
    deadlineAtMs: deadlineOf(bay.createdAtMs, specification.createTimeoutMinutes),
    delegation,
  };
  const inserted = await insertRecord(ports, bayShape, withOperation(bayShape, newRecord(key, bay), operation, {}));
  if (inserted.kind === "exists") throw new Error(`the fresh uuid ${bay.uuid} is a bay's already`);
  return { kind: "created", record: inserted.record };
}

/** When it is refused, place and mark go too: who is refused is not to keep the model in use. The mark goes last. */
async function obtainDelegation(ports: BayPorts, model: BayModel, bay: Bay, delegate: Delegate): Promise<Delegation> {
  try {
    return await delegate({ context: delegationContext(bay) });
  } catch (thrown) {
    // Whatever it was: there will be no bay.
    await releasePlace(ports, bay.projectId, bay.uuid);
    await unmarkBayModelUse(ports.table, model, bay);
    throw thrown;
  }
}

function initialState(ports: BayPorts, model: BayModel, request: NewBay): Bay {
  const { projectId, userId, name, nodeCount, masterCount } = request;
  return {
    uuid: ports.random.uuid(),
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
