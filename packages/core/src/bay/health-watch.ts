/**
 * Who checks a bay's health, and when: a record of its own a bay, with its own due time, so that checks and whatever else
 * goes on with the bay do not wait for each other. It tells nobody anything; what changes is told by the bay
 * (report-health.ts). It goes with the bay, and where checks are switched off.
 */
import { z } from "zod";
import { bayRecords, projectRecordKey } from "../listing/project-record.ts";
import { withOperation } from "../operation/operation.ts";
import type { RecordShape } from "../operation/record.ts";
import { insertRecord, newRecord } from "../operation/record-store.ts";
import type { Bay, BaySpecification } from "./bay.ts";
import type { BayPorts } from "./create-bay.ts";
import { isOff, isOn } from "./label.ts";
import { nodeRepairSchema } from "./node-repair.ts";

const healthWatchSchema = z.object({
  bayUuid: z.string(),
  projectId: z.string(),
  /** Absent until nodes are to be replaced where they stay unhealthy. */
  repair: nodeRepairSchema.exactOptional(),
});
export type HealthWatch = z.infer<typeof healthWatchSchema>;

export const healthWatchShape: RecordShape<HealthWatch> = {
  type: "health-watch",
  isSilent: true,
  schema: healthWatchSchema,
  indexes: (_key, { bayUuid }) => ({ type: { pk: bayRecords(bayUuid), sk: "health-watch" } }),
};

/** Has the bay's health checked from now on; begun once, however often it is asked for. */
export async function watchHealth(
  ports: BayPorts,
  { projectId, uuid }: Pick<Bay, "projectId" | "uuid">,
): Promise<void> {
  const nowMs = ports.clock.nowMs();
  const request = { id: ports.random.uuid(), kind: "check-health", nowMs, deadlineAtMs: Number.MAX_SAFE_INTEGER };
  const record = newRecord(projectRecordKey(healthWatchShape, projectId, uuid), { bayUuid: uuid, projectId });
  await insertRecord(ports, healthWatchShape, withOperation(healthWatchShape, record, request, {}));
}

/** The bay's labels may say that nobody need check, or that an agent of its own does and reports (cluster sheet 21). */
export function wantsHealthChecks({ labels }: Pick<BaySpecification, "labels">): boolean {
  const isHealedByAgent =
    isOn(labels["auto_healing_enabled"]) && labels["auto_healing_controller"] === "magnum-auto-healer";
  return !isHealedByAgent && !isOff(labels["health_checks_enabled"]);
}

/** Whether the bay's API has an address that is reached from outside its network (cluster sheet 21). */
export function isReachedFromOutside({
  labels,
  masterLbEnabled,
  floatingIpEnabled,
}: Pick<BaySpecification, "labels" | "masterLbEnabled" | "floatingIpEnabled">): boolean {
  const ofLoadBalancer = labels["master_lb_floating_ip_enabled"];
  return masterLbEnabled && ofLoadBalancer !== undefined ? isOn(ofLoadBalancer) : floatingIpEnabled;
}
