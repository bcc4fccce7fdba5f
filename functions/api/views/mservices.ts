/** What administrators see of conductors: both generations' attributes (bay-era sheet 3.10, cluster sheet 16). */
import type { ServiceRecord } from "@jeroboam/core/service-record/service-record";
import { wireTime } from "../wire/time.ts";

export function viewService(service: ServiceRecord, isUp: boolean): object {
  return {
    id: service.id,
    host: service.host,
    binary: service.binary,
    state: isUp ? "up" : "down",
    report_count: service.reportCount,
    disabled: false,
    disabled_reason: null,
    created_at: wireTime(service.createdAtMs),
    updated_at: wireTime(service.seenAtMs),
  };
}
