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
    action: hook.action,
    min_node_count: hook.minNodes,
    max_node_count: hook.maxNodes,
    enabled: hook.enabled,
    project_id: hook.projectId,
    user_id: hook.userId,
    created_at: wireTime(hook.createdAtMs),
    updated_at: wireTime(hook.updatedAtMs),
    links: itemLinks(base, "hooks", hook.uuid),
  };
}
