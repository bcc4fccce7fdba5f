/**
 * What is sent of an event: CloudEvents 1.0 in its structured JSON form, or, for those who consume Magnum's notifications,
 * the CADF event that Magnum sends at the same moments (cadf.ts).
 */
import type { BayWithSpecification } from "../bay/find-bay.ts";
import type { EventSubject } from "../event/event-source.ts";
import type { JsonObject } from "../json.ts";
import { orderKey } from "../operation/event-order.ts";
import type { OutboxEvent } from "../operation/record.ts";
import { cadfOf, isNotified } from "./cadf.ts";
import type { Webhook } from "./webhook.ts";

export const CONTENT_TYPES: Readonly<Record<Webhook["format"], string>> = {
  cloudevents: "application/cloudevents+json; charset=utf-8",
  cadf: "application/json; charset=utf-8",
};

/**
 * The payload's text; absent when the form has no words for the event. `readBay` gives the bay that the event is about, as
 * it is now: it is asked only where the form tells more of it than the event does.
 */
export async function payloadOf(
  format: Webhook["format"],
  event: OutboxEvent,
  subject: EventSubject,
  readBay: () => Promise<BayWithSpecification | undefined>,
): Promise<string | undefined> {
  if (format === "cloudevents") return JSON.stringify(cloudEventOf(event, subject));
  const payload = isNotified(event) ? cadfOf(event, subject, await readBay()) : undefined;
  return payload && JSON.stringify(payload);
}

/** Order keys are text whose order is theirs, as CloudEvents' extension `sequence` wants it: per source, which is the bay. */
export function cloudEventOf(event: OutboxEvent, subject: EventSubject): JsonObject {
  const { type, uuid, projectId, bayUuid, description } = subject;
  return {
    specversion: "1.0",
    id: event.id,
    source: bayUuid === null ? `/v1/${type}s/${uuid}` : `/v1/bays/${bayUuid}`,
    type: event.type,
    subject: `${type}/${uuid}`,
    time: new Date(event.atMs).toISOString(),
    datacontenttype: "application/json",
    sequence: event.order ?? orderKey(event.sequence ?? 0),
    ...(event.sequence !== undefined && { recordsequence: event.sequence }),
    projectid: projectId,
    ...(bayUuid !== null && { bayid: bayUuid }),
    data: { ...event.data, [type]: description },
  };
}
