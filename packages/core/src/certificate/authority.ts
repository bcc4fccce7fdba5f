/**
 * A bay's own certificate authority: made once a bay, EC P-256, it signs the certificates of the bay's nodes, of its
 * users and of the conductor. This module makes keys and certificates; what others made keys for is signed by
 * sign-request.ts. Keeping keys sealed is the caller's. Loaded only where something is signed (the library is large).
 *
 * Facts: bay-era sheet section 10, cluster sheet 11.1 (extensions, validity from yesterday for 1825 days).
 */
import type { webcrypto } from "node:crypto";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import type { Clock, Random } from "../ports.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" } as const;
export const SIGNING = { ...ALGORITHM, hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;
const VALIDITY_DAYS = 1_825;
const SERIAL_BYTES = 16;

export interface KeyAndCertificate {
  /** PEM. */
  readonly certificate: string;
  /** PKCS #8, PEM. Secret. */
  readonly privateKey: string;
}

export interface CertificatePorts {
  readonly clock: Clock;
  readonly random: Random;
}

/** A self-signed authority that may sign end certificates only. */
export async function createAuthority(ports: CertificatePorts, commonName: string): Promise<KeyAndCertificate> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(ports),
    name: [{ CN: [commonName] }],
    keys,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pemOf(certificate), privateKey: await exportKey(keys.privateKey) };
}

/** A client certificate that the authority signs; with the organisation `system:masters` Kubernetes lets it do anything. */
export async function issueClientCertificate(
  ports: CertificatePorts,
  authority: KeyAndCertificate,
  subject: { readonly commonName: string; readonly organization: string },
): Promise<KeyAndCertificate> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const issuer = new x509.X509Certificate(authority.certificate);
  const certificate = await x509.X509CertificateGenerator.create({
    ...validity(ports),
    subject: [{ CN: [subject.commonName] }, { O: [subject.organization] }],
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.privateKey),
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return { certificate: pemOf(certificate), privateKey: await exportKey(keys.privateKey) };
}

/** From a day ago, so that clocks may differ; a random serial, positive as RFC 5280 demands. */
export function validity({ clock, random }: CertificatePorts): {
  notBefore: Date;
  notAfter: Date;
  serialNumber: string;
} {
  const nowMs = clock.nowMs();
  const serial = Buffer.from(random.bytes(SERIAL_BYTES));
  serial.writeUInt8((serial.readUInt8(0) & 0x7f) | 0x40, 0);
  return {
    notBefore: new Date(nowMs - DAY_MS),
    notAfter: new Date(nowMs + VALIDITY_DAYS * DAY_MS),
    serialNumber: serial.toString("hex"),
  };
}

function pemOf(certificate: x509.X509Certificate): string {
  return certificate.toString("pem");
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}

export async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  return crypto.subtle.importKey("pkcs8", x509.PemConverter.decodeFirst(pem), ALGORITHM, false, ["sign"]);
}
