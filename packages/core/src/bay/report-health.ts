/** Taking an outside healer's word on a bay's health (cluster sheet 8.6): the bay's status and its work go on as before. */
import { EVENT_TYPES } from "../event/event-types.ts";
import { withEvent } from "../operation/operation.ts";
import type { OutboxEvent } from "../operation/record.ts";
import { changeRecord } from "../operation/record-store.ts";
import type { Bay, BaySpecification } from "./bay.ts";
import { bayShape } from "./bay.ts";
import type { BayPorts } from "./create-bay.ts";
import type { BayWithSpecification } from "./find-bay.ts";
import { changeSpecification } from "./specification-store.ts";

export interface HealthReport {
  readonly healthStatus: Bay["healthStatus"];
  readonly healthStatusReason: BaySpecification["healthStatusReason"];
}

/** Writes what changed: the reason first, so that a status is never newer than its reason. */
export async function reportHealth(
  ports: BayPorts,
  { record }: Pick<BayWithSpecification, "record">,
  { healthStatus, healthStatusReason }: HealthReport,
): Promise<void> {
  const nowMs = ports.clock.nowMs();
  const id = ports.random.uuid();
  const changedEvent = (before: Bay["healthStatus"]): OutboxEvent => ({
    id,
    type: EVENT_TYPES.healthChanged,
    atMs: nowMs,
    data: { before, reasons: healthStatusReason },
  });
  await changeSpecification(ports.table, record.state, () => ({ healthStatusReason }));
  await changeRecord<Bay, never>(ports, bayShape, record.key, (current) =>
    current.state.healthStatus === healthStatus
      ? { kind: "keep" }
      : {
          kind: "write",
          record: withEvent(
            { ...current, state: { ...current.state, healthStatus, updatedAtMs: nowMs } },
            changedEvent(current.state.healthStatus),
          ),
        },
  );
}
