/**
 * /v1/webhooks (ours): where a project is told of what happens (docs/webhooks.md). A secret is shown when it is made, and
 * never again; addresses that lead inside are refused here, and once more at each delivery.
 */
import { EVENT_TYPES } from "@jeroboam/core/event/event-types";
import { Rejected } from "@jeroboam/core/errors";
import { isUuid } from "@jeroboam/core/identity/ident";
import { limits } from "@jeroboam/core/limits";
import { deletePlacedRecord } from "@jeroboam/core/listing/project-places";
import type { WorkRecord } from "@jeroboam/core/operation/record";
import type { Delivery } from "@jeroboam/core/webhook/delivery";
import { ensureDelivery, findDelivery, listDeliveries, redeliver } from "@jeroboam/core/webhook/delivery";
import { cloudEventOf } from "@jeroboam/core/webhook/payload";
import { eventSource } from "@jeroboam/core/event/event-source";
import type { Webhook, WebhookAttributes } from "@jeroboam/core/webhook/webhook";
import { changeWebhook, createWebhook, rotateSecret, webhookShape } from "@jeroboam/core/webhook/webhook";
import type { ApiRequest, Route } from "../route.ts";
import { defineRoute } from "../route.ts";
import { viewBriefDelivery, viewBriefWebhook, viewDelivery, viewWebhook } from "../views/webhooks.ts";
import { invalid } from "../wire/attributes.ts";
import { listReply, readListQuery } from "../wire/list.ts";
import type { WebhookWish } from "../wire/webhook.ts";
import { readWebhookChange, readWebhookWish } from "../wire/webhook.ts";
import type { RecordTarget } from "./project-records.ts";
import { commonSortKeys, listRoutes, requireBayUuid, requireRecord } from "./project-records.ts";

const PATH = "/v1/webhooks";
const ITEM = `${PATH}/:ident`;
const DELIVERIES = `${ITEM}/deliveries`;

const WEBHOOKS = {
  collection: "webhooks",
  rules: "webhook",
  noun: "Webhook",
  shape: webhookShape,
  sortKeys: {
    ...commonSortKeys<Webhook>(),
    name: ({ state }: WorkRecord<Webhook>) => state.name,
    url: ({ state }: WorkRecord<Webhook>) => state.url,
  },
  view: viewWebhook,
  viewBrief: viewBriefWebhook,
  answer: "webhook",
  answerBrief: "webhookBrief",
} as const;

type Target = RecordTarget<Webhook>;

const find = (request: ApiRequest): Promise<Target> => requireRecord(WEBHOOKS, request);

interface DeliveryTarget extends Target {
  readonly delivery: WorkRecord<Delivery>;
}

async function findOne(request: ApiRequest): Promise<DeliveryTarget> {
  const target = await find(request);
  const id = request.parameter("delivery").toLowerCase();
  const delivery = isUuid(id) ? await findDelivery(request.ports.table, target.record.state, id) : undefined;
  if (!delivery) throw new Rejected(404, `Delivery ${id.slice(0, 100)} could not be found.`);
  return { ...target, delivery };
}

const absent = ({ ident }: ApiRequest): Rejected => new Rejected(404, `Webhook ${ident} could not be found.`);

export const webhooks: readonly Route[] = [
  defineRoute({
    method: "POST",
    path: PATH,
    rule: "webhook:create",
    body: readWebhookWish,
    answers: { 201: "webhookWithSecret" },
    async run(request, { body }) {
      const { ports, caller, base } = request;
      const attributes = await attributesOf(request, body);
      const made = await createWebhook(ports, caller, attributes, request.keyed?.uuid);
      if (made.kind === "too-many")
        throw new Rejected(403, `A project has at most ${limits.webhook.perProject} webhooks`);
      const { state } = made.record;
      const headers = { Location: `${base}${PATH}/${state.uuid}` };
      return { status: 201, body: { ...viewWebhook(state, base), secret: made.secret }, headers };
    },
  }),
  ...listRoutes(WEBHOOKS),
  defineRoute({
    method: "GET",
    path: ITEM,
    rule: "webhook:get",
    answers: { 200: "webhook" },
    find,
    run: ({ base }, { target }) => Promise.resolve({ status: 200, body: viewWebhook(target.record.state, base) }),
  }),
  defineRoute({
    method: "PATCH",
    path: ITEM,
    rule: "webhook:update",
    body: readWebhookChange,
    find,
    answers: { 200: "webhook" },
    async run(request, { body, target }) {
      const changes = await changesOf(request, body);
      const changed = await changeWebhook(request.ports, target.record, changes);
      if (!changed) throw absent(request);
      return { status: 200, body: viewWebhook(changed.state, request.base) };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: ITEM,
    rule: "webhook:delete",
    find,
    answers: { 204: null },
    async run(request, { target }) {
      if ((await deletePlacedRecord(request.ports.table, webhookShape, target.record)) === "absent")
        throw absent(request);
      return { status: 204 };
    },
  }),
  defineRoute({
    method: "POST",
    path: `${ITEM}/rotate`,
    rule: "webhook:rotate",
    find,
    answers: { 200: "webhookWithSecret" },
    async run(request, { target }) {
      const rotated = await rotateSecret(request.ports, target.record);
      if (!rotated) throw absent(request);
      return { status: 200, body: { ...viewWebhook(rotated.record.state, request.base), secret: rotated.secret } };
    },
  }),
  defineRoute({
    method: "POST",
    path: `${ITEM}/test`,
    rule: "webhook:test",
    answers: { 202: "accepted" },
    find,
    run: async ({ ports }, { target }) => ({ status: 202, body: { uuid: await sendTest(ports, target.record) } }),
  }),
  listDeliveriesRoute(),
  defineRoute({
    method: "GET",
    path: `${DELIVERIES}/:delivery`,
    rule: "webhook:deliveries",
    find: findOne,
    answers: { 200: "delivery" },
    run(_request, { target }) {
      const { state, operation, dueAtMs } = target.delivery;
      return Promise.resolve({ status: 200, body: viewDelivery(state, operation && dueAtMs) });
    },
  }),
  defineRoute({
    method: "POST",
    path: `${DELIVERIES}/:delivery/redeliver`,
    rule: "webhook:redeliver",
    find: findOne,
    answers: { 202: "accepted" },
    async run({ ports }, { target }) {
      if (!target.record.state.enabled) throw new Rejected(409, "The webhook is switched off");
      if ((await redeliver(ports, target.delivery)) === "absent")
        throw new Rejected(404, "The delivery is not kept any more.");
      return { status: 202, body: { uuid: target.delivery.state.uuid } };
    },
  }),
];

function listDeliveriesRoute(): Route {
  const query = readListQuery<WorkRecord<Delivery>>({
    status: ({ state }) => state.status,
    event_type: ({ state }) => state.eventType,
  });
  return defineRoute({
    method: "GET",
    path: DELIVERIES,
    rule: "webhook:deliveries",
    query,
    find,
    answers: { 200: { list: "deliveryBrief", key: "deliveries" } },
    async run(request, input) {
      const webhook = input.target.record.state;
      const page = await listDeliveries(request.ports.table, webhook, input.query.request);
      return listReply(request, input.query, page, {
        path: `webhooks/${webhook.uuid}/deliveries`,
        key: "deliveries",
        nextOn: "more",
        uuidOf: ({ state }) => state.uuid,
        view: ({ state }) => viewBriefDelivery(state),
      });
    },
  });
}

/** What the wish comes to, once its address and its bay were looked at. */
async function attributesOf(request: ApiRequest, { bay, ...wish }: WebhookWish): Promise<WebhookAttributes> {
  await requireReceiver(request, wish.url);
  return { ...wish, bayFilter: bay === null ? null : await requireBayUuid(request, bay) };
}

async function changesOf(
  request: ApiRequest,
  { bay, ...changes }: Partial<WebhookWish>,
): Promise<Partial<WebhookAttributes>> {
  if (changes.url !== undefined) await requireReceiver(request, changes.url);
  if (bay === undefined) return changes;
  return { ...changes, bayFilter: bay === null ? null : await requireBayUuid(request, bay) };
}

async function requireReceiver({ ports }: ApiRequest, url: string): Promise<void> {
  const checked = await ports.checkReceiver(url);
  if (checked.kind === "forbidden") throw invalid("url", url, `Webhooks may not be sent there: ${checked.reason}`);
}

/** An event for this webhook alone, whatever its filter says; in whatever form, CloudEvents has words for it. */
async function sendTest(ports: ApiRequest["ports"], record: WorkRecord<Webhook>): Promise<string> {
  if (!record.state.enabled) throw new Rejected(409, "The webhook is switched off");
  const { subject } = eventSource(webhookShape, record);
  const event = { id: ports.random.uuid(), type: EVENT_TYPES.webhookTest, atMs: ports.clock.nowMs(), data: {} };
  if (!subject) throw new Error("a webhook is nobody's");
  const payload = JSON.stringify(cloudEventOf(event, subject));
  return ensureDelivery(ports, { webhook: record.state, eventId: event.id, eventType: event.type, payload });
}
