/**
 * The world that nodes' scripts see from their network: the cloud's endpoints, which give a token, sign with a bay's
 * authority as the service does in each phase of its rotation, and take signals; the metadata service, which tells what
 * FOLDER/mark-NAME says, the phase among it; and the publishers, which serve stand-ins for what they publish. Run as `world.ts FOLDER` while its input is open; everything that was asked is in FOLDER/asked.jsonl.
 */
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:https";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { BayCertificates, Issuer } from "@jeroboam/core/certificate/rotation";
import { inPhase, trustedAuthorities } from "@jeroboam/core/certificate/rotation";
import { signRequest } from "@jeroboam/core/certificate/sign-request";
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { systemRandom } from "@jeroboam/core/random/system-random";

const folder = process.argv[2] ?? "";
const read = (name: string): string => readFileSync(join(folder, name), "utf8");
const issuer = (name: string): Issuer => ({
  caCertificate: read(`${name}.crt`),
  caKeySealed: read(`${name}.key`),
  clientCertificate: "",
  clientKeySealed: "",
});
const readMark = (name: string): string => (existsSync(join(folder, `mark-${name}`)) ? read(`mark-${name}`) : "");

/** What holds in the phase that nodes are told of. */
function certificatesNow(): BayCertificates {
  const phase = readMark("certificate_rotation").split(".")[1];
  if (phase === undefined) return issuer("bay-ca");
  const trust: BayCertificates = { ...issuer("bay-ca"), rotation: { phase: "trust", next: issuer("next-ca") } };
  if (phase === "trust") return trust;
  const renew = inPhase(trust, "renew");
  return phase === "drop" ? inPhase(inPhase(renew, "serve"), "drop") : renew;
}

const ports = { clock: systemClock, random: systemRandom };

interface Answer {
  readonly status: number;
  readonly body: string | Buffer;
  readonly headers?: Record<string, string>;
}
const json = (status: number, value: unknown, headers = {}): Answer => ({
  status,
  body: JSON.stringify(value),
  headers: { "content-type": "application/json", ...headers },
});

async function answer(host: string, path: string, body: string, token: string | undefined): Promise<Answer> {
  if (path === "/v3/auth/tokens") {
    const { auth } = JSON.parse(body) as { auth: { identity: { password: { user: { password: string } } } } };
    const isRight = auth.identity.password.user.password === "q7Kf0wXv2Zb9LrTn";
    return isRight ? json(201, { token: {} }, { "x-subject-token": "token-of-the-node" }) : json(401, {});
  }
  if (path.endsWith("/signal") || path.startsWith("/v1/callbacks/")) return json(200, {});
  if (path.startsWith("/v1/certificates")) {
    if (token !== "token-of-the-node") return json(401, {});
    if (path.includes("/nodes/") && body !== "") return { status: 204, body: "" };
    // What masters are to come to, where they are to come to something.
    if (path.includes("/nodes/"))
      return existsSync(join(folder, "versions")) ? json(200, JSON.parse(read("versions"))) : json(404, {});
    const now = certificatesNow();
    if (body === "") return json(200, { pem: trustedAuthorities(now) });
    const authority = { certificate: now.caCertificate, privateKey: now.caKeySealed };
    const signed = await signRequest(ports, authority, (JSON.parse(body) as { csr: string }).csr);
    return signed.kind === "signed" ? json(201, { pem: signed.certificate }) : json(400, { reason: signed.reason });
  }
  const file = join(folder, "published", host, path);
  return existsSync(file) ? { status: 200, body: readFileSync(file) } : json(404, {});
}

createServer({ key: read("world.key"), cert: read("world.crt") }, (request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    const body = Buffer.concat(parts).toString("utf8");
    const host = request.headers.host ?? "";
    const path = request.url ?? "";
    const token = request.headers["x-auth-token"] as string | undefined;
    void answer(host, path.replace(/\?.*/, ""), body, token).then((given) => {
      const asked = {
        from: request.socket.remoteAddress,
        host,
        path,
        method: request.method,
        body,
        status: given.status,
      };
      appendFileSync(join(folder, "asked.jsonl"), `${JSON.stringify(asked)}\n`);
      response.writeHead(given.status, given.headers).end(given.body);
    });
  });
}).listen(443, "192.0.2.1", () => {
  createHttpServer((_request, response) => {
    const meta = Object.fromEntries(
      ["other", "certificate_rotation", "master_upgrade"].map((name) => [name, readMark(name)]),
    );
    response.end(JSON.stringify({ uuid: "1", meta, name: "blue" }));
  }).listen(80, "169.254.169.254", () => process.stdout.write("ready\n"));
});
process.stdin.resume().on("end", () => process.exit());
