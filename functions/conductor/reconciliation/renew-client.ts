/**
 * The conductor's own certificate of a bay, renewed before it ends for as long as the bay's authority lasts: nobody has to
 * do anything for it, and nodes notice nothing, for they trust whom the authority signed. Done once however many rounds
 * look at it: the certificate that was seen is the one that is replaced. When it is time is certificate-expiry.ts's to say.
 */
import type { Bay } from "@jeroboam/core/bay/bay";
import { secretContext } from "@jeroboam/core/bay/bay";
import { changeSpecification } from "@jeroboam/core/bay/specification-store";
import { endsAtMs } from "@jeroboam/core/certificate/ends-at";
import type { BayCertificates } from "@jeroboam/core/certificate/rotation";
import { textOf, Transient } from "@jeroboam/core/errors";
import type { Finding } from "@jeroboam/core/reconciliation/job";
import type { ConductorPorts } from "../ports.ts";

export async function renewClient(
  ports: ConductorPorts,
  bay: Bay,
  seen: BayCertificates,
  isDryRun: boolean,
): Promise<Finding> {
  const finding = {
    what: "conductor-certificate-renewed",
    projectId: bay.projectId,
    bayId: bay.uuid,
    detail: `the conductor's certificate would have ended ${new Date(endsAtMs(seen.clientCertificate)).toISOString()}`,
  };
  if (isDryRun) return { ...finding, outcome: "would" };
  try {
    await replaceClient(ports, bay, seen);
    return { ...finding, outcome: "done" };
  } catch (error) {
    // One bay whose key does not open is no reason to leave the others as they are.
    if (error instanceof Transient) throw error;
    return { ...finding, what: "conductor-certificate-not-renewed", outcome: "told", detail: textOf(error) };
  }
}

async function replaceClient(
  { table, sealer, certificates }: ConductorPorts,
  bay: Bay,
  seen: BayCertificates,
): Promise<void> {
  const privateKey = await sealer.open(seen.caKeySealed, secretContext(bay, "ca-key"));
  const client = await certificates.renewClient({ certificate: seen.caCertificate, privateKey });
  const clientKeySealed = await sealer.seal(client.privateKey, secretContext(bay, "client-key"), bay.projectId);
  await changeSpecification(table, bay, ({ certificates: current }) =>
    current?.clientCertificate === seen.clientCertificate && current.caCertificate === seen.caCertificate
      ? { certificates: { ...current, clientCertificate: client.certificate, clientKeySealed } }
      : {},
  );
}
