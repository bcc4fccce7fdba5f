/**
 * Accepting a renewal of the credential of a bay's nodes. Unlike Magnum's, whose driver does it in the request, the status
 * says that there is work: while new nodes are told another password, nobody must add any.
 */
import type { KeyedRequestEffect } from "../operation/begin-operation.ts";
import { beginUpdate } from "./begin-update.ts";
import type { BayPorts } from "./create-bay.ts";
import { deadlineOf } from "./create-bay.ts";
import type { BayWithSpecification } from "./find-bay.ts";
import type { AcceptedUpgrade } from "./upgrade-bay.ts";

export function rotateCredential(
  ports: BayPorts,
  bay: BayWithSpecification,
  keyed?: KeyedRequestEffect,
): Promise<AcceptedUpgrade> {
  const nowMs = ports.clock.nowMs();
  const deadlineAtMs = deadlineOf(nowMs, bay.specification.createTimeoutMinutes);
  return beginUpdate(ports, bay, { kind: "rotate-credential", nowMs, deadlineAtMs }, keyed);
}
