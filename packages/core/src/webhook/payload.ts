/**
 * What is sent of an event: CloudEvents 1.0 in its structured JSON form, or, for those who consume Magnum's notifications,
 * the CADF event that Magnum sends at the same moments (cluster sheet 20).
 */
import type { EventSubject } from "../event/event-source.ts";
import type { JsonObject } from "../json.ts";
import { orderKey } from "../operation/event-order.ts";
import type { OutboxEvent } from "../operation/record.ts";
import type { Webhook } from "./webhook.ts";

export const CONTENT_TYPES: Readonly<Record<Webhook["format"], string>> = {
  cloudevents: "application/cloudevents+json; charset=utf-8",
  cadf: "application/json; charset=utf-8",
};

/** The payload's text; absent when the form has no words for the event. */
export function payloadOf(format: Webhook["format"], event: OutboxEvent, subject: EventSubject): string | undefined {
  const payload = format === "cadf" ? cadfOf(event, subject) : cloudEventOf(event, subject);
  return payload && JSON.stringify(payload);
}

/** Order keys are text whose order is theirs, as CloudEvents' extension `sequence` wants it: per source, which is the bay. */
function cloudEventOf(event: OutboxEvent, subject: EventSubject): JsonObject {
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

const OUTCOMES: Readonly<Record<string, string>> = { start: "pending", end: "success", error: "failure" };
const CLUSTER = "service/magnum/cluster";

/** Magnum tells of clusters being created, updated and deleted, and of nothing else. */
function cadfOf(event: OutboxEvent, subject: EventSubject): JsonObject | undefined {
  const [, action, what = ""] = /^bay\.(create|update|delete)\.(\w+)$/.exec(event.type) ?? [];
  const outcome = OUTCOMES[what];
  if (action === undefined || outcome === undefined) return undefined;
  const { uuid, projectId, userId, description } = subject;
  const { baymodel_id, uuid: _uuid, name, ...facts } = description;
  const eventTime = new Date(event.atMs).toISOString();
  return {
    event_type: `magnum.cluster.${action}`,
    priority: outcome === "failure" ? "ERROR" : "INFO",
    publisher_id: "container-infra.jeroboam",
    message_id: event.id,
    timestamp: eventTime,
    payload: {
      typeURI: "http://schemas.dmtf.org/cloud/audit/1.0/event",
      eventType: "activity",
      id: event.id,
      eventTime,
      action,
      outcome,
      initiator: { typeURI: "service/security/account/user", id: userId, user_id: userId, project_id: projectId },
      target: {
        typeURI: CLUSTER,
        id: uuid,
        name: name ?? null,
        attachments: [
          {
            name: "cluster_data",
            typeURI: CLUSTER,
            content: { ...facts, project_id: projectId, cluster_template_id: baymodel_id ?? null },
          },
        ],
      },
      observer: { typeURI: CLUSTER, id: "container-infra.jeroboam" },
    },
  };
}
