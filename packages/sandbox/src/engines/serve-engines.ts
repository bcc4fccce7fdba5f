/**
 * The bays' engines behind real sockets. Adapter: it lets nodes fetch their certificates over the network, opens a
 * listener at each address at which an engine answers, with the node's certificate where the bay has TLS, and closes it
 * when the engine goes. A timer lets happen in time what happens by itself.
 */
import http from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import { pumpBody, readBody, toRequest } from "../http/node-http.ts";
import { limits } from "../limits.ts";
import type { Sandbox } from "../sandbox.ts";
import type { Listener } from "./bays.ts";
import { follow } from "./follow.ts";
import type { Follower } from "./follow.ts";
import { fetchCertificate, signOwn } from "./node-setup.ts";
import type { Outside } from "./node-setup.ts";
import type { Peer } from "./peer.ts";
import type { EngineNode } from "./records.ts";

export interface ServedEngines {
  /** Brings listeners in line with the engines; cheap when nothing changed. */
  sync: () => void;
  close: () => Promise<void>;
}

interface Open {
  readonly server: http.Server | https.Server;
  /** What it was opened with: another means another listener. */
  readonly key: string;
}

const keyOf = ({ engine, node, hasWrongCertificate }: Listener): string =>
  JSON.stringify([
    engine.id,
    engine.isTls,
    hasWrongCertificate,
    node.certificate?.certificate,
    node.certificate?.authority,
  ]);

export function serveEngines(sandbox: Sandbox): ServedEngines {
  let timer: NodeJS.Timeout | undefined;
  let seen = -1;
  let isClosed = false;
  const listeners = openListeners(sandbox, sync);
  const setups = openSetups(sandbox, async () => {
    // Those that had to wait for their turn have it now.
    seen = -1;
    sync();
    await listeners.follow();
  });

  function sync(): void {
    if (isClosed) return;
    if (sandbox.engines.changes() !== seen) {
      seen = sandbox.engines.changes();
      setups.start();
      void listeners.follow();
    }
    arm();
  }

  /** Wakes at the next moment at which something happens by itself. */
  function arm(): void {
    clearTimeout(timer);
    const next = sandbox.nextMoment();
    if (next === undefined) return;
    const waitMs = Math.min(Math.max(next - Date.now(), MIN_WAIT_MS), MAX_WAIT_MS);
    timer = setTimeout(() => {
      sandbox.advance();
      sync();
    }, waitMs);
    timer.unref();
  }

  sync();
  return {
    sync,
    async close() {
      isClosed = true;
      clearTimeout(timer);
      setups.close();
      await listeners.close();
    },
  };
}

interface Setups {
  /** Begins with those nodes that wait for a certificate, as many as may at a time, and with those that are to follow. */
  start: () => void;
  close: () => void;
}

function openSetups(sandbox: Sandbox, ended: () => Promise<void>): Setups {
  const running = new Set<string>();
  /** What each node comes or came to last by each name, told or given up. */
  const followed = new Map<string, string>();
  const stopped = new AbortController();
  const outside: Outside = {
    send: async (request) =>
      await fetch(request, { signal: AbortSignal.any([stopped.signal, AbortSignal.timeout(limits.setupRequestMs)]) }),
    sleep: async (ms) => await sleep(ms, undefined, { ref: false }),
  };

  async function setUp(node: EngineNode): Promise<void> {
    running.add(node.id);
    const outcome = sandbox.engines.isCertificateRefused(node)
      ? ({ kind: "failed", reason: "the sandbox was told to leave the node without a certificate" } as const)
      : await fetchCertificate(outside, node);
    running.delete(node.id);
    if (stopped.signal.aborted) return;
    sandbox.engines.endSetup(node.id, outcome);
    await ended();
  }

  async function comeTo(follower: Follower): Promise<void> {
    followed.set(placeOf(follower), follower.mark);
    await outside.sleep(sandbox.knobs.settings.followMs);
    await follow(outside, follower, async (certificate) => {
      if (stopped.signal.aborted) return;
      sandbox.engines.endFollowing(follower, certificate);
      await ended();
    });
  }

  return {
    start() {
      for (const node of sandbox.engines.pendingSetups()) {
        if (!running.has(node.id) && running.size < limits.setupsAtOnce) void setUp(node);
      }
      for (const follower of sandbox.engines.pendingFollowers()) {
        if (followed.get(placeOf(follower)) !== follower.mark) void comeTo(follower);
      }
    },
    close: () => stopped.abort(),
  };
}

const placeOf = ({ node, name }: Follower): string => `${node.id}/${name}`;

interface Listeners {
  /** Opens and closes what is not as it should be. */
  follow: () => Promise<void>;
  close: () => Promise<void>;
}

function openListeners(sandbox: Sandbox, answered: () => void): Listeners {
  const open = new Map<string, Open>();
  let isClosed = false;

  async function answer(at: Listener, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    try {
      const body = await readBody(incoming, limits.requestBytes);
      if (!body) return void outgoing.writeHead(413, { Connection: "close" }).end();
      const scheme = at.engine.isTls ? "https" : "http";
      const request = toRequest(`${scheme}://${at.address}:${at.port}`, incoming, body);
      const reply = await sandbox.engines.handle(at.address, at.port, request, peerOf(incoming.socket));
      answered();
      if (reply.kind === "refused") return void incoming.socket.destroy();
      await pumpBody(reply.response, outgoing);
    } catch (error) {
      // A bug of the sandbox's: whoever runs it is told.
      console.error(error);
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(500).end(String(error));
    }
  }

  async function openOne(place: string, listener: Listener): Promise<void> {
    const server = await serverFor(listener, (incoming, outgoing) => void answer(listener, incoming, outgoing));
    if (isClosed || open.has(place)) return;
    open.set(place, { server, key: keyOf(listener) });
    server.on("error", (error) => {
      // Another program has the address: the engine is not reached, and whoever runs the sandbox is told why.
      console.error(`the engine of ${listener.engine.stackName} cannot listen on ${place}: ${error.message}`);
      open.delete(place);
    });
    server.listen(listener.port, listener.address);
  }

  return {
    async follow() {
      const wanted = new Map(sandbox.engines.listeners().map((one) => [`${one.address}:${one.port}`, one]));
      for (const [place, { server, key }] of open) {
        const listener = wanted.get(place);
        if (listener && key === keyOf(listener)) continue;
        open.delete(place);
        server.close();
        server.closeAllConnections();
      }
      for (const [place, listener] of wanted) {
        if (!open.has(place) && open.size < limits.engineListeners) await openOne(place, listener);
      }
    },
    async close() {
      isClosed = true;
      for (const { server } of open.values()) server.closeAllConnections();
      await Promise.all([...open.values()].map(({ server }) => new Promise((done) => server.close(done))));
      open.clear();
    },
  };
}

async function serverFor(
  { address, engine, node, hasWrongCertificate }: Listener,
  handler: http.RequestListener,
): Promise<http.Server | https.Server> {
  if (!engine.isTls) return http.createServer(handler);
  const { authority = "", certificate = "", privateKey = "" } = node.certificate ?? {};
  const own = hasWrongCertificate ? await signOwn([address]) : { certificate, privateKey };
  return https.createServer(
    {
      ca: [authority],
      cert: own.certificate,
      key: own.privateKey,
      requestCert: true,
      // Kubernetes tells strangers apart above TLS; Docker refuses them in the handshake (engine sheet 7).
      rejectUnauthorized: engine.kind !== "kubernetes",
    },
    handler,
  );
}

const MIN_WAIT_MS = 5;
const MAX_WAIT_MS = 60_000;

function peerOf(socket: Socket | TLSSocket): Peer {
  if (!("encrypted" in socket)) return { kind: "anonymous" };
  const { subject } = socket.getPeerCertificate();
  if (!subject) return { kind: "anonymous" };
  if (!socket.authorized) return { kind: "foreign" };
  const listOf = (value: string | string[] | undefined): string[] => (value === undefined ? [] : [value].flat());
  return { kind: "known", commonName: listOf(subject.CN)[0] ?? "", organizations: listOf(subject.O) };
}
