/** A bay's certificates, made on the spot. The library behind it is large: loaded when the first is made. */
import type { Clock, Random } from "@jeroboam/core/ports";
import type { CertificateMaker } from "./ports.ts";

/** As Kubernetes knows an administrator. */
const ADMINISTRATOR = { commonName: "admin", organization: "system:masters" };

export function createCertificateMaker(ports: { readonly clock: Clock; readonly random: Random }): CertificateMaker {
  return {
    async make(commonName) {
      const { createAuthority, issueClientCertificate } = await import("@jeroboam/core/certificate/authority");
      const authority = await createAuthority(ports, commonName);
      return { authority, client: await issueClientCertificate(ports, authority, ADMINISTRATOR) };
    },
  };
}
