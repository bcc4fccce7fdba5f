/**
 * Suspects: what was found outside and no record knows. It may be younger than the index it was looked up in, so nothing
 * is done about it before another round, long after, has found it again.
 */
import { z } from "zod";
import { limits } from "../limits.ts";
import type { Item, Table } from "../table/table.ts";

export interface Suspect {
  readonly kind: "stack" | "trust" | "user";
  readonly id: string;
}

const sightingSchema = z.object({ firstSeenAtMs: z.number(), firstRoundId: z.string() });

/** Whether it has been seen by a round long before this one; its first sighting is noted, unless this only looks. */
export async function isConfirmed(
  table: Table,
  { kind, id }: Suspect,
  sighting: { readonly nowMs: number; readonly roundId: string; readonly isDryRun: boolean },
): Promise<boolean> {
  const key = { pk: `suspect#${kind}`, sk: id };
  const item = await table.get(key);
  if (item) {
    const { firstSeenAtMs, firstRoundId } = sightingSchema.parse(item.body);
    return firstRoundId !== sighting.roundId && sighting.nowMs - firstSeenAtMs >= limits.reconciliation.suspectAgeMs;
  }
  if (sighting.isDryRun) return false;
  const first: Item = {
    ...key,
    revision: 1,
    body: { firstSeenAtMs: sighting.nowMs, firstRoundId: sighting.roundId },
    indexes: {},
    expiresAtSeconds: Math.ceil((sighting.nowMs + limits.reconciliation.suspectKeepMs) / 1_000),
  };
  // Refused: another run of this page noted it.
  await table.put(first, { absent: true });
  return false;
}

/** It is gone, or known after all. */
export async function forgetSuspect(table: Table, { kind, id }: Suspect): Promise<void> {
  const item = await table.get({ pk: `suspect#${kind}`, sk: id });
  // Refused: somebody forgot it just now.
  if (item) await table.remove(item, item.revision);
}
