/**
 * A delivery: one event on its way to one webhook. Its id follows from both, so that telling an event again makes no
 * second one, and a receiver knows a repetition by it. What is sent is written once and stays the same at each attempt.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { creationKey } from "../bay-model/bay-model.ts";
import { limits } from "../limits.ts";
import type { ListPage, ListRequest } from "../listing/page.ts";
import { listPage } from "../listing/page.ts";
import { readInOrder } from "../listing/ordered-items.ts";
import { withOperation } from "../operation/operation.ts";
import type { RecordShape, WorkRecord } from "../operation/record.ts";
import { recordFromItem } from "../operation/record.ts";
import type { StorePorts } from "../operation/record-store.ts";
import { changeRecord, findRecord, insertRecord, newRecord } from "../operation/record-store.ts";
import type { Clock } from "../ports.ts";
import { DELIVERY_PREFIX } from "../queue/routed-queue.ts";
import type { Key, Table } from "../table/table.ts";
import type { Webhook } from "./webhook.ts";

const attemptSchema = z.object({
  atMs: z.number(),
  durationMs: z.number(),
  /** Of HTTP; null: there was no answer. */
  status: z.number().int().nullable(),
  error: z.string().nullable(),
});
export type DeliveryAttempt = z.infer<typeof attemptSchema>;

export const deliverySchema = z.object({
  uuid: z.string(),
  projectId: z.string(),
  webhookId: z.string(),
  eventId: z.string(),
  eventType: z.string(),
  payload: z.string(),
  status: z.enum(["pending", "delivered", "failed"]),
  /** Why it failed for good. */
  failure: z.string().nullable(),
  /** The latest, oldest of them first. */
  attempts: z.array(attemptSchema),
  /** Attempts since it was asked for, or asked for again. */
  tries: z.number().int(),
  createdAtMs: z.number(),
  updatedAtMs: z.number().nullable(),
});
export type Delivery = z.infer<typeof deliverySchema>;

export const deliveryShape: RecordShape<Delivery> = {
  type: "delivery",
  schema: deliverySchema,
  // An event of a delivery would be an event to deliver.
  isSilent: true,
  indexes: (_key, delivery) => ({
    project: { pk: webhookDeliveries(delivery.webhookId), sk: creationKey(delivery) },
  }),
  expiresAtSeconds: ({ createdAtMs }) => Math.ceil((createdAtMs + limits.webhook.keepMs) / 1_000),
};

/** Partition of the project index: a webhook's deliveries. */
function webhookDeliveries(webhookId: string): string {
  return `delivery#${webhookId}`;
}

export function deliveryKey(projectId: string, uuid: string): Key {
  return { pk: `${DELIVERY_PREFIX}${uuid}`, sk: `${projectId}#delivery` };
}

/** A uuid (version 8) that follows from the event and the webhook. */
export function deliveryId(eventId: string, webhookId: string): string {
  const digest = createHash("sha256").update(`${webhookId}/${eventId}`).digest("hex");
  const variant = ((Number.parseInt(digest.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  const parts = [digest.slice(0, 8), digest.slice(8, 12), `8${digest.slice(13, 16)}`, variant + digest.slice(17, 20)];
  return [...parts, digest.slice(20, 32)].join("-");
}

export interface DeliveryPorts extends StorePorts {
  readonly clock: Clock;
}

export interface NewDelivery {
  readonly webhook: Pick<Webhook, "uuid" | "projectId">;
  readonly eventId: string;
  readonly eventType: string;
  readonly payload: string;
}

/** Writes the delivery, due at once, unless it was written before. */
export async function ensureDelivery(ports: DeliveryPorts, wish: NewDelivery): Promise<string> {
  const { webhook, eventId, eventType, payload } = wish;
  const uuid = deliveryId(eventId, webhook.uuid);
  const nowMs = ports.clock.nowMs();
  const state: Delivery = {
    uuid,
    projectId: webhook.projectId,
    webhookId: webhook.uuid,
    eventId,
    eventType,
    payload,
    status: "pending",
    failure: null,
    attempts: [],
    tries: 0,
    createdAtMs: nowMs,
    updatedAtMs: null,
  };
  const record = newRecord(deliveryKey(webhook.projectId, uuid), state);
  await insertRecord(ports, deliveryShape, withOperation(deliveryShape, record, operationAt(ports, nowMs), {}));
  return uuid;
}

/** Tries again from the beginning, under the same id. One that is under way is left to its way. */
export async function redeliver(ports: DeliveryPorts, { key }: WorkRecord<Delivery>): Promise<"begun" | "absent"> {
  const nowMs = ports.clock.nowMs();
  const changed = await changeRecord<Delivery, never>(ports, deliveryShape, key, (current) => {
    if (current.lease && current.lease.untilMs > nowMs) return { kind: "keep" };
    const changes = { status: "pending", failure: null, tries: 0, updatedAtMs: nowMs } as const;
    return { kind: "write", record: withOperation(deliveryShape, current, operationAt(ports, nowMs), changes) };
  });
  return changed.kind === "absent" ? "absent" : "begun";
}

function operationAt({ random }: DeliveryPorts, nowMs: number) {
  return { id: random.uuid(), kind: "deliver", nowMs, deadlineAtMs: nowMs + limits.webhook.deadlineMs };
}

/** A delivery of this webhook, and of no other. */
export async function findDelivery(
  table: Table,
  { uuid, projectId }: Pick<Webhook, "uuid" | "projectId">,
  deliveryUuid: string,
): Promise<WorkRecord<Delivery> | undefined> {
  const record = await findRecord(table, deliveryShape, deliveryKey(projectId, deliveryUuid));
  return record?.state.webhookId === uuid ? record : undefined;
}

export function listDeliveries(
  table: Table,
  webhook: Pick<Webhook, "uuid" | "projectId">,
  request: ListRequest<WorkRecord<Delivery>>,
): Promise<ListPage<WorkRecord<Delivery>>> {
  return listPage(
    {
      find: (uuid) => findDelivery(table, webhook, uuid),
      async *read(after, descending, wanted) {
        const range = {
          ...(after && { after: { ...after.key, indexSk: creationKey(after.state) } }),
          descending,
          pageItems: wanted,
        };
        const partition = { index: "project", pk: webhookDeliveries(webhook.uuid) } as const;
        for await (const item of readInOrder(table, [partition], range)) yield recordFromItem(deliveryShape, item);
      },
      uuidOf: ({ state }) => state.uuid,
    },
    request,
  );
}
