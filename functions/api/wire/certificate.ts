/**
 * Certificates on the wire. Either generation names the bay in its own attribute, on the same path (bay-era sheet 3.9,
 * cluster sheet 11).
 */
import { Rejected } from "@jeroboam/core/errors";
import type { Json } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import { z } from "zod";
import { readAttributes } from "./attributes.ts";
import { describeBody } from "./reader.ts";
import { optional, reference, text } from "./types.ts";

export interface CertificateWish {
  /** The bay, by uuid or name. */
  readonly bay: string;
  /** PEM. */
  readonly csr: string;
  /** Echoed when it was sent. */
  readonly authorityType: string | null;
}

const CERTIFICATE = {
  argument: "certificate",
  schema: z.strictObject({
    bay_uuid: optional(reference),
    cluster_uuid: optional(reference),
    csr: text(1, limits.certificate.requestChars),
    ca_cert_type: optional(reference),
  }),
  readOnly: ["pem", "links", "created_at", "updated_at"],
};

export const readCertificateWish = describeBody(
  { kind: "object", schema: CERTIFICATE.schema },
  (given: Json | undefined): CertificateWish => {
    const { bay_uuid, cluster_uuid, csr, ca_cert_type } = readAttributes(CERTIFICATE, given);
    const bay = cluster_uuid ?? bay_uuid;
    if (bay === null)
      throw new Rejected(400, "Invalid input for field/attribute bay_uuid (or cluster_uuid). Mandatory field missing.");
    if (cluster_uuid !== null && bay_uuid !== null && cluster_uuid !== bay_uuid)
      throw new Rejected(400, "bay_uuid and cluster_uuid name two different bays");
    requireOnlyAuthority(ca_cert_type);
    return { bay, csr, authorityType: ca_cert_type };
  },
);

const OTHER_AUTHORITIES = new Set(["etcd", "front_proxy", "front-proxy"]);

/** A bay here has one authority, Kubernetes' by today's word; any unknown word means it too, as in Magnum. */
export function requireOnlyAuthority(type: string | null): void {
  if (type !== null && OTHER_AUTHORITIES.has(type))
    throw new Rejected(400, `Bays have one authority here, for everything; there is none of type ${type}.`);
}
