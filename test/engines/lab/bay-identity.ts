/** A bay's authority with its conductor's certificate, and a stranger's, made as the product makes them. */
import { createAuthority, issueClientCertificate } from "@jeroboam/core/certificate/authority";
import type { KeyAndCertificate } from "@jeroboam/core/certificate/authority";
import { signRequest } from "@jeroboam/core/certificate/sign-request";
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { systemRandom } from "@jeroboam/core/random/system-random";

export interface BayIdentity {
  /** PEM of the bay's authority. */
  readonly authority: string;
  readonly client: KeyAndCertificate;
  /** Of another bay's authority. */
  readonly stranger: KeyAndCertificate;
  readonly sign: (request: string) => Promise<string>;
}

const ports = { clock: systemClock, random: systemRandom };
const ADMIN = { commonName: "admin", organization: "system:masters" };

export async function createBayIdentity(): Promise<BayIdentity> {
  const authority = await createAuthority(ports, "bay");
  return {
    authority: authority.certificate,
    client: await issueClientCertificate(ports, authority, ADMIN),
    stranger: await issueClientCertificate(ports, await createAuthority(ports, "another"), ADMIN),
    async sign(request) {
      const outcome = await signRequest(ports, authority, request);
      if (outcome.kind === "refused") throw new Error(outcome.reason);
      return outcome.certificate;
    },
  };
}
