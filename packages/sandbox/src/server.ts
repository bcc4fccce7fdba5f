/**
 * The sandbox behind a socket, with the real clock, real chance and real delays. Adapter: the one file besides file-journal.ts that touches
 * the machine. Listens on loopback unless told otherwise; `/sandbox/...` answers callers on this machine alone, whatever it listens on.
 */
import { randomInt } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { openJournal } from "./file-journal.ts";
import { claimLoopbackBlock } from "./engines/serve-loopback.ts";
import { serveEngines } from "./engines/serve-engines.ts";
import type { Options } from "./cloud.ts";
import type { Settings } from "./knobs/knobs.ts";
import { readBody, sendBody, toRequest } from "./http/node-http.ts";
import { limits } from "./limits.ts";
import { createSandbox } from "./sandbox.ts";
import type { Sandbox } from "./sandbox.ts";

export interface ServeOptions {
  /** 0 takes any free port. */
  port?: number;
  host?: string;
  /** The folder that the state is kept in; without one it ends with the process. */
  data?: string;
  options?: Partial<Options>;
  settings?: Partial<Settings>;
  /** Whether the bays' engines listen for real, at addresses of this machine's loopback, and nodes fetch their certificates. */
  engines?: boolean;
}

export interface ServedSandbox {
  readonly sandbox: Sandbox;
  /** Where clients find Keystone: `${url}/v3`. */
  readonly url: string;
  /** Where it listens itself, whatever stands before it. */
  readonly listensOn: string;
  /** Brings the engines' listeners in line with what was changed in process: knobs, above all. */
  sync: () => void;
  close: () => Promise<void>;
}

export const DEFAULT_PORT = 5000;

export async function serveSandbox({
  port = DEFAULT_PORT,
  host = "127.0.0.1",
  data,
  options,
  settings,
  engines = false,
}: ServeOptions = {}): Promise<ServedSandbox> {
  const server = createServer();
  await listen(server, port, host);
  const listensOn = `http://${host === "0.0.0.0" ? "127.0.0.1" : host}:${(server.address() as AddressInfo).port}`;
  const url = options?.publicUrl ?? listensOn;
  const store = data === undefined ? undefined : openJournal(data);
  const block = engines ? await claimLoopbackBlock(data) : undefined;
  const sandbox = createSandbox({
    clock: { now: () => Date.now() },
    // Node fetches those in batches: a call of the system each would be a tenth of what a bay costs.
    random: () => randomInt(2 ** 32) / 2 ** 32,
    sleep: async (ms) => await sleep(ms),
    ...(store && { store }),
    ...(settings && { settings }),
    options: { ...block?.options, nodesFetchCertificates: engines, ...options, publicUrl: url },
  });
  const served = engines ? serveEngines(sandbox) : undefined;
  server.on(
    "request",
    (incoming, outgoing) => void answer(sandbox, url, incoming, outgoing).finally(() => served?.sync()),
  );
  return {
    sandbox,
    url,
    listensOn,
    sync: () => served?.sync(),
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
      await served?.close();
      await block?.release();
      sandbox.close();
    },
  };
}

const listen = (server: Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  });

const isLoopback = (address: string | undefined): boolean =>
  address === "::1" || /^(::ffff:)?127\./.test(address ?? "");

async function answer(
  sandbox: Sandbox,
  url: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  try {
    const path = incoming.url ?? "/";
    if (/^\/sandbox(\/|$|\?)/.test(path) && !isLoopback(incoming.socket.remoteAddress)) {
      outgoing.writeHead(403).end("the knobs are for callers on this machine\n");
      return;
    }
    const body = await readBody(incoming, limits.requestBytes);
    if (!body) {
      outgoing.writeHead(413, { Connection: "close" }).end();
      return;
    }
    const reply = await sandbox.handle(toRequest(url, incoming, body));
    if (reply.kind === "cut") {
      incoming.socket.destroy();
      return;
    }
    await sendBody(reply.response, outgoing);
  } catch (error) {
    // A bug of the sandbox's: it is told to whoever runs it, and the client gets a 500 rather than silence.
    console.error(error);
    if (!outgoing.headersSent) outgoing.writeHead(500, { "Content-Type": "application/json" });
    outgoing.end(JSON.stringify({ error: { code: 500, title: "Internal Server Error", message: String(error) } }));
  }
}
