/**
 * Accepting a renewal of the credential of a bay's nodes. Unlike Magnum's, whose driver does it in the request, the status
 * says that there is work: while new nodes are told another password, nobody must add any.
 */
import type { KeyedRequestEffect } from "../operation/begin-operation.ts";
import { beginOperation } from "../operation/begin-operation.ts";
import { withOperation } from "../operation/operation.ts";
import type { Bay, BayStatus } from "./bay.ts";
import { bayShape } from "./bay.ts";
import { isUpdatable } from "./bay-status.ts";
import type { BayPorts } from "./create-bay.ts";
import { deadlineOf } from "./create-bay.ts";
import type { BayWithSpecification } from "./find-bay.ts";
import type { AcceptedUpgrade } from "./upgrade-bay.ts";

export async function rotateCredential(
  ports: BayPorts,
  { record, specification }: BayWithSpecification,
  keyed?: KeyedRequestEffect,
): Promise<AcceptedUpgrade> {
  const nowMs = ports.clock.nowMs();
  const deadlineAtMs = deadlineOf(nowMs, specification.createTimeoutMinutes);
  const at = { shape: bayShape, key: record.key };
  const changed = await beginOperation<Bay, BayStatus>(ports, at, keyed, (current, id) => {
    const { status } = current.state;
    if (!isUpdatable(status)) return { kind: "refuse", refusal: status };
    const operation = { id, kind: "rotate-credential", nowMs, deadlineAtMs };
    const changes: Partial<Bay> = { status: "UPDATE_IN_PROGRESS", statusReason: null, updatedAtMs: nowMs };
    return { kind: "write", record: withOperation(bayShape, current, operation, changes) };
  });
  if (changed.kind === "refused") return { kind: "refused", status: changed.refusal };
  return changed.kind === "absent" ? changed : { kind: "accepted" };
}
