/**
 * Certificates that end soon: each bay's authority and the conductor's own certificate are looked at once a day, page by
 * page of the cold items. The conductor's is renewed; of what still ends the owner is told at each threshold, once.
 */
import { X509Certificate } from "node:crypto";
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import {
  bayKey,
  bayOfSpecificationItem,
  bayShape,
  specificationFromItem,
  specificationShardPartition,
} from "@jeroboam/core/bay/bay";
import { endsAtMs } from "@jeroboam/core/certificate/ends-at";
import type { BayCertificates } from "@jeroboam/core/certificate/rotation";
import { eventSource } from "@jeroboam/core/event/event-source";
import { EVENT_TYPES } from "@jeroboam/core/event/event-types";
import type { WorkRecord } from "@jeroboam/core/operation/record";
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

async function tellOf(ports: ConductorPorts, item: Item, isDryRun: boolean): Promise<readonly Finding[]> {
  const uuid = bayOfSpecificationItem(item);
  const specification = specificationFromItem(item);
  const { certificates } = specification;
  const nowMs = ports.clock.nowMs();
  const renews = certificates !== null && isRenewable(certificates, nowMs);
  const ending = endingOf(specification, nowMs);
  if (uuid === undefined || (!renews && ending.length === 0)) return [];
  const bay = await findRecord(ports.table, bayShape, bayKey(specification.delegation.projectId, uuid));
  if (!bay) return [];
  const renewed = renews
    ? await (await import("./renew-client.ts")).renewClient(ports, bay.state, certificates, isDryRun)
    : undefined;
  const isRenewed = renewed !== undefined && renewed.outcome !== "told";
  const left = ending.filter(({ whose }) => whose !== "conductor" || !isRenewed);
  return [...(renewed ? [renewed] : []), ...(await tellOwner(ports, bay, left, isDryRun))];
}

/** Whether the conductor's certificate ends soon, and another could last longer. */
function isRenewable({ caCertificate, clientCertificate }: BayCertificates, nowMs: number): boolean {
  const endMs = endsAtMs(clientCertificate);
  return endMs - nowMs <= limits.certificate.clientRenewedBeforeMs && endsAtMs(caCertificate) > Math.max(endMs, nowMs);
}

interface Ending {
  readonly whose: string;
  readonly certificate: X509Certificate;
  /** That are left, and the threshold below which they are. */
  readonly days: number;
  readonly threshold: number;
}

function endingOf(specification: BaySpecification, nowMs: number): readonly Ending[] {
  return certificatesOf(specification).flatMap(({ whose, certificate }) => {
    const days = (certificate.validToDate.getTime() - nowMs) / DAY_MS;
    const threshold = limits.reconciliation.expiryWarningDays.filter((one) => days <= one).at(-1);
    return threshold === undefined ? [] : [{ whose, threshold, days, certificate }];
  });
}

/** One event a certificate and threshold: its id follows from both, so that it is told once. */
async function tellOwner(
  { clock, publish }: ConductorPorts,
  bay: WorkRecord<Bay>,
  ending: readonly Ending[],
  isDryRun: boolean,
): Promise<readonly Finding[]> {
  const events = ending.map(({ whose, threshold, certificate }) => ({
    id: `${certificate.serialNumber.toLowerCase()}.expiry.${threshold}`,
    type: EVENT_TYPES.certificateExpiring,
    atMs: clock.nowMs(),
    data: { whose, days: threshold, not_after: certificate.validToDate.toISOString() },
  }));
  if (!isDryRun && events.length > 0) await publish(eventSource(bayShape, bay), events);
  return ending.map(({ whose, days, certificate }) => ({
    what: days <= 0 ? "certificate-expired" : "certificate-expiring",
    outcome: isDryRun ? "would" : "done",
    projectId: bay.state.projectId,
    bayId: bay.state.uuid,
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
