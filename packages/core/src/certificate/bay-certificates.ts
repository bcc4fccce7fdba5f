/**
 * What the API does with a bay's authority: shows its certificate (two of them, in the midst of a rotation) and has
 * requests signed, from the moment the authority is there, which is before the bay's nodes boot. The key stays sealed but
 * for the time of a signature. Who may ask is left to the API's policy.
 */
import type { BayWithSpecification } from "../bay/find-bay.ts";
import { secretContext } from "../bay/bay.ts";
import type { Sealer } from "../secret/sealer.ts";
import type { KeyAndCertificate } from "./authority.ts";
import { trustedAuthorities } from "./rotation.ts";
import type { SignedRequest } from "./sign-request.ts";

export interface SigningPorts {
  readonly sealer: Sealer;
  readonly signRequest: (authority: KeyAndCertificate, requestPem: string) => Promise<SignedRequest>;
}

/** PEM: what clients are to trust, the one that signs first; absent until a conductor has made it. */
export function authorityCertificates({ specification: { certificates } }: BayWithSpecification): string | undefined {
  return certificates ? trustedAuthorities(certificates) : undefined;
}

/** Absent like the authority. */
export async function signForBay(
  ports: SigningPorts,
  { record, specification: { certificates } }: BayWithSpecification,
  requestPem: string,
): Promise<SignedRequest | undefined> {
  if (!certificates) return undefined;
  const privateKey = await ports.sealer.open(certificates.caKeySealed, secretContext(record.state, "ca-key"));
  return ports.signRequest({ certificate: certificates.caCertificate, privateKey }, requestPem);
}
