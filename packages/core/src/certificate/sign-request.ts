/**
 * Signing a request (CSR) with a bay's authority: the node or the person keeps the key, we check that they hold it and
 * say what the certificate may be used for. Subject and public key are the request's; of its extensions those that Magnum
 * lets through (bay-era sheet 10, cluster sheet 11.1). What is signed is never an authority itself. Who may ask is left
 * to the API. Loaded only where something is signed (the library is large).
 */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { limits } from "../limits.ts";
import type { CertificatePorts, KeyAndCertificate } from "./authority.ts";
import { signerOf, validity } from "./authority.ts";

export type SignedRequest =
  | { readonly kind: "signed"; readonly certificate: string }
  /** The reason is for whoever sent the request. */
  | { readonly kind: "refused"; readonly reason: string };

const KEY_USAGE = "2.5.29.15";
const BASIC_CONSTRAINTS = "2.5.29.19";

/** By their object identifiers: extended key usage, alternative names, the subject's key identifier. */
const KEPT_AS_THEY_ARE = new Set(["2.5.29.37", "2.5.29.17", "2.5.29.14"]);

const ALLOWED_USAGES: number =
  x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment | x509.KeyUsageFlags.nonRepudiation;

/** A refusal on its way out of this module's functions. */
class RequestRefused extends Error {}

export async function signRequest(
  ports: CertificatePorts,
  authority: KeyAndCertificate,
  requestPem: string,
): Promise<SignedRequest> {
  try {
    const request = readRequest(requestPem);
    await requireProof(request);
    const issuer = new x509.X509Certificate(authority.certificate);
    const certificate = await x509.X509CertificateGenerator.create({
      ...validity(ports, { within: issuer }),
      subject: request.subjectName,
      issuer: issuer.subjectName,
      publicKey: request.publicKey,
      ...(await signerOf(authority)),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        ...extensionsOf(request),
        await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ],
    });
    return { kind: "signed", certificate: certificate.toString("pem") };
  } catch (thrown) {
    if (thrown instanceof RequestRefused) return { kind: "refused", reason: thrown.message };
    throw thrown;
  }
}

function readRequest(pem: string): x509.Pkcs10CertificateRequest {
  // Other programs write NEW before the word; anything else before or behind the block is somebody's mistake.
  const block =
    /^\s*-----BEGIN (NEW )?CERTIFICATE REQUEST-----[A-Za-z0-9+/=\s]+-----END (NEW )?CERTIFICATE REQUEST-----\s*$/;
  if (!block.test(pem)) throw new RequestRefused("it is no PEM certificate request");
  try {
    const request = new x509.Pkcs10CertificateRequest(pem.replaceAll("NEW CERTIFICATE", "CERTIFICATE"));
    // Read here, where a mistake in them is the sender's.
    void request.subjectName;
    void request.extensions;
    return request;
  } catch {
    // The library's own words are about its reader, not about what was sent.
    throw new RequestRefused("its content cannot be read as a certificate request");
  }
}

/** Whoever sends it holds the key, and the key is one that can be relied on. */
async function requireProof(request: x509.Pkcs10CertificateRequest): Promise<void> {
  requireKey(request.publicKey.algorithm);
  let isProven: boolean;
  try {
    isProven = await request.verify();
  } catch {
    // An algorithm or a curve that the platform does not know.
    throw new RequestRefused("its signature is of a kind that is not known here; RSA and EC keys are");
  }
  if (!isProven) throw new RequestRefused("its signature is not its own key's");
}

interface KeyAlgorithm {
  readonly name: string;
  /** Of RSA keys. */
  readonly modulusLength?: number;
}

function requireKey(algorithm: KeyAlgorithm): void {
  const { rsaBitsLeast, rsaBitsMost } = limits.certificate;
  const bits = algorithm.modulusLength;
  if (bits !== undefined) {
    if (bits < rsaBitsLeast || bits > rsaBitsMost)
      throw new RequestRefused(`its RSA key has ${bits} bits; ${rsaBitsLeast} to ${rsaBitsMost} are signed`);
    return;
  }
  if (algorithm.name !== "ECDSA" && algorithm.name !== "Ed25519")
    throw new RequestRefused(`its key is ${algorithm.name.slice(0, 50)}; RSA and EC keys are signed`);
}

function extensionsOf(request: x509.Pkcs10CertificateRequest): x509.Extension[] {
  const seen = new Set<string>();
  return request.extensions.flatMap((extension) => {
    const { type, critical } = extension;
    if (seen.has(type)) throw new RequestRefused(`extension ${type} is there twice`);
    seen.add(type);
    if (type === BASIC_CONSTRAINTS) return requireNoAuthority(extension);
    if (type === KEY_USAGE) return keyUsages(extension);
    if (KEPT_AS_THEY_ARE.has(type)) return [extension];
    if (critical) throw new RequestRefused(`the critical extension ${type} is not allowed`);
    return [];
  });
}

/** Ours says the same and stands there already. */
function requireNoAuthority(extension: x509.Extension): [] {
  if (readAs(x509.BasicConstraintsExtension, extension).ca)
    throw new RequestRefused("it asks for a certificate of an authority (CA:TRUE), which is not allowed");
  return [];
}

/** Without the usages that are not allowed; refused when it insists on them. */
function keyUsages(extension: x509.Extension): x509.Extension[] {
  const usages: number = readAs(x509.KeyUsagesExtension, extension).usages;
  const allowed = usages & ALLOWED_USAGES;
  if (extension.critical && allowed !== usages)
    throw new RequestRefused(
      "it insists on key usages other than digital signature, key encipherment and non repudiation",
    );
  return allowed === 0 ? [] : [new x509.KeyUsagesExtension(allowed, extension.critical)];
}

function readAs<Kind extends x509.Extension>(
  kind: new (raw: ArrayBuffer) => Kind,
  { rawData, type }: x509.Extension,
): Kind {
  try {
    return new kind(rawData);
  } catch {
    // The library's own words are about its reader.
    throw new RequestRefused(`extension ${type} cannot be read`);
  }
}
