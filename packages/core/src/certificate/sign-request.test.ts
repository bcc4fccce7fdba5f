/** What is signed, checked by OpenSSL and by Node, which are what nodes and clients read it with. */
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../clock/system-clock.ts";
import { limits } from "../limits.ts";
import { systemRandom } from "../random/system-random.ts";
import type { KeyAndCertificate } from "./authority.ts";
import { createAuthority } from "./authority.ts";
import { signRequest } from "./sign-request.ts";

const ports = { clock: systemClock, random: systemRandom };
const folder = mkdtempSync(path.join(tmpdir(), "jeroboam-csr-"));
const caFile = path.join(folder, "ca.pem");
let authority: KeyAndCertificate;

beforeAll(async () => {
  authority = await createAuthority(ports, "blue");
  writeFileSync(caFile, authority.certificate);
});
afterAll(() => rmSync(folder, { recursive: true }));

const KEYS = {
  "RSA 1024": ["rsa:1024"],
  "RSA 2048": ["rsa:2048"],
  "RSA 3072": ["rsa:3072"],
  "EC P-256": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
  "EC P-384": ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
  Ed25519: ["ed25519"],
} as const;

function request(
  extensions: readonly string[] = [],
  { key = KEYS["EC P-256"], subject = "/CN=kubernetes.invalid", hash = "sha256" }: RequestOptions = {},
): string {
  const added = extensions.flatMap((extension) => ["-addext", extension]);
  const options = ["-new", "-nodes", `-${hash}`, "-newkey", ...key, "-keyout", "/dev/null", "-subj", subject, ...added];
  return execFileSync("openssl", ["req", ...options], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

interface RequestOptions {
  readonly key?: readonly string[];
  readonly subject?: string;
  readonly hash?: string;
}

async function signed(pem: string): Promise<{ certificate: X509Certificate; text: string }> {
  const outcome = await signRequest(ports, authority, pem);
  if (outcome.kind === "refused") throw new Error(outcome.reason);
  const file = path.join(folder, "signed.pem");
  writeFileSync(file, outcome.certificate);
  execFileSync("openssl", ["verify", "-x509_strict", "-CAfile", caFile, file], { stdio: "pipe" });
  const text = execFileSync("openssl", ["x509", "-noout", "-text", "-in", file], { encoding: "utf8" });
  return { certificate: new X509Certificate(outcome.certificate), text };
}

async function refusal(pem: string): Promise<string> {
  const outcome = await signRequest(ports, authority, pem);
  return outcome.kind === "refused" ? outcome.reason : "signed";
}

describe("what is signed", () => {
  test.each(Object.entries(KEYS))(
    "%s: verifies against the authority and keeps subject and key",
    async (_name, key) => {
      const { certificate } = await signed(request([], { key, subject: "/O=system:masters/CN=admin" }));
      expect(certificate.checkIssued(new X509Certificate(authority.certificate))).toBe(true);
      expect(certificate.subject).toBe("O=system:masters\nCN=admin");
      expect(certificate.ca).toBe(false);
    },
  );

  test("a request signed with SHA-1 or SHA-512 is as good", async () => {
    for (const hash of ["sha1", "sha512"]) {
      const { text } = await signed(request([], { key: KEYS["RSA 2048"], hash }));
      expect(text).toContain("ecdsa-with-SHA256");
    }
  });

  test("the extensions of a node's request are kept, with CA:FALSE whether asked for or not", async () => {
    const usages = ["keyUsage=critical,digitalSignature,keyEncipherment", "extendedKeyUsage=clientAuth,serverAuth"];
    const names = "subjectAltName=IP:10.0.0.5,IP:127.0.0.1,DNS:kubernetes";
    for (const besides of [[], ["basicConstraints=CA:FALSE"]]) {
      const { certificate, text } = await signed(request([...usages, names, ...besides]));
      expect(certificate.subjectAltName).toBe("IP Address:10.0.0.5, IP Address:127.0.0.1, DNS:kubernetes");
      expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"]);
      expect(text).toContain("X509v3 Key Usage: critical\n                Digital Signature, Key Encipherment\n");
      expect(text.match(/CA:FALSE/g)).toHaveLength(1);
      expect(text).toContain("X509v3 Authority Key Identifier");
    }
  });

  test("an extension that is not allowed and not critical is left out", async () => {
    const { text } = await signed(request(["nsComment=hello"]));
    expect(text).not.toContain("hello");
  });

  test("key usages that are not allowed and not insisted on are left out", async () => {
    const { text } = await signed(request(["keyUsage=digitalSignature,keyAgreement,keyCertSign"]));
    expect(text).toContain("X509v3 Key Usage: \n                Digital Signature\n");
  });

  test("each certificate has a random serial, holds from yesterday, and for five years", async () => {
    const one = (await signed(request())).certificate;
    const other = (await signed(request())).certificate;
    expect(one.serialNumber).not.toBe(other.serialNumber);
    expect(one.serialNumber).toHaveLength(32);
    const days = (Date.parse(one.validTo) - Date.parse(one.validFrom)) / 86_400_000;
    expect(Math.round(days)).toBe(1_826);
  });

  test("none outlives its authority", async () => {
    const ends = new X509Certificate(authority.certificate).validToDate;
    const late = { ...ports, clock: { nowMs: () => ends.getTime() - 86_400_000 } };
    const outcome = await signRequest(late, authority, request());
    if (outcome.kind !== "signed") throw new Error(outcome.reason);
    expect(new X509Certificate(outcome.certificate).validToDate).toEqual(ends);
  });

  test("the older words around the block are known", async () => {
    const { certificate } = await signed(request().replaceAll("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"));
    expect(certificate.subject).toBe("CN=kubernetes.invalid");
  });
});

describe("what is refused, with the reason", () => {
  test.each([
    ["a certificate of an authority", ["basicConstraints=critical,CA:TRUE"], "CA:TRUE"],
    ["usages of an authority", ["keyUsage=critical,keyCertSign"], "key usages"],
    ["another critical extension", ["nameConstraints=critical,permitted;DNS:a.test"], "2.5.29.30 is not allowed"],
  ])("%s", async (_name, extensions, says) => {
    expect(await refusal(request(extensions))).toContain(says);
  });

  test("a key too short to be relied on", async () => {
    expect(await refusal(request([], { key: ["rsa:512"] }))).toContain(
      `512 bits; ${limits.certificate.rsaBitsLeast} to`,
    );
  });

  test("a curve that the platform does not know", async () => {
    const key = ["ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"];
    expect(await refusal(request([], { key }))).toContain("RSA and EC keys");
  });

  test("a request whose signature is another key's", async () => {
    const [header = "", ...lines] = request([], { subject: "/CN=honest" }).trim().split("\n");
    const der = Buffer.from(lines.slice(0, -1).join(""), "base64");
    der.write("robber", der.indexOf("honest"));
    const forged = [header, der.toString("base64"), lines.at(-1)].join("\n");
    expect(await refusal(forged)).toContain("not its own key's");
  });

  test.each([
    ["nothing", ""],
    ["words", "please"],
    ["a certificate", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"],
    ["another structure", "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----"],
    ["an empty block", "-----BEGIN CERTIFICATE REQUEST-----\n\n-----END CERTIFICATE REQUEST-----"],
  ])("%s", async (_name, pem) => {
    expect(await refusal(pem)).toMatch(/no PEM certificate request|cannot be read/);
  });

  test("a cut request", async () => {
    const [header = "", ...lines] = request().trim().split("\n");
    expect(await refusal([header, ...lines.slice(1)].join("\n"))).toContain("cannot be read");
  });
});
