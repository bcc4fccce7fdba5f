/**
 * Magnum's own notifications (cluster sheet 20): the CADF event that it sends when a cluster begins to be created, updated
 * or deleted and when that ends, in the envelope of oslo.messaging. What Magnum does under another name (resize, upgrade,
 * rotation of credentials) it tells as an update, and so do we; of nothing else it tells.
 */
import type { BayWithSpecification } from "../bay/find-bay.ts";
import type { EventSubject } from "../event/event-source.ts";
import type { Json, JsonObject } from "../json.ts";
import type { OutboxEvent } from "../operation/record.ts";

/** By the kinds of a bay's operations. */
const ACTIONS: Readonly<Record<string, string>> = {
  create: "create",
  recreate: "create",
  update: "update",
  upgrade: "update",
  "rotate-credential": "update",
  "rotate-authority": "update",
  delete: "delete",
  abandon: "delete",
};
const OUTCOMES: Readonly<Record<string, string>> = { start: "pending", end: "success", error: "failure" };
const CLUSTER = "service/magnum/cluster";

/** What Magnum tells of the event; undefined where it tells nothing. */
export function isNotified({ type }: Pick<OutboxEvent, "type">): boolean {
  return notified(type) !== undefined;
}

function notified(type: string): { readonly action: string; readonly outcome: string } | undefined {
  const [, kind = "", what = ""] = /^bay\.([a-z-]+)\.(\w+)$/.exec(type) ?? [];
  const [action, outcome] = [ACTIONS[kind], OUTCOMES[what]];
  return action === undefined || outcome === undefined ? undefined : { action, outcome };
}

/** `bay` is absent when it is gone: then what only its specification says is null. */
export function cadfOf(
  event: OutboxEvent,
  { uuid, projectId, userId, description }: EventSubject,
  bay: BayWithSpecification | undefined,
): JsonObject | undefined {
  const moment = notified(event.type);
  if (!moment) return undefined;
  const eventTime = timeOf(event.atMs);
  return {
    event_type: `magnum.cluster.${moment.action}`,
    priority: moment.outcome === "failure" ? "ERROR" : "INFO",
    publisher_id: "container-infra.jeroboam",
    message_id: event.id,
    timestamp: eventTime,
    payload: {
      typeURI: "http://schemas.dmtf.org/cloud/audit/1.0/event",
      eventType: "activity",
      id: event.id,
      eventTime,
      ...moment,
      initiator: { typeURI: "service/security/account/user", id: userId, user_id: userId, project_id: projectId },
      target: {
        typeURI: CLUSTER,
        id: uuid,
        name: description["name"] ?? null,
        attachments: [{ name: "cluster_data", typeURI: CLUSTER, content: clusterData(projectId, description, bay) }],
      },
      observer: { typeURI: CLUSTER, id: "container-infra.jeroboam" },
    },
  };
}

/** Status and counts are the event's; what is only in the specification is as it is now. */
function clusterData(projectId: string, told: JsonObject, bay: BayWithSpecification | undefined): JsonObject {
  const specification = bay?.specification;
  const volumeSize = specification?.dockerVolumeSizeGb ?? null;
  return {
    status: asTold(told, "status"),
    status_reason: asTold(told, "status_reason"),
    project_id: projectId,
    created_at: bay ? timeOf(bay.record.state.createdAtMs) : null,
    updated_at: bay && bay.record.state.updatedAtMs !== null ? timeOf(bay.record.state.updatedAtMs) : null,
    cluster_template_id: asTold(told, "baymodel_id"),
    keypair: specification?.keypairId ?? null,
    // Magnum's key ends with a colon; who reads the sheet expects none.
    "docker_volume_size:": volumeSize,
    docker_volume_size: volumeSize,
    labels: specification?.labels ?? null,
    master_flavor_id: specification?.masterFlavorId ?? null,
    flavor_id: specification?.flavorId ?? null,
    stack_id: asTold(told, "stack_id"),
    health_status: asTold(told, "health_status"),
    create_timeout: specification?.createTimeoutMinutes ?? null,
    api_address: specification?.apiAddress ?? null,
    discovery_url: specification?.discoveryUrl ?? null,
    node_addresses: specification?.nodeAddresses ?? null,
    master_addresses: specification?.masterAddresses ?? null,
    node_count: asTold(told, "node_count"),
    master_count: asTold(told, "master_count"),
  };
}

function asTold(told: JsonObject, name: string): Json {
  return told[name] ?? null;
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
