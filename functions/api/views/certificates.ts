/**
 * What callers see of certificates: the bay under both generations' names, as Magnum 15 shows it (cluster sheet 11), and
 * besides, which no client minds, when what is shown ends.
 */
import { endsAtMs } from "@jeroboam/core/certificate/ends-at";
import { itemLinks } from "../links.ts";
import { wireTime } from "../wire/time.ts";

export interface ShownCertificate {
  readonly csr?: string;
  readonly pem: string;
  readonly authorityType?: string | null;
}

export function viewCertificate(bayId: string, { csr, pem, authorityType }: ShownCertificate, base: string): object {
  return {
    bay_uuid: bayId,
    cluster_uuid: bayId,
    ...(csr !== undefined && { csr }),
    pem,
    not_after: wireTime(endsAtMs(pem)),
    ...(authorityType && { ca_cert_type: authorityType }),
    links: itemLinks(base, "certificates", bayId),
  };
}
