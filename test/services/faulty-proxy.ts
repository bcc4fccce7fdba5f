/**
 * An HTTP proxy that stands before a service and breaks what a test tells it to: an answer lost after the request took
 * effect, a fault, a garbled answer, no answer at all, a request that is lost, late, or comes twice.
 */
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

export type Fault =
  /** The service hears and answers; the answer is lost. */
  | { readonly kind: "lost-reply"; readonly meanwhile?: () => Promise<void> }
  /** The service never hears; the proxy answers by itself. */
  | { readonly kind: "answer"; readonly status: number; readonly body: string }
  /** The service hears; its answer is cut in the middle. */
  | { readonly kind: "garbled" }
  /** Nobody answers. */
  | { readonly kind: "silence" }
  /** The service never hears: the connection is cut. */
  | { readonly kind: "dropped" }
  /** The service hears it after a while. */
  | { readonly kind: "late"; readonly ms: number }
  /** The service hears it twice; the second answer is given. */
  | { readonly kind: "repeated" };

export interface FaultyProxy {
  readonly endpoint: string;
  /** Requests so far, by the operation that their x-amz-target names. */
  readonly requests: string[];
  /** The faults of the coming requests, one each; then all is well again. */
  breakNext(...faults: (Fault | undefined)[]): void;
  /** The fault of every request from now on, or of every request of one operation. */
  breakAll(fault: Fault | undefined, operation?: string): void;
  /** Who says of each request what happens to it, from now on. */
  breakBy(choose: (asked: { readonly method: string; readonly path: string }) => Fault | undefined): void;
  close(): Promise<void>;
}

/** `target`: where the service is, or who knows by the time that it is asked. */
export async function startFaultyProxy(target: string | (() => string)): Promise<FaultyProxy> {
  const requests: string[] = [];
  let coming: (Fault | undefined)[] = [];
  let lasting: { readonly fault: Fault | undefined; readonly operation: string | undefined } | undefined;

  let choose: Parameters<FaultyProxy["breakBy"]>[0] = () => undefined;

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const operation = String(incoming.headers["x-amz-target"]).split(".").at(-1) ?? "";
    requests.push(operation);
    const isStruck = lasting?.operation === undefined || lasting.operation === operation;
    const next = coming.length > 0 ? coming.shift() : isStruck ? lasting?.fault : undefined;
    const fault = next ?? choose({ method: incoming.method ?? "", path: incoming.url ?? "" });
    if (fault?.kind === "silence") return;
    if (fault?.kind === "dropped") return void outgoing.destroy();
    if (fault?.kind === "late") await wait(fault.ms);
    if (fault?.kind === "answer") return void outgoing.writeHead(fault.status, JSON_TYPE).end(fault.body);
    const service = typeof target === "string" ? target : target();
    const body = Buffer.concat(parts);
    if (fault?.kind === "repeated") await forward(service, incoming, body);
    const reply = await forward(service, incoming, body);
    if (fault?.kind === "lost-reply") {
      await fault.meanwhile?.();
      return void outgoing.destroy();
    }
    if (fault?.kind === "garbled") return void outgoing.writeHead(200, JSON_TYPE).end('{"Item":{"pk"');
    outgoing.writeHead(reply.status, reply.headers).end(reply.body);
  };
  const server = createServer((incoming, outgoing) => {
    // A request that was given up on either side ends on the other.
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    breakNext: (...faults) => void (coming = faults),
    breakBy: (by) => void (choose = by),
    breakAll: (fault, operation) => void (lasting = { fault, operation }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const JSON_TYPE = { "content-type": "application/x-amz-json-1.0" };

async function forward(target: string, incoming: IncomingMessage, body: Buffer) {
  const sent = request(new URL(incoming.url ?? "/", target), {
    method: incoming.method ?? "POST",
    headers: { ...incoming.headers, connection: "close" },
  });
  sent.end(body);
  const [reply] = (await once(sent, "response")) as [IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of reply) parts.push(part as Buffer);
  return { status: reply.statusCode ?? 500, headers: reply.headers, body: Buffer.concat(parts) };
}
