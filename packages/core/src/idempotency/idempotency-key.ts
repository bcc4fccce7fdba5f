/**
 * Requests that their caller named by a key, so that asking again changes nothing (faults: "same key, same answer"). One
 * item a key, of a user in a project: it is there before anything of the request is done, and holds the uuid of whatever
 * the request makes. So a request that died half-way and comes again goes on with the same uuid, finds what it had made,
 * and makes the rest; one that was answered gets its answer again. The item expires.
 *
 *   begin    one conditional write: the key is ours for a while (a lease, as conductors have it)
 *   answer   the reply, sealed, in place of the lease; refusals are answers too
 *   release  gives the lease back where nobody can tell what happened: the next who asks goes on at once
 *
 * Two who go on at once make the same records, of which the table takes one. Who slept past the lease makes nothing that
 * can be deleted any more (create-bay.ts): another may have made it, and its user seen it go.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import type { Clock, Random } from "../ports.ts";
import type { Item, Key, Table } from "../table/table.ts";

const bodySchema = z.object({
  /** What was asked for. */
  fingerprint: z.string(),
  /** Of what the request makes. */
  uuid: z.string(),
  startedAtMs: z.number(),
  leaseUntilMs: z.number(),
  answerSealed: z.string().nullable(),
});
type KeyBody = z.infer<typeof bodySchema>;

export interface KeyPorts {
  readonly table: Table;
  readonly clock: Clock;
  readonly random: Random;
}

export interface KeyedRequest {
  readonly projectId: string;
  readonly userId: string;
  /** As the caller chose it. */
  readonly key: string;
  /** Of the method, the path, the query and the body: the same for the same request alone. */
  readonly fingerprint: string;
}

/** A request that is being answered, under its key. */
export interface HeldKey {
  readonly item: Item;
  readonly uuid: string;
  /** When it was asked for first. */
  readonly startedAtMs: number;
  /** Until then nobody else goes on with it. */
  readonly untilMs: number;
  /** It was begun before, and nobody knows how far it came. */
  readonly isRepeat: boolean;
}

export type BegunRequest =
  | { readonly kind: "held"; readonly held: HeldKey }
  | { readonly kind: "answered"; readonly answerSealed: string }
  /** The key named another request. */
  | { readonly kind: "other-request" }
  | { readonly kind: "in-progress"; readonly retryAfterMs: number };

export function fingerprintOf(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

function keyOf({ projectId, userId, key }: KeyedRequest): Key {
  return { pk: `idempotency#${projectId}#${userId}`, sk: createHash("sha256").update(key).digest("hex") };
}

/** What an answer is sealed for. */
export function answerContext(request: KeyedRequest): string {
  const { pk, sk } = keyOf(request);
  return `${pk}/${sk}`;
}

export async function beginKeyed({ table, clock, random }: KeyPorts, request: KeyedRequest): Promise<BegunRequest> {
  const key = keyOf(request);
  for (let tries = 0; tries < limits.idempotency.tries; tries += 1) {
    const nowMs = clock.nowMs();
    const found = await table.get(key);
    const before = found && bodySchema.parse(found.body);
    if (before && before.fingerprint !== request.fingerprint) return { kind: "other-request" };
    if (before?.answerSealed) return { kind: "answered", answerSealed: before.answerSealed };
    if (before && before.leaseUntilMs > nowMs)
      return { kind: "in-progress", retryAfterMs: before.leaseUntilMs - nowMs };
    const body: KeyBody = {
      fingerprint: request.fingerprint,
      uuid: before?.uuid ?? random.uuid(),
      startedAtMs: before?.startedAtMs ?? nowMs,
      leaseUntilMs: nowMs + limits.idempotency.leaseMs,
      answerSealed: null,
    };
    const item = itemOf(key, body, (found?.revision ?? 0) + 1);
    if ((await table.put(item, found ? { revision: found.revision } : { absent: true })) === "refused") continue;
    const { uuid, startedAtMs, leaseUntilMs: untilMs } = body;
    return { kind: "held", held: { item, uuid, startedAtMs, untilMs, isRepeat: before !== undefined } };
  }
  throw new Transient("the same request is being begun by others all the time");
}

/** Keeps the answer. Refused: another went on with the request when our lease had ended, and keeps its own. */
export async function answerKeyed(table: Table, held: HeldKey, answerSealed: string): Promise<void> {
  await replace(table, held, { answerSealed });
}

export async function releaseKeyed(table: Table, held: HeldKey): Promise<void> {
  await replace(table, held, { leaseUntilMs: 0 });
}

async function replace(table: Table, { item }: HeldKey, changes: Partial<KeyBody>): Promise<void> {
  const body = { ...bodySchema.parse(item.body), ...changes };
  await table.put(itemOf(item, body, item.revision + 1), { revision: item.revision });
}

function itemOf({ pk, sk }: Key, body: KeyBody, revision: number): Item {
  const expiresAtSeconds = Math.ceil((body.startedAtMs + limits.idempotency.keepMs) / 1_000);
  return { pk, sk, revision, body, indexes: {}, expiresAtSeconds };
}
