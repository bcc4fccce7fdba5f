/**
 * Accepting work on a bay that leaves its counts as they are: what callers see and the operation are one write. While it
 * goes on nothing else is taken up.
 */
import type { KeyedRequestEffect } from "../operation/begin-operation.ts";
import { beginOperation } from "../operation/begin-operation.ts";
import type { OperationRequest } from "../operation/operation.ts";
import { withOperation } from "../operation/operation.ts";
import type { Bay, BayStatus } from "./bay.ts";
import { bayShape } from "./bay.ts";
import { isUpdatable } from "./bay-status.ts";
import type { BayPorts } from "./create-bay.ts";
import type { BayWithSpecification } from "./find-bay.ts";
import type { AcceptedUpgrade } from "./upgrade-bay.ts";

export async function beginUpdate(
  ports: BayPorts,
  { record }: BayWithSpecification,
  request: Omit<OperationRequest, "id">,
  keyed?: KeyedRequestEffect,
): Promise<AcceptedUpgrade> {
  const at = { shape: bayShape, key: record.key };
  const changed = await beginOperation<Bay, BayStatus>(ports, at, keyed, (current, id) => {
    const { status } = current.state;
    if (!isUpdatable(status)) return { kind: "refuse", refusal: status };
    const { nowMs } = request;
    const changes: Partial<Bay> = { status: "UPDATE_IN_PROGRESS", statusReason: null, updatedAtMs: nowMs };
    return { kind: "write", record: withOperation(bayShape, current, { ...request, id }, changes) };
  });
  if (changed.kind === "refused") return { kind: "refused", status: changed.refusal };
  return changed.kind === "absent" ? changed : { kind: "accepted" };
}
