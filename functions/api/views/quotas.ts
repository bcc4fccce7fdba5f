/** What callers see of quotas (cluster sheet 13). The default has no number and no times: nobody set it. */
import type { ProjectLimit } from "@jeroboam/core/quota/list-quotas";
import type { JsonObject } from "@jeroboam/core/json";
import { QUOTA_RESOURCE } from "../wire/quota.ts";
import { wireTime } from "../wire/time.ts";

export function viewQuota({ id, projectId, hardLimit, createdAtMs, updatedAtMs }: ProjectLimit): JsonObject {
  return {
    id,
    hard_limit: hardLimit,
    project_id: projectId,
    resource: QUOTA_RESOURCE,
    created_at: wireTime(createdAtMs),
    updated_at: wireTime(updatedAtMs),
  };
}

export function viewDefaultQuota(projectId: string, hardLimit: number): JsonObject {
  return { hard_limit: hardLimit, project_id: projectId, resource: QUOTA_RESOURCE };
}
