/** Webhooks on the wire (ours). Changes are sent as an object of what is to be another; null takes a text away. */
import { isEventPattern } from "@jeroboam/core/event/event-filter";
import type { Json } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import type { WebhookAttributes } from "@jeroboam/core/webhook/webhook";
import { webhookFormatSchema } from "@jeroboam/core/webhook/webhook";
import { z } from "zod";
import { readAttributes } from "./attributes.ts";
import { describeBody } from "./reader.ts";
import { boolean, oneOf, optional, reference, text } from "./types.ts";

/** A webhook as its owner wants it; the bay by uuid or name. */
export type WebhookWish = Omit<WebhookAttributes, "bayFilter"> & { readonly bay: string | null };

const pattern = z
  .string({ error: "Value should be a type of events" })
  .refine(isEventPattern, { error: "Value should be a type of events, such as bay.create.end, bay.* or *" });

const attributes = {
  name: reference.nullable(),
  description: text(1, limits.webhook.descriptionChars).nullable(),
  url: text(1, limits.web.urlChars),
  events: z
    .array(pattern, { error: "Value should be a list of types of events" })
    .min(1, { error: "Value should name at least one type" })
    .max(limits.webhook.patterns, { error: `Value should name at most ${limits.webhook.patterns} types` }),
  bay: reference.nullable(),
  format: oneOf(webhookFormatSchema),
  enabled: boolean,
};

const READ_ONLY = ["uuid", "secret", "disabled_reason", "project_id", "user_id", "created_at", "updated_at", "links"];

const NEW_WEBHOOK = {
  argument: "webhook",
  schema: z.strictObject({
    ...attributes,
    name: optional(reference),
    description: optional(text(1, limits.webhook.descriptionChars)),
    events: attributes.events.default(["*"]),
    bay: optional(reference),
    format: attributes.format.default("cloudevents"),
    enabled: boolean.default(true),
  }),
  readOnly: READ_ONLY,
};

const CHANGED_WEBHOOK = {
  argument: "webhook",
  schema: z.strictObject(attributes).partial(),
  readOnly: READ_ONLY,
  keepsNull: ["name", "description", "bay"],
};

export const readWebhookWish = describeBody(
  { kind: "object", schema: NEW_WEBHOOK.schema },
  (given: Json | undefined): WebhookWish => {
    return readAttributes(NEW_WEBHOOK, given);
  },
);

export const readWebhookChange = describeBody(
  { kind: "object", schema: CHANGED_WEBHOOK.schema },
  (given: Json | undefined): Partial<WebhookWish> => {
    const read = readAttributes(CHANGED_WEBHOOK, given);
    return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined));
  },
);
