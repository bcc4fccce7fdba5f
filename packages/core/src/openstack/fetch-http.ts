/**
 * The HTTP port over node:http and node:https: connections kept alive, a private CA or a client certificate when given.
 * Reads (GET, HEAD) whose connection broke are tried again at once, within the same timeout; everything else is tried
 * once, because what was sent may have been done. Redirects are replies like others.
 */
import http from "node:http";
import https from "node:https";
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import type { HttpFetch, HttpOptions, HttpReply, HttpRequest } from "./http.ts";

export interface FetchHttpOptions {
  /** PEM texts, each of one or several certificates: the only authorities trusted. Without them: the public ones. */
  readonly authorities?: readonly string[];
  /** False accepts any certificate: for laboratories. */
  readonly verify?: boolean;
  /** PEM, shown to servers that ask for it. */
  readonly clientCertificate?: { readonly certificate: string; readonly key: string };
  readonly maxResponseBytes?: number;
  readonly maxSockets?: number;
}

interface Agents {
  readonly plain: http.Agent;
  readonly secure: https.Agent;
}

/** An HTTP port with connections of its own. */
export function createFetchHttp(options: FetchHttpOptions = {}): HttpFetch {
  const pool = { keepAlive: true, maxSockets: options.maxSockets ?? 64, maxFreeSockets: 16 };
  const agents: Agents = {
    plain: new http.Agent(pool),
    secure: new https.Agent({
      ...pool,
      rejectUnauthorized: options.verify ?? true,
      ...(options.authorities?.length ? { ca: [...options.authorities] } : {}),
      ...(options.clientCertificate
        ? { cert: options.clientCertificate.certificate, key: options.clientCertificate.key }
        : {}),
    }),
  };
  const maxBytes = options.maxResponseBytes ?? limits.openstack.responseBytes;

  return async (request, call) => {
    const deadline = AbortSignal.timeout(call.timeoutMs);
    const signal = call.signal ? AbortSignal.any([call.signal, deadline]) : deadline;
    const isRead = request.method === "GET" || request.method === "HEAD";
    for (let attempt = 0; ; attempt++) {
      try {
        return await send(agents, request, signal, maxBytes);
      } catch (error) {
        // Whatever kept a reply from coming is told as Transient; a read on a broken connection goes out again first.
        const isRepeatable = isRead && attempt < limits.openstack.readRetries && isBrokenConnection(error);
        if (!isRepeatable || signal.aborted) throw faultOf(error, request, call, deadline);
      }
    }
  };
}

function send(agents: Agents, request: HttpRequest, signal: AbortSignal, maxBytes: number): Promise<HttpReply> {
  const url = new URL(request.url);
  if ((url.protocol !== "http:" && url.protocol !== "https:") || url.username || url.password) {
    throw new TypeError("only http and https addresses without credentials can be asked");
  }
  const body = request.json === undefined ? request.text : JSON.stringify(request.json);
  const headers: Record<string, string | number> = { accept: "application/json", ...request.headers };
  if (request.json !== undefined) headers["content-type"] ??= "application/json";
  if (body !== undefined) headers["content-length"] = Buffer.byteLength(body);

  return new Promise((resolve, reject) => {
    const { method } = request;
    const outgoing =
      url.protocol === "https:"
        ? https.request(url, { method, headers, signal, agent: agents.secure })
        : http.request(url, { method, headers, signal, agent: agents.plain });
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      readBody(incoming, maxBytes).then(
        (text) => resolve({ status: incoming.statusCode ?? 0, headers: headersOf(incoming), body: text }),
        (error: unknown) => {
          outgoing.destroy();
          reject(error);
        },
      );
    });
    outgoing.end(body);
  });
}

async function readBody(incoming: http.IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`the reply is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function headersOf(incoming: http.IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return headers;
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

const isBrokenConnection = (error: unknown): boolean => ["ECONNRESET", "EPIPE"].includes(codeOf(error) ?? "");

function faultOf(error: unknown, request: HttpRequest, call: HttpOptions, deadline: AbortSignal): Transient {
  return new Transient(`${request.method} ${placeOf(request.url)}: ${reasonOf(error, call, deadline)}`, {
    cause: error,
  });
}

function reasonOf(error: unknown, call: HttpOptions, deadline: AbortSignal): string {
  if (call.signal?.aborted) return "given up by the caller";
  if (deadline.aborted) return `no reply within ${call.timeoutMs} ms`;
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (code === undefined || message.includes(code)) return message || "failed";
  return message ? `${message} (${code})` : code;
}

/** The address for a message: host and path. Queries are left out. */
function placeOf(address: string): string {
  const url = URL.parse(address);
  return url ? `${url.host}${url.pathname}` : "an address that cannot be read";
}
