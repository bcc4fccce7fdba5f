/**
 * The transport of the guarded client over node:dns, node:http and node:https. Every exchange has a connection of its
 * own, so none is found later that was checked for somebody else. Replies are taken as they are sent, not decompressed.
 */
import { lookup } from "node:dns/promises";
import http from "node:http";
import https from "node:https";
import { isIPv6 } from "node:net";
import type { LookupFunction } from "node:net";
import type { WebAnswer, WebExchange, WebTransport } from "./web-transport.ts";

export interface WebTransportOptions {
  /** PEM texts of authorities to trust instead of the public ones: for laboratories. */
  readonly authorities?: readonly string[];
}

export function createHttpsWebTransport(options: WebTransportOptions = {}): WebTransport {
  return {
    deadline: (timeoutMs) => AbortSignal.timeout(timeoutMs),
    async resolve(host, signal) {
      const found = await unlessAborted(lookup(host, { all: true, order: "ipv4first" }), signal);
      return found.map(({ address }) => address);
    },
    exchange: (request, signal) => exchange(request, signal, options.authorities ?? []),
  };
}

/** The resolver of the system cannot be stopped; its answer is not waited for. */
async function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function exchange(request: WebExchange, signal: AbortSignal, authorities: readonly string[]): Promise<WebAnswer> {
  const headers: Record<string, string | number> = { "accept-encoding": "identity", ...request.headers };
  if (request.body !== undefined) headers["content-length"] = Buffer.byteLength(request.body);
  const common = {
    method: request.method,
    headers,
    signal,
    agent: false,
    autoSelectFamily: true,
    lookup: pinTo(request.addresses),
  } as const;
  return new Promise((resolve, reject) => {
    const outgoing =
      request.url.protocol === "https:"
        ? https.request(request.url, { ...common, ...(authorities.length > 0 && { ca: [...authorities] }) })
        : http.request(request.url, common);
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      readBody(incoming, request.maxBytes).then(
        (body) => resolve({ status: incoming.statusCode ?? 0, headers: headersOf(incoming), body }),
        (error: unknown) => {
          outgoing.destroy();
          reject(error);
        },
      );
    });
    outgoing.end(request.body);
  });
}

/** In place of the resolver: the addresses that were checked, whatever the name says now. */
function pinTo(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  return (_host, options, callback) => {
    const [first] = found;
    if (!first) callback(new Error("there is no address to connect to"), "");
    else if (options.all) callback(null, found);
    else callback(null, first.address, first.family);
  };
}

async function readBody(incoming: http.IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`the reply is longer than ${maxBytes} bytes`);
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
