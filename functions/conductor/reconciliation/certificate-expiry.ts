/**
 * Certificates that end soon: each bay's authority and the conductor's own certificate are looked at once a day, page by
 * page of the cold items, and the owner is told at each threshold, once.
 */
import { X509Certificate } from "node:crypto";
import type { BaySpecification } from "@jeroboam/core/bay/bay";
import {
  bayKey,
  bayOfSpecificationItem,
  bayShape,
  specificationFromItem,
  specificationShardPartition,
} from "@jeroboam/core/bay/bay";
import { eventSource } from "@jeroboam/core/event/event-source";
import { EVENT_TYPES } from "@jeroboam/core/event/event-types";
import { findRecord } from "@jeroboam/core/operation/record-store";
import { limits } from "@jeroboam/core/limits";
import type { Finding } from "@jeroboam/core/reconciliation/job";
import type { Item } from "@jeroboam/core/table/table";
import { isProvisional } from "@jeroboam/core/operation/provisional";
import { z } from "zod";
import type { ConductorPorts } from "../ports.ts";
import type { JobPage, PageRequest } from "./page.ts";

const positionSchema = z.object({ pk: z.string(), sk: z.string(), indexSk: z.string() });
const cursorSchema = z.object({ shard: z.number().int(), after: positionSchema.nullable() });

const DAY_MS = 24 * 60 * 60 * 1_000;

export async function runExpiryPage(ports: ConductorPorts, { cursor, isDryRun }: PageRequest): Promise<JobPage> {
  const { shard, after } = cursor === null ? { shard: 0, after: null } : cursorSchema.parse(cursor);
  const pk = specificationShardPartition(shard);
  const position = after && { pk: after.pk, sk: after.sk, indexes: { type: { pk, sk: after.indexSk } } };
  const page = await ports.table.queryIndex("type", pk, {
    limit: limits.reconciliation.pageItems,
    ...(position && { after: position }),
  });
  const findings: Finding[] = [];
  // Those of node groups stand among them.
  const bays = page.items.filter((item) => bayOfSpecificationItem(item) !== undefined && !isProvisional(item));
  for (const item of bays) findings.push(...(await tellOf(ports, item, isDryRun)));
  return { next: nextOf(shard, page.next), counts: { bays: bays.length }, findings };
}

function nextOf(shard: number, next: Pick<Item, "pk" | "sk" | "indexes"> | undefined): JobPage["next"] {
  if (next) return { shard, after: { pk: next.pk, sk: next.sk, indexSk: next.indexes.type?.sk ?? "" } };
  return shard + 1 < limits.engine.typeShards ? { shard: shard + 1, after: null } : null;
}

/** One event a certificate and threshold: its id follows from both, so that it is told once. */
async function tellOf(
  { clock, table, publish }: ConductorPorts,
  item: Item,
  isDryRun: boolean,
): Promise<readonly Finding[]> {
  const uuid = bayOfSpecificationItem(item);
  const specification = specificationFromItem(item);
  const { projectId } = specification.delegation;
  const nowMs = clock.nowMs();
  const found = certificatesOf(specification).flatMap(({ whose, certificate }) => {
    const days = (certificate.validToDate.getTime() - nowMs) / DAY_MS;
    const threshold = limits.reconciliation.expiryWarningDays.filter((one) => days <= one).at(-1);
    return threshold === undefined ? [] : [{ whose, threshold, days, certificate }];
  });
  if (uuid === undefined || found.length === 0) return [];
  const bay = await findRecord(table, bayShape, bayKey(projectId, uuid));
  if (!bay) return [];
  const events = found.map(({ whose, threshold, certificate }) => ({
    id: `${certificate.serialNumber.toLowerCase()}.expiry.${threshold}`,
    type: EVENT_TYPES.certificateExpiring,
    atMs: nowMs,
    data: { whose, days: threshold, not_after: certificate.validToDate.toISOString() },
  }));
  if (!isDryRun) await publish(eventSource(bayShape, bay), events);
  return found.map(({ whose, days, certificate }) => ({
    what: days <= 0 ? "certificate-expired" : "certificate-expiring",
    outcome: isDryRun ? "would" : "done",
    projectId,
    bayId: uuid,
    detail: `the certificate of the ${whose} ends ${certificate.validToDate.toISOString()}`,
  }));
}

function certificatesOf({ certificates }: BaySpecification) {
  if (!certificates) return [];
  return [
    { whose: "authority", certificate: new X509Certificate(certificates.caCertificate) },
    { whose: "conductor", certificate: new X509Certificate(certificates.clientCertificate) },
  ];
}
