/**
 * A project's quota: one item that holds the uuids of the bays it counts, and the limit where an administrator set one.
 * Taking a place is one conditional write, repeatable, and exact under any number of writers: never more bays than the
 * limit, never a refusal while there is room. A place is taken before its bay is there and given back when the bay is
 * gone (or never came to be: create-bay.ts), so that at every moment the item counts at least the bays that exist.
 *
 * A request that others may go on with after a time (idempotency-key.ts) looks at the clock between its read and its
 * write, and those others write the item whatever they find. So one that falls asleep there is refused by the table, and
 * changes no place that is theirs, or nobody's, by then.
 *
 * An item that says nothing any more expires, a day later: removed at once it could come back with the revision that a
 * slow writer read before, and what was written between would be lost. Which limit holds where nobody set one is left to
 * the installation.
 */
import { z } from "zod";
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import type { Clock } from "../ports.ts";
import type { Item, Key, Table } from "../table/table.ts";

const limitSchema = z.object({
  /** Numbers the limits that were ever set, from 1: what callers page by. */
  id: z.number().int(),
  hardLimit: z.number().int(),
  createdAtMs: z.number(),
  updatedAtMs: z.number().nullable(),
});
export type QuotaLimit = z.infer<typeof limitSchema>;

const quotaSchema = z.object({
  projectId: z.string(),
  /** Null: the installation's holds. */
  limit: limitSchema.nullable(),
  /** Uuids of the bays that have a place. */
  bays: z.array(z.string()),
});
export type Quota = z.infer<typeof quotaSchema>;

/** Partition of the type index: every limit that is set, by its number. */
export const QUOTA_LIMITS = "quota#all";

const NUMBER_DIGITS = 15;

function quotaKey(projectId: string): Key {
  return { pk: `quota#${projectId}`, sk: "bays" };
}

export function limitPosition(id: number): string {
  return String(id).padStart(NUMBER_DIGITS, "0");
}

export function quotaFromItem(item: Item): Quota {
  return quotaSchema.parse(item.body);
}

export async function readQuota(table: Table, projectId: string): Promise<Quota> {
  const item = await table.get(quotaKey(projectId));
  return item ? quotaFromItem(item) : { projectId, limit: null, bays: [] };
}

/** How many bays the project may have; the number of places that the item can hold bounds every limit. */
export function limitOf({ limit }: Quota, defaultLimit: number): number {
  return Math.min(limit?.hardLimit ?? defaultLimit, limits.quota.bays);
}

export interface QuotaPorts {
  readonly table: Table;
  readonly clock: Clock;
}

export type PlaceOutcome =
  | { readonly kind: "taken" }
  /** The project has as many bays as it may have. */
  | { readonly kind: "full"; readonly limit: number }
  /** Another may be at it by now: nothing was changed. */
  | { readonly kind: "late" };

/** Takes a place for a bay; one that it has already, of a try before, is as good as taken. Not from `untilMs` on. */
export async function takePlace(
  ports: QuotaPorts,
  {
    projectId,
    uuid,
    defaultLimit,
    untilMs,
  }: { readonly projectId: string; readonly uuid: string; readonly defaultLimit: number; readonly untilMs: number },
): Promise<PlaceOutcome> {
  const changed = await changeQuota<Exclude<PlaceOutcome, { kind: "taken" }>>(ports, projectId, (quota) => {
    if (ports.clock.nowMs() >= untilMs) return { kind: "refuse", refusal: { kind: "late" } };
    // Written although it says the same: whoever sleeps over giving it back is refused.
    if (quota.bays.includes(uuid)) return { kind: "write", quota };
    const limit = limitOf(quota, defaultLimit);
    if (quota.bays.length >= limit) return { kind: "refuse", refusal: { kind: "full", limit } };
    return { kind: "write", quota: { ...quota, bays: [...quota.bays, uuid] } };
  });
  return changed.kind === "refused" ? changed.refusal : { kind: "taken" };
}

/** Gives the place back; a bay that has none is fine. */
export async function releasePlace(ports: QuotaPorts, projectId: string, uuid: string): Promise<void> {
  await changeQuota<never>(ports, projectId, (quota) =>
    quota.bays.includes(uuid) ? { kind: "write", quota: without(quota, uuid) } : { kind: "keep" },
  );
}

/**
 * Gives back the place of a bay that never came to be, also one that somebody is only about to take: that one's write is
 * refused. From `untilMs` on it changes nothing: another may be at it, and make the bay.
 */
export async function withdrawPlace(
  ports: QuotaPorts,
  { projectId, uuid, untilMs }: { readonly projectId: string; readonly uuid: string; readonly untilMs: number },
): Promise<"withdrawn" | "late"> {
  const changed = await changeQuota<"late">(ports, projectId, (quota) =>
    ports.clock.nowMs() >= untilMs
      ? { kind: "refuse", refusal: "late" }
      : { kind: "write", quota: without(quota, uuid) },
  );
  return changed.kind === "refused" ? "late" : "withdrawn";
}

function without(quota: Quota, uuid: string): Quota {
  return { ...quota, bays: quota.bays.filter((one) => one !== uuid) };
}

/** Sets a limit where none is set; `exists` where one is. */
export async function createLimit(
  ports: QuotaPorts,
  projectId: string,
  hardLimit: number,
): Promise<{ readonly kind: "created"; readonly limit: QuotaLimit } | { readonly kind: "exists" }> {
  if ((await readQuota(ports.table, projectId)).limit) return { kind: "exists" };
  const limit = { id: await takeNumber(ports.table), hardLimit, createdAtMs: ports.clock.nowMs(), updatedAtMs: null };
  const changed = await changeQuota<"exists">(ports, projectId, (quota) =>
    quota.limit && quota.limit.id !== limit.id
      ? { kind: "refuse", refusal: "exists" }
      : { kind: "write", quota: { ...quota, limit } },
  );
  return changed.kind === "refused" ? { kind: "exists" } : { kind: "created", limit };
}

/** Changes a limit; absent where none is set. Bays beyond a lower one stay: no further one is made. */
export async function changeLimit(
  ports: QuotaPorts,
  projectId: string,
  hardLimit: number,
): Promise<QuotaLimit | undefined> {
  const changed = await changeQuota<"absent">(ports, projectId, (quota) =>
    quota.limit
      ? { kind: "write", quota: { ...quota, limit: { ...quota.limit, hardLimit, updatedAtMs: ports.clock.nowMs() } } }
      : { kind: "refuse", refusal: "absent" },
  );
  return changed.kind === "refused" ? undefined : (changed.quota.limit ?? undefined);
}

/** Back to the installation's limit; false where none was set. */
export async function removeLimit(ports: QuotaPorts, projectId: string): Promise<boolean> {
  const changed = await changeQuota<"absent">(ports, projectId, (quota) =>
    quota.limit ? { kind: "write", quota: { ...quota, limit: null } } : { kind: "refuse", refusal: "absent" },
  );
  return changed.kind !== "refused";
}

type QuotaChange<Refusal> =
  | { readonly kind: "write"; readonly quota: Quota }
  | { readonly kind: "keep" }
  | { readonly kind: "refuse"; readonly refusal: Refusal };

/** Reads, decides, writes; when somebody wrote between, reads and decides again. */
async function changeQuota<Refusal>(
  { table, clock }: QuotaPorts,
  projectId: string,
  decide: (quota: Quota) => QuotaChange<Refusal>,
): Promise<
  { readonly kind: "settled"; readonly quota: Quota } | { readonly kind: "refused"; readonly refusal: Refusal }
> {
  for (let tries = 0; tries < limits.quota.tries; tries += 1) {
    const item = await table.get(quotaKey(projectId));
    const quota = item ? quotaFromItem(item) : { projectId, limit: null, bays: [] };
    const change = decide(quota);
    if (change.kind === "refuse") return { kind: "refused", refusal: change.refusal };
    if (change.kind === "keep") return { kind: "settled", quota };
    const next = quotaItem(change.quota, (item?.revision ?? 0) + 1, clock.nowMs());
    const outcome = await table.put(next, item ? { revision: item.revision } : { absent: true });
    if (outcome === "written") return { kind: "settled", quota: change.quota };
  }
  throw new Transient(`the quota of project ${projectId} is being changed by others all the time`);
}

function quotaItem(quota: Quota, revision: number, nowMs: number): Item {
  const saysNothing = quota.limit === null && quota.bays.length === 0;
  return {
    ...quotaKey(quota.projectId),
    revision,
    body: quota,
    indexes: quota.limit ? { type: { pk: QUOTA_LIMITS, sk: limitPosition(quota.limit.id) } } : {},
    ...(saysNothing && { expiresAtSeconds: Math.ceil((nowMs + limits.quota.keepEmptyMs) / 1_000) }),
  };
}

/** The next number: an item's own revision counts them. One that is taken and not used is a gap, no harm. */
async function takeNumber(table: Table): Promise<number> {
  const key = { pk: "quota#numbers", sk: "last" };
  for (let tries = 0; tries < limits.quota.tries; tries += 1) {
    const revision = (await table.get(key))?.revision ?? 0;
    const next = { ...key, revision: revision + 1, body: {}, indexes: {} };
    if ((await table.put(next, revision === 0 ? { absent: true } : { revision })) === "written") return revision + 1;
  }
  throw new Transient("the numbers of quotas are being taken by others all the time");
}
