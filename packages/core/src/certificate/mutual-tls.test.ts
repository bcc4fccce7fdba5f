/** A bay's certificates by what they are for: nodes serve by them, the conductor and clients ask by them, over real TLS. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TLSSocket } from "node:tls";
import { connect, createServer } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../clock/system-clock.ts";
import { systemRandom } from "../random/system-random.ts";
import type { KeyAndCertificate } from "./authority.ts";
import { inPhase, trustedAuthorities } from "./rotation.ts";
import { createAuthority, issueClientCertificate } from "./authority.ts";
import { signRequest } from "./sign-request.ts";

const ports = { clock: systemClock, random: systemRandom };
const ADMINISTRATOR = { commonName: "admin", organization: "system:masters" };
const folder = mkdtempSync(path.join(tmpdir(), "jeroboam-tls-"));
let authority: KeyAndCertificate;
let foreign: KeyAndCertificate;
let node: KeyAndCertificate;

/** As a node does: the key stays with it, the request goes to the API. */
async function signedNode(by: KeyAndCertificate): Promise<KeyAndCertificate> {
  const keyFile = path.join(folder, "node.key");
  const options = ["-new", "-nodes", "-newkey", "rsa:2048", "-keyout", keyFile, "-subj", "/CN=node"];
  const added = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "extendedKeyUsage=serverAuth,clientAuth"];
  const request = execFileSync("openssl", ["req", ...options, ...added], { encoding: "utf8", stdio: "pipe" });
  const outcome = await signRequest(ports, by, request);
  if (outcome.kind === "refused") throw new Error(outcome.reason);
  return { certificate: outcome.certificate, privateKey: readFileSync(keyFile, "utf8") };
}

beforeAll(async () => {
  [authority, foreign] = await Promise.all([createAuthority(ports, "blue"), createAuthority(ports, "blue")]);
  node = await signedNode(authority);
});
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * What the node says to that client: who it is, by its certificate, or why it is not trusted (a node would hang up; said
 * instead, so that it can be read). Or why the client hangs up.
 */
async function talk(
  client: KeyAndCertificate | undefined,
  trusted: Pick<KeyAndCertificate, "certificate">,
  shown = node,
  accepted = authority.certificate,
): Promise<string> {
  const server = createServer({
    key: shown.privateKey,
    cert: shown.certificate,
    ca: accepted,
    requestCert: true,
    rejectUnauthorized: false,
  });
  server.on("secureConnection", (socket: TLSSocket) => {
    const { authorized, authorizationError } = socket;
    socket.on("error", () => {});
    socket.end(
      authorized ? String(socket.getPeerCertificate().subject.CN) : `not trusted: ${String(authorizationError)}`,
    );
  });
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const identity = client && { key: client.privateKey, cert: client.certificate };
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: "127.0.0.1", ca: trusted.certificate, ...identity });
  let said = "";
  try {
    for await (const chunk of socket) said += String(chunk);
  } catch (error) {
    said = `client: ${codeOf(error)}`;
  }
  socket.destroy();
  server.close();
  await once(server, "close");
  return said;
}

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : String(error);

test("a node with a signed certificate and the conductor with its own trust each other", async () => {
  expect(await talk(await issueClientCertificate(ports, authority, ADMINISTRATOR), authority)).toBe("admin");
});

test("a node's own certificate is good for asking, too", async () => {
  expect(await talk(await signedNode(authority), authority)).toBe("node");
});

test("another bay's client is not trusted, though its authority bears the same name, nor is one without", async () => {
  const stranger = await issueClientCertificate(ports, foreign, ADMINISTRATOR);
  for (const client of [stranger, undefined]) expect(await talk(client, authority)).toMatch(/^not trusted: \w+/);
});

test("a client that trusts another bay's authority does not talk to the node", async () => {
  const client = await issueClientCertificate(ports, authority, ADMINISTRATOR);
  expect(await talk(client, foreign)).toMatch(/^client: .*(CERT|SIGNATURE|VERIFY)/);
});

test("in every phase of a rotation whoever was told then, or a phase before or after, is served", async () => {
  const old = { node, client: await issueClientCertificate(ports, authority, ADMINISTRATOR), by: authority };
  const fresh = {
    node: await signedNode(foreign),
    client: await issueClientCertificate(ports, foreign, ADMINISTRATOR),
    by: foreign,
  };
  const issuer = ({ certificate }: KeyAndCertificate) => ({
    caCertificate: certificate,
    caKeySealed: "",
    clientCertificate: "",
    clientKeySealed: "",
  });
  const before = issuer(authority);
  const trust = { ...before, rotation: { phase: "trust" as const, next: issuer(foreign) } };
  const renew = inPhase(trust, "renew");
  const serve = inPhase(renew, "serve");
  const drop = inPhase(serve, "drop");
  // What clients hold who asked in that phase, and what the API's servers show and accept in it.
  const phases = [
    { certificates: before, client: old.client, shown: old.node },
    { certificates: trust, client: old.client, shown: old.node },
    { certificates: renew, client: fresh.client, shown: old.node },
    { certificates: serve, client: fresh.client, shown: fresh.node },
    { certificates: drop, client: fresh.client, shown: fresh.node },
  ].map((one) => ({ ...one, trusted: trustedAuthorities(one.certificates) }));
  for (const [at, server] of phases.entries()) {
    for (const client of phases.slice(Math.max(0, at - 1), at + 2))
      expect(await talk(client.client, { certificate: client.trusted }, server.shown, server.trusted)).toBe("admin");
  }
  const last = phases.at(-1);
  expect(await talk(old.client, old.by, last?.shown, last?.trusted)).toMatch(/^(client|not trusted): /);
  expect(await talk(old.client, fresh.by, last?.shown, last?.trusted)).toMatch(/^not trusted: /);
});
