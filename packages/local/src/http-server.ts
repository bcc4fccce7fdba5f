/**
 * One HTTP server on this machine. Its port is taken first and what serves it is given later, so that parts which must
 * know each other's address can be made in any order: requests that come between wait. Stopping takes no new requests,
 * lets those in hand end, and cuts what has not ended in time.
 */
import { createServer } from "node:http";
import type { Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { limits } from "@jeroboam/core/limits";
import { StartRefused } from "./start-refused.ts";

export type Fetch = (request: Request) => Response | Promise<Response>;

export interface Address {
  /** What is served, for messages. */
  readonly what: string;
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** The option by which another port is chosen, for messages. */
  readonly option: string;
}

export interface HttpServer {
  /** http://host:port, no slash at its end. */
  readonly url: string;
  serve(fetch: Fetch): void;
  stop(): Promise<void>;
}

/** Listens; throws StartRefused when the port or the host cannot be had. */
export async function listen(address: Address): Promise<HttpServer> {
  const { promise: served, resolve: serve } = Promise.withResolvers<Fetch>();
  const listener = getRequestListener(async (request) => (await served)(request));
  const server = createServer({ maxHeaderSize: limits.process.headerBytes }, (incoming, outgoing) => {
    // A connection whose request ends after the server has begun to stop would else be kept for a next one.
    outgoing.once("close", () => {
      if (!server.listening) setImmediate(() => server.closeIdleConnections());
    });
    void listener(incoming, outgoing);
  });
  const port = await bind(server, address);
  return { url: `http://${hostOf(address.host)}:${port}`, serve, stop: () => stop(server) };
}

function bind(server: Server, { what, host, port, option }: Address): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const reason = error.code === "EADDRINUSE" ? "another program listens there" : error.message;
      reject(new StartRefused(`${what} cannot listen on ${hostOf(host)}:${port}: ${reason}; choose by ${option}`));
    });
    server.listen(port, host, () => {
      const bound = server.address();
      resolve(typeof bound === "object" && bound ? bound.port : port);
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), limits.process.requestsStopMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
  });
}

/** An address as it stands in a URL; every interface is reached by loopback. */
function hostOf(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
