/**
 * Telling events: to the history, which is the project's stream too, and to each webhook that wants them, as a delivery
 * whose key follows from the event and the webhook. Telling an event again changes nothing. A project without webhooks
 * costs one query of an index every few seconds, whatever happens in it.
 */
import type { BayWithSpecification } from "../bay/find-bay.ts";
import { findBayByUuid } from "../bay/find-bay.ts";
import { matchesEvent } from "../event/event-filter.ts";
import { recordHistory } from "../event/event-history.ts";
import type { EventSubject, Publish } from "../event/event-source.ts";
import { limits } from "../limits.ts";
import { createExpiringCache } from "../openstack/expiring-cache.ts";
import type { OutboxEvent } from "../operation/record.ts";
import type { Table } from "../table/table.ts";
import type { DeliveryPorts } from "./delivery.ts";
import { ensureDelivery } from "./delivery.ts";
import { payloadOf } from "./payload.ts";
import type { Webhook } from "./webhook.ts";
import { readEnabledWebhooks } from "./webhook.ts";

export function createPublisher(ports: DeliveryPorts): Publish {
  const { table, clock, log } = ports;
  const webhooksOf = createExpiringCache<readonly Webhook[]>(clock, limits.webhook.cachedProjects);
  return async (source, events) => {
    await recordHistory(table, source, events, clock.nowMs());
    const { subject } = source;
    if (!subject) return;
    const { projectId } = subject;
    const webhooks = await webhooksOf.get(projectId, async () => ({
      value: await readEnabledWebhooks(table, projectId),
      keepUntilMs: clock.nowMs() + limits.webhook.cacheMs,
    }));
    for (const event of events) {
      for (const webhook of webhooks) {
        if (!isWanted(webhook, event, subject)) continue;
        const payload = await payloadOf(webhook.format, event, subject, () => readBay(table, subject));
        if (payload === undefined) continue;
        if (Buffer.byteLength(payload) > limits.webhook.payloadBytes) {
          log.write("warning", "event-too-large", { event: event.id, webhook: webhook.uuid });
          continue;
        }
        await ensureDelivery(ports, { webhook, eventId: event.id, eventType: event.type, payload });
      }
    }
  };
}

async function readBay(table: Table, { projectId, bayUuid }: EventSubject): Promise<BayWithSpecification | undefined> {
  return bayUuid === null ? undefined : await findBayByUuid(table, { projectId, allProjects: false }, bayUuid);
}

function isWanted({ events, bayFilter }: Webhook, { type }: OutboxEvent, { bayUuid }: EventSubject): boolean {
  return matchesEvent(events, type) && (bayFilter === null || bayFilter === bayUuid);
}
