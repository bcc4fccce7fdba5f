/**
 * Seals: the projects' data keys are wrapped by the current master key. After another has taken its place a round wraps
 * anew, page by page, what an older one wrapped; its counts say how many data keys each master key wraps when it is over,
 * so that the operator knows when the old one may go. A dry run only counts.
 */
import type { Finding } from "@jeroboam/core/reconciliation/job";
import { dataKeyFromItem, listDataKeys, rewrapDataKey } from "@jeroboam/core/secret/data-key";
import { limits } from "@jeroboam/core/limits";
import { z } from "zod";
import type { ConductorPorts } from "../ports.ts";
import type { JobPage, PageRequest } from "./page.ts";

const cursorSchema = z.object({ pk: z.string(), sk: z.string(), indexes: z.object({ type: keySchema() }) });

function keySchema() {
  return z.object({ pk: z.string(), sk: z.string() });
}

export async function runSealsPage(ports: ConductorPorts, { cursor, isDryRun }: PageRequest): Promise<JobPage> {
  const after = cursor === null ? undefined : cursorSchema.parse(cursor);
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
  const type = next?.indexes.type;
  return {
    next: next && type ? { pk: next.pk, sk: next.sk, indexes: { type: { pk: type.pk, sk: type.sk } } } : null,
    counts,
    findings,
  };
}
