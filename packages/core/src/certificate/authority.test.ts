import { X509Certificate, createPrivateKey } from "node:crypto";
import { expect, test } from "vitest";
import { systemClock } from "../clock/system-clock.ts";
import { systemRandom } from "../random/system-random.ts";
import { createAuthority, issueClientCertificate } from "./authority.ts";

const ports = { clock: systemClock, random: systemRandom };

test("an authority is a CA for end certificates, valid from yesterday for five years", async () => {
  const authority = await createAuthority(ports, "blue");
  const certificate = new X509Certificate(authority.certificate);
  expect(certificate.ca).toBe(true);
  expect(certificate.subject).toBe("CN=blue");
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.checkPrivateKey(createPrivateKey(authority.privateKey))).toBe(true);
  const days = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / 86_400_000;
  expect(Math.round(days)).toBe(1_826);
});

test("a client certificate is the authority's, names its holder and is no CA", async () => {
  const authority = await createAuthority(ports, "blue");
  const client = await issueClientCertificate(ports, authority, {
    commonName: "admin",
    organization: "system:masters",
  });
  const certificate = new X509Certificate(client.certificate);
  const issuer = new X509Certificate(authority.certificate);
  expect(certificate.checkIssued(issuer)).toBe(true);
  expect(certificate.verify(issuer.publicKey)).toBe(true);
  expect(certificate.subject).toBe("CN=admin\nO=system:masters");
  expect(certificate.ca).toBe(false);
  expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
});

test("a client certificate does not outlive the authority", async () => {
  const authority = await createAuthority(ports, "blue");
  const ends = new X509Certificate(authority.certificate).validToDate;
  const late = { ...ports, clock: { nowMs: () => ends.getTime() - 86_400_000 } };
  const client = await issueClientCertificate(late, authority, { commonName: "admin", organization: "system:masters" });
  expect(new X509Certificate(client.certificate).validToDate).toEqual(ends);
});

test("serial numbers are random and positive", async () => {
  const serials = await Promise.all(
    [1, 2, 3].map(async () => new X509Certificate((await createAuthority(ports, "x")).certificate).serialNumber),
  );
  expect(new Set(serials).size).toBe(3);
  for (const serial of serials) expect(Number.parseInt(serial.slice(0, 2), 16)).toBeLessThan(0x80);
});
