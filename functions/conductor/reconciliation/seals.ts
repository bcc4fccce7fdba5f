/**
 * Seals: the projects' data keys are wrapped by the current master key. After another has taken its place a round wraps
 * anew, page by page, what an older one wrapped; its counts say how many data keys each master key wraps when it is over,
 * so that the operator knows when the old one may go. What master keys sealed themselves, before there were data keys, is
 * counted and sealed anew too (older-texts.ts). A dry run only counts.
 */
import { specificationShardPartition } from "@jeroboam/core/bay/bay";
import type { Finding } from "@jeroboam/core/reconciliation/job";
import { dataKeyFromItem, listDataKeys, rewrapDataKey } from "@jeroboam/core/secret/data-key";
import { limits } from "@jeroboam/core/limits";
import { isProvisional } from "@jeroboam/core/operation/provisional";
import type { Item } from "@jeroboam/core/table/table";
import { z } from "zod";
import type { ConductorPorts } from "../ports.ts";
import type { JobPage, PageRequest } from "./page.ts";

const keysCursorSchema = z.object({ pk: z.string(), sk: z.string(), indexes: z.object({ type: keySchema() }) });
const textsCursorSchema = z.object({ shard: z.number().int(), after: keysCursorSchema.nullable() });
/** First the data keys, then bays and node groups, shard by shard. */
const cursorSchema = z.union([textsCursorSchema, keysCursorSchema]);

function keySchema() {
  return z.object({ pk: z.string(), sk: z.string() });
}

export async function runSealsPage(ports: ConductorPorts, { cursor, isDryRun }: PageRequest): Promise<JobPage> {
  const at = cursor === null ? undefined : cursorSchema.parse(cursor);
  return at && "shard" in at ? runTextsPage(ports, at, isDryRun) : runKeysPage(ports, at, isDryRun);
}

/** What is left of texts that master keys sealed themselves; counted, and sealed anew. */
async function runTextsPage(
  ports: ConductorPorts,
  { shard, after }: z.output<typeof textsCursorSchema>,
  isDryRun: boolean,
): Promise<JobPage> {
  const page = await ports.table.queryIndex("type", specificationShardPartition(shard), {
    limit: limits.reconciliation.pageItems,
    ...(after && { after }),
  });
  const counts: Record<string, number> = {};
  const findings: Finding[] = [];
  // There are none in most installations, and what seals them anew is needed by nothing else.
  const { resealOlder } = await import("./older-texts.ts");
  for (const item of page.items.filter((one) => !isProvisional(one))) {
    const older = await resealOlder(ports, item, isDryRun);
    for (const key of older.left) counts[`sealed-by-${key}`] = (counts[`sealed-by-${key}`] ?? 0) + 1;
    findings.push(...older.findings);
  }
  return { next: nextOf(shard, page.next), counts, findings };
}

function nextOf(shard: number, next: Place | undefined): JobPage["next"] {
  if (next) return { shard, after: placeOf(next) };
  return shard + 1 < limits.engine.typeShards ? { shard: shard + 1, after: null } : null;
}

type Place = Pick<Item, "pk" | "sk" | "indexes">;

function placeOf({ pk, sk, indexes: { type } }: Place): z.output<typeof keysCursorSchema> | null {
  return type ? { pk, sk, indexes: { type: { pk: type.pk, sk: type.sk } } } : null;
}

async function runKeysPage(
  ports: ConductorPorts,
  after: z.output<typeof keysCursorSchema> | undefined,
  isDryRun: boolean,
): Promise<JobPage> {
  const page = await listDataKeys(ports.table, { limit: limits.reconciliation.pageItems, ...(after && { after }) });
  const currentId = await ports.masterKey.currentId();
  const counts: Record<string, number> = { "data-keys": page.items.length };
  const findings: Finding[] = [];
  for (const item of page.items) {
    const listed = dataKeyFromItem(item);
    const isOld = listed.wrapped.keyId !== currentId;
    const now = isOld && !isDryRun ? await rewrapDataKey(ports, listed) : undefined;
    const keyId = now?.keyId ?? listed.wrapped.keyId;
    const name = `wrapped-by-${keyId}`;
    counts[name] = (counts[name] ?? 0) + 1;
    if (!isOld || now?.kind === "current") continue;
    findings.push({
      what: now?.kind === "rewrapped" ? "data-key-rewrapped" : "data-key-of-old-key",
      outcome: now?.kind === "rewrapped" ? "done" : isDryRun ? "would" : "told",
      projectId: listed.projectId,
      bayId: null,
      detail: `the data key for ${listed.purpose} was wrapped by ${listed.wrapped.keyId}`,
    });
  }
  const { next } = page;
  return { next: (next && placeOf(next)) ?? { shard: 0, after: null }, counts, findings };
}
