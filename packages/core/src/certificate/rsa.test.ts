/** Authorities with RSA keys: made, signing and trusted as those with keys on curves are, by openssl and by TLS itself. */
import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../clock/system-clock.ts";
import { systemRandom } from "../random/system-random.ts";
import type { AuthorityKey } from "./authority-key.ts";
import type { KeyAndCertificate } from "./authority.ts";
import { createAuthority, issueClientCertificate } from "./authority.ts";
import { signRequest } from "./sign-request.ts";

const ports = { clock: systemClock, random: systemRandom };
const folder = mkdtempSync(join(tmpdir(), "rsa-"));
afterAll(() => rmSync(folder, { recursive: true }));

const openssl = (...words: readonly string[]): string => execFileSync("openssl", words, { encoding: "utf8" });

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe.each([
  ["rsa-3072", 3_072],
  ["rsa-4096", 4_096],
] as const)("an authority of %s", (kind: AuthorityKey, bits: number) => {
  let authority: KeyAndCertificate;
  let client: KeyAndCertificate;
  let node: KeyAndCertificate;
  beforeAll(async () => {
    authority = await createAuthority(ports, "blue", kind);
    client = await issueClientCertificate(ports, authority, { commonName: "admin", organization: "system:masters" });
    const key = join(folder, `${kind}-node.key`);
    const request = join(folder, `${kind}-node.csr`);
    const subject = ["-subj", "/CN=node", "-addext", "subjectAltName=IP:127.0.0.1"];
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, ...subject);
    const signed = await signRequest(ports, authority, openssl("req", "-in", request));
    if (signed.kind === "refused") throw new Error(signed.reason);
    node = { certificate: signed.certificate, privateKey: openssl("pkey", "-in", key) };
  });

  test("has a key of that kind, and so has its client; both sign and are signed by SHA-256", () => {
    for (const { certificate, privateKey } of [authority, client]) {
      const read = new X509Certificate(certificate);
      const { asymmetricKeyType, asymmetricKeyDetails } = read.publicKey;
      expect([asymmetricKeyType, asymmetricKeyDetails?.modulusLength]).toEqual(["rsa", bits]);
      expect(read.checkPrivateKey(createPrivateKey(privateKey))).toBe(true);
      expect(openssl("x509", "-noout", "-text", "-in", fileOf("one.pem", certificate))).toContain(
        "Signature Algorithm: sha256WithRSAEncryption",
      );
    }
  });

  test("signs what openssl takes for a client's and for a server's certificate", () => {
    const trusted = fileOf(`${kind}-ca.pem`, authority.certificate);
    for (const [purpose, { certificate }] of [["sslclient", client] as const, ["sslserver", node] as const]) {
      const path = fileOf(`${kind}-${purpose}.pem`, certificate);
      expect(openssl("verify", "-x509_strict", "-CAfile", trusted, "-purpose", purpose, path)).toContain(": OK");
    }
  });

  test("is trusted by both ends of a TLS connection", async () => {
    const server = createServer(
      {
        key: node.privateKey,
        cert: node.certificate,
        ca: authority.certificate,
        requestCert: true,
        rejectUnauthorized: true,
      },
      (socket) => socket.end(String(socket.getPeerCertificate().subject.CN)),
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { certificate: cert, privateKey: key } = client;
    const socket = connect({ port, host: "127.0.0.1", ca: authority.certificate, cert, key });
    const [said] = (await once(socket.setEncoding("utf8"), "data")) as [string];
    expect(said).toBe("admin");
    server.close();
  });
});
