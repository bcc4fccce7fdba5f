/** For tests: an authority of a bay, and certificates that it signs, as nodes and conductors have them. */
import type { webcrypto } from "node:crypto";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

export interface TestCertificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM. */
  readonly privateKey: string;
}

export interface TestAuthority {
  /** PEM. */
  readonly certificate: string;
  /** For a server at these IP addresses. */
  issueServer(addresses: readonly string[], validity?: { notBefore?: Date; notAfter?: Date }): Promise<TestCertificate>;
  issueClient(commonName: string, organization?: string): Promise<TestCertificate>;
}

const newKeys = () => crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}

const LASTING = { notBefore: new Date("2020-01-01"), notAfter: new Date("2100-01-01") } as const;

export async function createTestAuthority(name = "bay"): Promise<TestAuthority> {
  const keys = await newKeys();
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...LASTING,
    name: `CN=${name}`,
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });

  async function issue(
    subject: string,
    usages: string[],
    names: readonly string[],
    validity: { notBefore?: Date; notAfter?: Date } = {},
  ): Promise<TestCertificate> {
    const own = await newKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      ...LASTING,
      ...validity,
      subject,
      issuer: authority.subject,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
        new x509.ExtendedKeyUsageExtension(usages),
        ...(names.length === 0
          ? []
          : [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "ip", value })))]),
      ],
    });
    return { certificate: certificate.toString("pem"), privateKey: await exportKey(own.privateKey) };
  }

  return {
    certificate: authority.toString("pem"),
    issueServer: (addresses, validity) =>
      issue("CN=server", [x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth], addresses, validity),
    issueClient: (commonName, organization) =>
      issue(
        organization ? `CN=${commonName},O=${organization}` : `CN=${commonName}`,
        [x509.ExtendedKeyUsage.clientAuth],
        [],
      ),
  };
}
