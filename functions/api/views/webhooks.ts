/** What callers see of webhooks and their deliveries; a secret only where it was made just now. */
import type { Delivery } from "@jeroboam/core/webhook/delivery";
import type { Webhook } from "@jeroboam/core/webhook/webhook";
import { itemLinks } from "../links.ts";
import { wireTime } from "../wire/time.ts";

export function viewBriefWebhook(webhook: Webhook, base: string): object {
  return {
    uuid: webhook.uuid,
    name: webhook.name,
    url: webhook.url,
    events: webhook.events,
    bay_uuid: webhook.bayFilter,
    format: webhook.format,
    enabled: webhook.enabled,
    links: itemLinks(base, "webhooks", webhook.uuid),
  };
}

export function viewWebhook(webhook: Webhook, base: string): object {
  const [, before] = webhook.secrets;
  return {
    ...viewBriefWebhook(webhook, base),
    description: webhook.description,
    disabled_reason: webhook.disabledReason,
    previous_secret_valid_until: wireTime(before?.untilMs ?? null),
    project_id: webhook.projectId,
    user_id: webhook.userId,
    created_at: wireTime(webhook.createdAtMs),
    updated_at: wireTime(webhook.updatedAtMs),
  };
}

export function viewBriefDelivery(delivery: Delivery): object {
  const last = delivery.attempts.at(-1);
  return {
    uuid: delivery.uuid,
    event_id: delivery.eventId,
    event_type: delivery.eventType,
    status: delivery.status,
    failure: delivery.failure,
    last_status: last?.status ?? null,
    last_error: last?.error ?? null,
    created_at: wireTime(delivery.createdAtMs),
    updated_at: wireTime(delivery.updatedAtMs),
  };
}

/** With what was sent, and when the next attempt is due. */
export function viewDelivery(delivery: Delivery, dueAtMs: number | undefined): object {
  return {
    ...viewBriefDelivery(delivery),
    next_attempt_at: wireTime(dueAtMs ?? null),
    attempts: delivery.attempts.map(({ atMs, durationMs, status, error }) => ({
      at: wireTime(atMs),
      duration_ms: durationMs,
      status,
      error,
    })),
    payload: JSON.parse(delivery.payload) as unknown,
  };
}
