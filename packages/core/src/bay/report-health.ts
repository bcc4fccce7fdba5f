/** Taking an outside healer's word on a bay's health (cluster sheet 8.6): the bay's status and its work go on as before. */
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
  { record }: BayWithSpecification,
  { healthStatus, healthStatusReason }: HealthReport,
): Promise<void> {
  await changeSpecification(ports.table, record.state, () => ({ healthStatusReason }));
  await changeRecord<Bay, never>(ports, bayShape, record.key, (current) =>
    current.state.healthStatus === healthStatus
      ? { kind: "keep" }
      : {
          kind: "write",
          record: { ...current, state: { ...current.state, healthStatus, updatedAtMs: ports.clock.nowMs() } },
        },
  );
}
