/**
 * What happens to a delivery: it is posted, again and again on the schedule of Standard Webhooks, until the receiver takes
 * it, says that it wants no more (410), or the schedule ends. While a receiver fails one delivery at a time tries it; the
 * others wait uncounted. Deliveries of one webhook overtake each other: their numbers tell the order.
 */
import type { OperationDefinition, Step, StepResult } from "@jeroboam/core/operation/record";
import { again, done, failed } from "@jeroboam/core/operation/record";
import { findRecord } from "@jeroboam/core/operation/record-store";
import { limits } from "@jeroboam/core/limits";
import type { Random } from "@jeroboam/core/ports";
import type { Delivery, DeliveryAttempt } from "@jeroboam/core/webhook/delivery";
import { enterReceiver, forgetFailures, noteFailure } from "@jeroboam/core/webhook/receiver-health";
import type { SendOutcome } from "@jeroboam/core/webhook/send-webhook";
import type { Webhook } from "@jeroboam/core/webhook/webhook";
import { disableWebhook, openSecrets, webhookKey, webhookShape } from "@jeroboam/core/webhook/webhook";
import type { WorkRecord } from "@jeroboam/core/operation/record";
import type { DeliveryConductorPorts } from "../ports.ts";

const post: Step<DeliveryConductorPorts, Delivery> = {
  name: "post",
  async run(ports, { state: delivery }, { signal }) {
    const { table, clock, webhookSealer, sendWebhook } = ports;
    const webhook = await findRecord(table, webhookShape, webhookKey(delivery.projectId, delivery.webhookId));
    if (!webhook) return failed("the webhook was deleted");
    if (!webhook.state.enabled) return failed("the webhook is switched off");
    const entered = await enterReceiver(ports, delivery.webhookId);
    if (entered.kind === "held") return again(entered.afterMs);
    const atMs = clock.nowMs();
    const secrets = await openSecrets(webhookSealer, webhook.state, atMs);
    const { url, format } = webhook.state;
    const { uuid: id, payload } = delivery;
    const outcome = await sendWebhook({ id, url, format, payload, secrets, atMs }, signal);
    return conclude(ports, webhook, delivery, attemptOf(outcome, atMs, clock.nowMs()), outcome);
  },
};

function attemptOf(outcome: SendOutcome, atMs: number, nowMs: number): DeliveryAttempt {
  const error = outcome.kind === "refused" ? outcome.error.slice(0, limits.webhook.errorChars) : null;
  return { atMs, durationMs: nowMs - atMs, status: outcome.status, error };
}

async function conclude(
  ports: DeliveryConductorPorts,
  webhook: WorkRecord<Webhook>,
  delivery: Delivery,
  attempt: DeliveryAttempt,
  outcome: SendOutcome,
): Promise<StepResult<Delivery>> {
  const tries = delivery.tries + 1;
  const attempts = [...delivery.attempts, attempt].slice(-limits.webhook.attempts);
  const changes = { attempts, tries, updatedAtMs: ports.clock.nowMs() };
  switch (outcome.kind) {
    case "taken":
      await forgetFailures(ports.table, delivery.webhookId);
      return done({ ...changes, status: "delivered" });
    case "gone":
      await disableWebhook(ports, webhook, "its receiver answered 410: it wants no more");
      return failed("the receiver answered 410: it wants no more", changes);
    case "refused": {
      const { failingSinceMs, failures } = await noteFailure(ports, delivery.webhookId);
      const failingMs = ports.clock.nowMs() - failingSinceMs;
      if (failingMs >= limits.webhook.disableAfterMs && failures >= limits.webhook.disableFailures) {
        const days = Math.floor(failingMs / 86_400_000);
        await disableWebhook(ports, webhook, `its receiver has failed for ${days} days; last: ${outcome.error}`);
        return failed(`the receiver has failed for ${days} days; last: ${outcome.error}`, changes);
      }
      const waitMs = limits.webhook.retriesMs[tries - 1];
      if (waitMs === undefined) return failed(`${tries} attempts failed; last: ${outcome.error}`, changes);
      return again(Math.max(outcome.retryAfterMs ?? 0, jittered(ports.random, waitMs)), changes);
    }
    default:
      return outcome satisfies never;
  }
}

/** Later, never sooner, so that those who failed together do not return together. */
function jittered(random: Random, waitMs: number): number {
  return Math.ceil(waitMs * (1 + random.fraction() * limits.webhook.jitter));
}

export const deliver: OperationDefinition<DeliveryConductorPorts, Delivery> = {
  kind: "deliver",
  version: 1,
  steps: [post],
  always: [],
  end: (_delivery, outcome, nowMs) => ({
    kind: "kept",
    changes: outcome.kind === "succeeded" ? {} : { status: "failed", failure: outcome.reason, updatedAtMs: nowMs },
  }),
};
