/**
 * The engines' port over node:http and node:https. Connections are kept open for the bays that were spoken to last. A
 * read whose kept connection turned out to be closed goes out once more; what was sent to change something does not.
 */
import { createHash } from "node:crypto";
import http from "node:http";
import https from "node:https";
import { limits } from "@jeroboam/core/limits";
import type { Unreachable } from "./container-engine.ts";
import type { EngineEndpoint, EngineHttp, EngineReply, EngineRequest } from "./engine-http.ts";

export function createHttpsEngineHttp(): EngineHttp {
  const agents = new Map<string, http.Agent>();

  /** The connections of a bay: another certificate is another connection. */
  const agentFor = (endpoint: EngineEndpoint): http.Agent => {
    const key = createHash("sha256")
      .update(JSON.stringify([endpoint.url, endpoint.authority, endpoint.client]))
      .digest("base64");
    const found = agents.get(key) ?? createAgent(endpoint);
    agents.delete(key);
    agents.set(key, found);
    for (const [oldest, agent] of agents) {
      if (agents.size <= limits.containerEngine.connections) break;
      agents.delete(oldest);
      agent.destroy();
    }
    return found;
  };

  return async (endpoint, request) => {
    const deadline = AbortSignal.timeout(request.timeoutMs);
    const signal = request.signal ? AbortSignal.any([request.signal, deadline]) : deadline;
    for (let attempt = 0; ; attempt += 1) {
      const answer = await send(endpoint, request, agentFor(endpoint), signal);
      if (answer.kind === "reply") return answer;
      const isWorthIt = attempt === 0 && answer.isStale && request.method === "GET" && !signal.aborted;
      if (!isWorthIt) return unreachable(endpoint, request, answer.error, deadline);
    }
  };
}

function createAgent({ url, authority, client }: EngineEndpoint): http.Agent {
  const pool = { keepAlive: true, maxSockets: limits.containerEngine.socketsPerBay, maxFreeSockets: 2 };
  if (!url.startsWith("https:")) return new http.Agent(pool);
  return new https.Agent({
    ...pool,
    // Without the bay's authority nothing is trusted: an empty list, not the public ones.
    ca: authority === null ? [] : [authority],
    ...(client && { cert: client.certificate, key: client.privateKey }),
  });
}

interface Broken {
  readonly kind: "broken";
  readonly error: NodeJS.ErrnoException;
  /** The connection was an old one, and the other side had closed it. */
  readonly isStale: boolean;
}

function send(
  endpoint: EngineEndpoint,
  request: EngineRequest,
  agent: http.Agent,
  signal: AbortSignal,
): Promise<EngineReply | Broken> {
  const body = request.json === undefined ? undefined : JSON.stringify(request.json);
  const headers = {
    accept: "application/json, */*;q=0.1",
    ...(body !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
    ...request.headers,
  };
  return new Promise((resolve) => {
    const url = new URL(request.path, endpoint.url);
    const module = url.protocol === "https:" ? https : http;
    const outgoing = module.request(url, { method: request.method, headers, agent, signal });
    const breakOff = (error: NodeJS.ErrnoException): void => {
      const isStale = outgoing.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
      outgoing.destroy();
      resolve({ kind: "broken", error, isStale });
    };
    outgoing.on("error", breakOff);
    outgoing.on("response", (incoming) => {
      readBody(incoming, request).then(
        ({ bytes, isCut }) =>
          resolve({
            kind: "reply",
            status: incoming.statusCode ?? 0,
            headers: headersOf(incoming),
            body: bytes,
            isCut,
          }),
        breakOff,
      );
    });
    outgoing.end(body);
  });
}

async function readBody(
  incoming: http.IncomingMessage,
  { maxBytes, whenLonger }: EngineRequest,
): Promise<{ bytes: Uint8Array; isCut: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size <= maxBytes) continue;
    if (whenLonger === "cut") return { bytes: Buffer.concat(chunks).subarray(0, maxBytes), isCut: true };
    throw new Error(`its answer is longer than ${maxBytes} bytes`);
  }
  return { bytes: Buffer.concat(chunks), isCut: false };
}

function headersOf(incoming: http.IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return headers;
}

/** OpenSSL's and Node's codes for a certificate that is not accepted, by us or by the other side. */
const CERTIFICATE = /CERT|ALTNAME|ISSUER|SIGNED|SIGNATURE|PURPOSE|UNKNOWN_CA|INVALID_CA|CRL/;
const DOWN = /^(ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENOTFOUND|EAI_AGAIN|EPIPE|EADDRNOTAVAIL)$/;

function unreachable(
  { url }: EngineEndpoint,
  request: EngineRequest,
  error: NodeJS.ErrnoException,
  deadline: AbortSignal,
): Unreachable {
  const { host } = new URL(url);
  const say = (cause: Unreachable["cause"], reason: string): Unreachable => ({ kind: "unreachable", cause, reason });
  if (request.signal?.aborted) return say("slow", `${host} was not waited for any longer`);
  if (deadline.aborted) return say("slow", `${host} did not answer within ${request.timeoutMs} ms`);
  const code = error.code ?? "";
  if (CERTIFICATE.test(code)) return say("certificate", `${host}: ${certificateReason(code, error)}`);
  if (code === "ETIMEDOUT") return say("slow", `${host} does not answer`);
  if (DOWN.test(code)) return say("down", `${host} cannot be reached (${code})`);
  return say("broken", `${host} gave no answer that can be read: ${error.message}`);
}

function certificateReason(code: string, error: Error): string {
  if (code.startsWith("ERR_SSL_")) return "it does not accept the certificate of this service";
  if (code === "CERT_HAS_EXPIRED") return "its certificate has expired";
  if (code === "CERT_NOT_YET_VALID") return "its certificate is not valid yet";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return "its certificate is for another address";
  return `its certificate is not of the bay's authority (${error.message})`;
}
