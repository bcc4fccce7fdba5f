/** The part of a conductor that delivers webhooks, put together from the adapters that a platform brings. */
import type { Clock, Log, Random } from "@jeroboam/core/ports";
import type { Queue } from "@jeroboam/core/queue/queue";
import type { Sealer } from "@jeroboam/core/secret/sealer";
import type { Table } from "@jeroboam/core/table/table";
import type { WebTransport } from "@jeroboam/core/web/web-transport";
import { createSendWebhook } from "@jeroboam/core/webhook/send-webhook";
import type { WebhookSettings } from "@jeroboam/core/webhook/webhook-settings";
import { createWebhookClient } from "@jeroboam/core/webhook/webhook-settings";
import type { DeliveryConductorPorts } from "./ports.ts";

export interface DeliveryParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly table: Table;
  readonly queue: Queue;
  readonly webhookSealer: Sealer;
  readonly webTransport: WebTransport;
  readonly settings: WebhookSettings;
}

export function createDeliveryPorts({ webTransport, settings, ...parts }: DeliveryParts): DeliveryConductorPorts {
  const { http } = createWebhookClient(webTransport, settings);
  return {
    ...parts,
    // Deliveries are silent, and nothing of theirs is ever provisional.
    publish: () => Promise.resolve(),
    discard: () => Promise.resolve(),
    sendWebhook: createSendWebhook(http, settings),
  };
}
