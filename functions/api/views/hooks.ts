/** What callers see of hooks; the secret only where it was made just now. */
import type { Hook } from "@jeroboam/core/hook/hook";
import { itemLinks } from "../links.ts";
import { wireTime } from "../wire/time.ts";

export function viewHook(hook: Hook, base: string): object {
  return {
    uuid: hook.uuid,
    name: hook.name,
    /** Where its calls go. */
    url: `${base}/v1/hooks/${hook.uuid}`,
    bay_uuid: hook.bayUuid,
    ...viewAllowed(hook.allows),
    enabled: hook.enabled,
    project_id: hook.projectId,
    user_id: hook.userId,
    created_at: wireTime(hook.createdAtMs),
    updated_at: wireTime(hook.updatedAtMs),
    links: itemLinks(base, "hooks", hook.uuid),
  };
}

function viewAllowed(allows: Hook["allows"]): object {
  switch (allows.action) {
    case "resize":
      return { action: allows.action, min_node_count: allows.minNodes, max_node_count: allows.maxNodes };
    case "upgrade":
      return { action: allows.action, bay_models: allows.bayModelIds, max_batch_size: allows.maxBatchSize };
    default:
      return allows satisfies never;
  }
}
