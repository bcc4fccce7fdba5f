/**
 * Accepting an upgrade of a bay's own masters and workers, or of a further group's nodes: status and operation are one write. A resize that
 * comes while it goes on is done by it: its steps read the count anew each time.
 */
import { deadlineOf } from "./create-bay.ts";
import type { BayPorts } from "./create-bay.ts";
import type { BayWithSpecification } from "./find-bay.ts";
import { limits } from "../limits.ts";
import { UPGRADE } from "./master-upgrade.ts";
import type { BayStatus } from "./bay.ts";
import { bayKey, bayShape } from "./bay.ts";
import { isUpdatable } from "./bay-status.ts";
import type { NodeGroup } from "../node-group/node-group.ts";
import { nodeGroupKey, nodeGroupShape } from "../node-group/node-group.ts";
import type { UpgradeWish } from "../node-group/upgrade-input.ts";
import type { KeyedRequestEffect } from "../operation/begin-operation.ts";
import { beginOperation } from "../operation/begin-operation.ts";
import { withOperation } from "../operation/operation.ts";
import type { RecordShape } from "../operation/record.ts";
import type { Key } from "../table/table.ts";

export type AcceptedUpgrade =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly status: BayStatus }
  | { readonly kind: "absent" };

export function upgradeBay(
  ports: BayPorts,
  bay: BayWithSpecification,
  wish: UpgradeWish,
  keyed?: KeyedRequestEffect,
): Promise<AcceptedUpgrade> {
  const { projectId, uuid } = bay.record.state;
  return accept(ports, bay, { shape: bayShape, key: bayKey(projectId, uuid) }, { wish, keyed });
}

export function upgradeNodeGroup(
  ports: BayPorts,
  bay: BayWithSpecification,
  { projectId, bayUuid, uuid }: NodeGroup,
  wish: UpgradeWish,
  keyed?: KeyedRequestEffect,
): Promise<AcceptedUpgrade> {
  return accept(ports, bay, { shape: nodeGroupShape, key: nodeGroupKey(projectId, bayUuid, uuid) }, { wish, keyed });
}

interface Upgradable {
  readonly status: BayStatus;
  readonly statusReason: string | null;
  readonly nodeCount: number;
  readonly updatedAtMs: number | null;
}

async function accept<State extends Upgradable>(
  ports: BayPorts,
  { specification }: BayWithSpecification,
  at: { readonly shape: RecordShape<State>; readonly key: Key },
  { wish, keyed }: { readonly wish: UpgradeWish; readonly keyed: KeyedRequestEffect | undefined },
): Promise<AcceptedUpgrade> {
  const nowMs = ports.clock.nowMs();
  const changed = await beginOperation<State, BayStatus>(ports, at, keyed, (current, id) => {
    const { status, nodeCount } = current.state;
    if (!isUpdatable(status)) return { kind: "refuse", refusal: status };
    // Each batch may take as long as a bay's creation, and so may each word to a master.
    const batches = Math.ceil(nodeCount / wish.maxBatchSize) + 1;
    const onceMs = deadlineOf(nowMs, specification.createTimeoutMinutes) - nowMs;
    const masters = wish.scope === "workers" ? 0 : (specification.masterNames?.length ?? 0);
    const deadlineAtMs = nowMs + batches * onceMs + masters * (onceMs + limits.upgrade.masterMs);
    const operation = { id, kind: UPGRADE, nowMs, deadlineAtMs, input: { ...wish, upgradeId: id } };
    const changes: Partial<Upgradable> = { status: "UPDATE_IN_PROGRESS", statusReason: null, updatedAtMs: nowMs };
    return { kind: "write", record: withOperation(at.shape, current, operation, changes as Partial<State>) };
  });
  if (changed.kind === "refused") return { kind: "refused", status: changed.refusal };
  return changed.kind === "absent" ? changed : { kind: "accepted" };
}
