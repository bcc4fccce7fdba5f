/**
 * A bay's own certificate authority: made once a bay, EC P-256 unless its operator needs RSA, it signs the certificates of
 * the bay's nodes, of its users and of the conductor. This module makes keys and certificates; what others made keys for is
 * signed by sign-request.ts. Keeping keys sealed is the caller's. Loaded only where something is signed (the library is
 * large).
 *
 * Facts: bay-era sheet section 10, cluster sheet 11.1 (extensions, validity from yesterday for 1825 days).
 */
import { createPrivateKey } from "node:crypto";
import type { webcrypto } from "node:crypto";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import type { Clock, Random } from "../ports.ts";
import type { AuthorityKey } from "./authority-key.ts";

const EC = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const RSA = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;
const VALIDITY_DAYS = 1_825;
/** Of the conductor's own, which is renewed in time (reconciliation, certificate-expiry). */
const CLIENT_VALIDITY_DAYS = 365;
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
export async function createAuthority(
  ports: CertificatePorts,
  commonName: string,
  key: AuthorityKey = "ec-p256",
): Promise<KeyAndCertificate> {
  const { keys, signingAlgorithm } = await generateKeys(key);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(ports),
    name: [{ CN: [commonName] }],
    keys,
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pemOf(certificate), privateKey: await exportKey(keys.privateKey) };
}

/**
 * A client certificate that the authority signs, its key of the authority's kind; with the organisation `system:masters`
 * Kubernetes lets it do anything.
 */
export async function issueClientCertificate(
  ports: CertificatePorts,
  authority: KeyAndCertificate,
  subject: { readonly commonName: string; readonly organization: string },
): Promise<KeyAndCertificate> {
  const issuer = new x509.X509Certificate(authority.certificate);
  const { keys } = await generateKeys(keyOf(issuer));
  const certificate = await x509.X509CertificateGenerator.create({
    ...validity(ports, { days: CLIENT_VALIDITY_DAYS, within: issuer }),
    subject: [{ CN: [subject.commonName] }, { O: [subject.organization] }],
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    ...(await signerOf(authority)),
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

/**
 * From a day ago, so that clocks may differ, and no longer than the issuer; a random serial, positive as RFC 5280 demands.
 */
export function validity(
  { clock, random }: CertificatePorts,
  { days = VALIDITY_DAYS, within }: { readonly days?: number; readonly within?: x509.X509Certificate } = {},
): { notBefore: Date; notAfter: Date; serialNumber: string } {
  const nowMs = clock.nowMs();
  const serial = Buffer.from(random.bytes(SERIAL_BYTES));
  serial.writeUInt8((serial.readUInt8(0) & 0x7f) | 0x40, 0);
  return {
    notBefore: new Date(nowMs - DAY_MS),
    notAfter: new Date(Math.min(nowMs + days * DAY_MS, within?.notAfter.getTime() ?? Number.POSITIVE_INFINITY)),
    serialNumber: serial.toString("hex"),
  };
}

function pemOf(certificate: x509.X509Certificate): string {
  return certificate.toString("pem");
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}

/** What signs by an authority's key, of whichever kind it is. */
export async function signerOf({
  privateKey,
}: KeyAndCertificate): Promise<{ signingKey: webcrypto.CryptoKey; signingAlgorithm: typeof EC | typeof RSA }> {
  const signingAlgorithm = createPrivateKey(privateKey).asymmetricKeyType === "rsa" ? RSA : EC;
  const bytes = x509.PemConverter.decodeFirst(privateKey);
  return {
    signingKey: await crypto.subtle.importKey("pkcs8", bytes, signingAlgorithm, false, ["sign"]),
    signingAlgorithm,
  };
}

async function generateKeys(key: AuthorityKey): Promise<{
  keys: webcrypto.CryptoKeyPair;
  signingAlgorithm: typeof EC | typeof RSA;
}> {
  if (key === "ec-p256")
    return { keys: await crypto.subtle.generateKey(EC, true, ["sign", "verify"]), signingAlgorithm: EC };
  const algorithm = {
    ...RSA,
    modulusLength: key === "rsa-3072" ? 3_072 : 4_096,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
  return { keys: await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]), signingAlgorithm: RSA };
}

function keyOf({ publicKey }: x509.X509Certificate): AuthorityKey {
  const algorithm: { readonly name: string; readonly modulusLength?: number } = publicKey.algorithm;
  if (algorithm.name === EC.name) return "ec-p256";
  return (algorithm.modulusLength ?? 0) > 3_072 ? "rsa-4096" : "rsa-3072";
}
