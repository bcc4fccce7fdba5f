/**
 * A webhook: where a project wants to be told of what happens, and of what. Its secrets, by which receivers know who
 * calls, are sealed; the newest signs, and for a while the one before it too.
 */
import { z } from "zod";
import { EVENT_TYPES } from "../event/event-types.ts";
import { limits } from "../limits.ts";
import { takePlaceInProject } from "../listing/project-places.ts";
import { projectRecordKey, projectRecordSchema, projectRecordShape } from "../listing/project-record.ts";
import { withEvent } from "../operation/operation.ts";
import type { RecordShape, WorkRecord } from "../operation/record.ts";
import type { StorePorts } from "../operation/record-store.ts";
import { changeRecord, findRecord, insertRecord, newRecord } from "../operation/record-store.ts";
import type { Clock, Random } from "../ports.ts";
import type { Sealer } from "../secret/sealer.ts";
import type { Key, Table } from "../table/table.ts";
import { forgetFailures } from "./receiver-health.ts";

export const webhookFormatSchema = z.enum(["cloudevents", "cadf"]);

export const webhookSchema = projectRecordSchema.extend({
  name: z.string().nullable(),
  description: z.string().nullable(),
  url: z.string(),
  /** Types of events, as event-filter.ts reads them. */
  events: z.array(z.string()),
  /** Only what is about this bay. */
  bayFilter: z.string().nullable(),
  format: webhookFormatSchema,
  enabled: z.boolean(),
  /** Why the service switched it off; null when its owner did, or nobody. */
  disabledReason: z.string().nullable(),
  /** The newest first. */
  secrets: z.array(z.object({ sealed: z.string(), untilMs: z.number().nullable() })),
});
export type Webhook = z.infer<typeof webhookSchema>;

export const webhookShape: RecordShape<Webhook> = {
  ...projectRecordShape("webhook", webhookSchema),
  describe: ({ uuid, name, url, enabled, disabledReason }) => ({
    uuid,
    name,
    url,
    enabled,
    disabled_reason: disabledReason,
  }),
};

export function webhookKey(projectId: string, uuid: string): Key {
  return projectRecordKey(webhookShape, projectId, uuid);
}

export interface WebhookPorts extends StorePorts {
  readonly clock: Clock;
  readonly webhookSealer: Sealer;
}

/** What its owner decides. */
export type WebhookAttributes = Pick<
  Webhook,
  "name" | "description" | "url" | "events" | "bayFilter" | "format" | "enabled"
>;

export interface Owner {
  readonly projectId: string;
  readonly userId: string;
}

/** The webhook and its secret, in the clear for this once. */
export interface WebhookWithSecret {
  readonly record: WorkRecord<Webhook>;
  readonly secret: string;
}

export async function createWebhook(
  ports: WebhookPorts,
  { projectId, userId }: Owner,
  attributes: WebhookAttributes,
  uuid: string = ports.random.uuid(),
): Promise<({ readonly kind: "created" } & WebhookWithSecret) | { readonly kind: "too-many" }> {
  // One that an earlier try of the same request made is there already: what is missing is its secret.
  const earlier = await findRecord(ports.table, webhookShape, webhookKey(projectId, uuid));
  const renewed = earlier && (await rotateSecret(ports, earlier));
  if (renewed) return { kind: "created", ...renewed };
  const wish = { projectId, uuid, most: limits.webhook.perProject };
  if ((await takePlaceInProject(ports, webhookShape, wish)) === "full") return { kind: "too-many" };
  const secret = newSecret(ports.random);
  const sealed = await ports.webhookSealer.seal(secret, secretContext(uuid), projectId);
  const state: Webhook = {
    ...attributes,
    uuid,
    projectId,
    userId,
    disabledReason: null,
    secrets: [{ sealed, untilMs: null }],
    createdAtMs: ports.clock.nowMs(),
    updatedAtMs: null,
  };
  const inserted = await insertRecord(ports, webhookShape, newRecord(webhookKey(projectId, uuid), state));
  if (inserted.kind === "exists") throw new Error(`the fresh uuid ${uuid} is a webhook's already`);
  return { kind: "created", record: inserted.record, secret };
}

/** The webhook after the change; what failed before is forgotten, so that a mended receiver is tried at once. */
export async function changeWebhook(
  ports: WebhookPorts,
  { key, state }: WorkRecord<Webhook>,
  changes: Partial<WebhookAttributes>,
): Promise<WorkRecord<Webhook> | undefined> {
  const updatedAtMs = ports.clock.nowMs();
  const reason = changes.enabled === undefined ? {} : { disabledReason: null };
  const changed = await changeRecord<Webhook, never>(ports, webhookShape, key, (current) => ({
    kind: "write",
    record: { ...current, state: { ...current.state, ...changes, ...reason, updatedAtMs } },
  }));
  await forgetFailures(ports.table, state.uuid);
  return "record" in changed ? changed.record : undefined;
}

/** A new secret signs from now on, the one before it along with it for a while. */
export async function rotateSecret(
  ports: WebhookPorts,
  { key, state: { uuid, projectId } }: WorkRecord<Webhook>,
): Promise<WebhookWithSecret | undefined> {
  const secret = newSecret(ports.random);
  const sealed = await ports.webhookSealer.seal(secret, secretContext(uuid), projectId);
  const nowMs = ports.clock.nowMs();
  const changed = await changeRecord<Webhook, never>(ports, webhookShape, key, (current) => {
    const [newest] = current.state.secrets;
    const before = newest ? [{ sealed: newest.sealed, untilMs: nowMs + limits.webhook.overlapMs }] : [];
    const secrets = [{ sealed, untilMs: null }, ...before];
    return { kind: "write", record: { ...current, state: { ...current.state, secrets, updatedAtMs: nowMs } } };
  });
  return "record" in changed ? { record: changed.record, secret } : undefined;
}

/** Switches it off for its owner, who is told by an event. */
export async function disableWebhook(
  ports: StorePorts & { readonly clock: Clock },
  { key }: WorkRecord<Webhook>,
  reason: string,
): Promise<void> {
  const nowMs = ports.clock.nowMs();
  const event = { id: ports.random.uuid(), type: EVENT_TYPES.webhookDisabled, atMs: nowMs, data: { reason } };
  await changeRecord<Webhook, never>(ports, webhookShape, key, (current) => {
    if (!current.state.enabled) return { kind: "keep" };
    const state = { ...current.state, enabled: false, disabledReason: reason, updatedAtMs: nowMs };
    return { kind: "write", record: withEvent({ ...current, state }, event) };
  });
}

/** The secrets that sign now. */
export async function openSecrets(
  webhookSealer: Sealer,
  { uuid, secrets }: Webhook,
  nowMs: number,
): Promise<readonly string[]> {
  const valid = secrets.filter(({ untilMs }) => untilMs === null || untilMs > nowMs);
  return Promise.all(valid.map(({ sealed }) => webhookSealer.open(sealed, secretContext(uuid))));
}

/** The webhooks of a project that are to be told anything; an index, so one made a moment ago may be missing. */
export async function readEnabledWebhooks(table: Table, projectId: string): Promise<readonly Webhook[]> {
  const range = { limit: 2 * limits.webhook.perProject };
  const { items } = await table.queryIndex("project", `${webhookShape.type}#${projectId}`, range);
  return items.map((item) => webhookSchema.parse(item.body["state"])).filter(({ enabled }) => enabled);
}

function secretContext(uuid: string): string {
  return `webhook/${uuid}/secret`;
}

/** In the form of Standard Webhooks. */
export function newSecret(random: Random): string {
  return `whsec_${Buffer.from(random.bytes(limits.webhook.secretBytes)).toString("base64")}`;
}
