/** A bay's certificates, made on the spot. The library behind it is large: loaded when the first is made. */
import type { CertificatePorts } from "@jeroboam/core/certificate/authority";
import type { AuthorityKey } from "@jeroboam/core/certificate/authority-key";
import type { CertificateMaker } from "./ports.ts";

/** As Kubernetes knows an administrator. */
const ADMINISTRATOR = { commonName: "admin", organization: "system:masters" };

/** `authorityKey`: of authorities to come; EC P-256 unless said otherwise. */
export function createCertificateMaker(ports: CertificatePorts, authorityKey?: AuthorityKey): CertificateMaker {
  return {
    async make(commonName) {
      const { createAuthority, issueClientCertificate } = await import("@jeroboam/core/certificate/authority");
      const authority = await createAuthority(ports, commonName, authorityKey);
      return { authority, client: await issueClientCertificate(ports, authority, ADMINISTRATOR) };
    },
    async renewClient(authority) {
      const { issueClientCertificate } = await import("@jeroboam/core/certificate/authority");
      return issueClientCertificate(ports, authority, ADMINISTRATOR);
    },
  };
}
