/**
 * Whether a webhook's receiver answers, kept apart from the webhook because deliveries write it. A receiver that answers
 * has no such item and costs nothing. While one fails, a single delivery at a time tries it and the others wait without
 * being counted: so a dead receiver takes one connection, whatever has piled up for it. One success and all go on.
 */
import { z } from "zod";
import { limits } from "../limits.ts";
import type { Clock, Random } from "../ports.ts";
import type { Key, Table } from "../table/table.ts";

const healthSchema = z.object({
  failingSinceMs: z.number(),
  failures: z.number().int(),
  /** Nobody tries before this. */
  heldUntilMs: z.number(),
});

export interface HealthPorts {
  readonly table: Table;
  readonly clock: Clock;
  readonly random: Random;
}

function healthKey(webhookId: string): Key {
  return { pk: `webhook-health#${webhookId}`, sk: "health" };
}

/** Asks for the receiver: it may be tried now, or not before a while. */
export async function enterReceiver(
  { table, clock, random }: HealthPorts,
  webhookId: string,
): Promise<{ readonly kind: "open" } | { readonly kind: "held"; readonly afterMs: number }> {
  const item = await table.get(healthKey(webhookId));
  if (!item) return { kind: "open" };
  const health = healthSchema.parse(item.body);
  const nowMs = clock.nowMs();
  const wait = (ms: number) => ({
    kind: "held" as const,
    afterMs: Math.ceil(ms + random.fraction() * holdMs(health.failures)),
  });
  if (health.heldUntilMs > nowMs) return wait(health.heldUntilMs - nowMs);
  // Whoever writes this first is the one who tries.
  const heldUntilMs = nowMs + 2 * limits.webhook.timeoutMs;
  const next = { ...item, revision: item.revision + 1, body: { ...health, heldUntilMs } };
  return (await table.put(next, { revision: item.revision })) === "written"
    ? { kind: "open" }
    : wait(limits.webhook.timeoutMs);
}

/** Notes a failure; since when there was nothing else, and how often. */
export async function noteFailure(
  { table, clock }: HealthPorts,
  webhookId: string,
): Promise<{ readonly failingSinceMs: number; readonly failures: number }> {
  const nowMs = clock.nowMs();
  const item = await table.get(healthKey(webhookId));
  const before = item ? healthSchema.parse(item.body) : { failingSinceMs: nowMs, failures: 0 };
  const failures = before.failures + 1;
  const body = { failingSinceMs: before.failingSinceMs, failures, heldUntilMs: nowMs + holdMs(failures) };
  const expiresAtSeconds = Math.ceil((nowMs + limits.webhook.keepMs) / 1_000);
  const next = { ...healthKey(webhookId), revision: (item?.revision ?? 0) + 1, body, indexes: {}, expiresAtSeconds };
  // Refused: another delivery has noted its own, which says as much.
  await table.put(next, item ? { revision: item.revision } : { absent: true });
  return { failingSinceMs: before.failingSinceMs, failures };
}

/** It answers, or is another now. */
export async function forgetFailures(table: Table, webhookId: string): Promise<void> {
  const item = await table.get(healthKey(webhookId));
  // Refused: a failure was noted just now, which the next success forgets.
  if (item) await table.remove(item, item.revision);
}

function holdMs(failures: number): number {
  const { holdLeastMs, holdMostMs } = limits.webhook;
  return Math.min(holdMostMs, holdLeastMs * 2 ** Math.min(failures - 1, 20));
}
