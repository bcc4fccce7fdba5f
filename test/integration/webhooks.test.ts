/**
 * Webhooks over real sockets, on a clock that is moved: a receiver that verifies every message by the published library
 * and fails in each way that receivers fail, until it is mended. Then it has everything, each under one id.
 */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createSocketServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { createDeliveryPorts } from "@jeroboam/conductor/compose-deliveries";
import { DELIVERY_TYPES } from "@jeroboam/conductor/delivery-types";
import type { DeliveryConductorPorts } from "@jeroboam/conductor/ports";
import { limits } from "@jeroboam/core/limits";
import type { Engine } from "@jeroboam/core/operation/conduct";
import { conduct } from "@jeroboam/core/operation/conduct";
import { findRecord } from "@jeroboam/core/operation/record-store";
import { sweep } from "@jeroboam/core/operation/sweep";
import { systemRandom } from "@jeroboam/core/random/system-random";
import { createMemoryTable } from "@jeroboam/core/table/memory-table";
import { createHttpsWebTransport } from "@jeroboam/core/web/https-web-transport";
import { deliveryKey, deliveryShape, ensureDelivery } from "@jeroboam/core/webhook/delivery";
import { changeWebhook, createWebhook, rotateSecret, webhookKey, webhookShape } from "@jeroboam/core/webhook/webhook";
import { Webhook as Verifier } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createSimulatedClock } from "../simulated/clock.ts";
import { createSimulatedQueue } from "../simulated/queue.ts";

/** Waits of the network are real: a hundredth of what they would be. */
const REAL_PART = 0.01;
/** The webhook itself too: its events are told by other conductors, here by the same. */
const TYPES = [...DELIVERY_TYPES, { ...webhookShape, operations: [] }];
const DAY_MS = 24 * 3_600_000;
const TEST_LIMIT_MS = 60_000;
const LOOPBACK = { allowedNetworks: ["127.0.0.0/8"], plainHttpAllowed: true };

type Trouble = (request: IncomingMessage, response: ServerResponse) => void;

/** How receivers fail, besides not being there. */
const TROUBLES: Readonly<Record<string, Trouble>> = {
  "is slow": () => {},
  "answers 500": (_request, response) => void response.writeHead(500).end("oh"),
  "redirects to where nobody checked": (_request, response) =>
    void response.writeHead(307, { location: "http://169.254.169.254/latest/meta-data" }).end(),
  "answers more than anybody reads": (_request, response) =>
    void response.end("x".repeat(2 * limits.webhook.responseBytes)),
  "never ends its answer": (_request, response) => void response.writeHead(200).write("more to come"),
  "cuts the connection": (request) => void request.socket.destroy(),
  "answers what is no HTTP": (request) => void request.socket.end("SSH-2.0-OpenSSH_9.6\r\n"),
  "asks for patience": (_request, response) => void response.writeHead(429, { "retry-after": "3600" }).end(),
};

/** Four times as long as a sender waits. */
const ABANDONED_MS = 60_000;

interface Taken {
  readonly id: string;
  readonly body: unknown;
}

/** A receiver that takes only what is signed by one of these secrets. */
function createReceiver(nowMs: () => number) {
  const taken: Taken[] = [];
  const forged: string[] = [];
  const state: { trouble?: Trouble | undefined; secrets: string[]; asked: number } = { secrets: [], asked: 0 };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("error", () => {});
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      state.asked += 1;
      const { trouble } = state;
      if (trouble) return trouble(request, response);
      // It lay in the socket while the simulated clock went on: whoever sent it has given up, and sends it again.
      const ageMs = nowMs() - Number(request.headers["webhook-timestamp"]) * 1_000;
      if (ageMs > ABANDONED_MS) return void response.destroy();
      const body = Buffer.concat(chunks).toString("utf8");
      // The library looks at the clock of the machine.
      vi.setSystemTime(nowMs());
      try {
        const read = new Verifier(state.secrets[0] ?? "").verify(body, request.headers as Record<string, string>);
        taken.push({ id: String(request.headers["webhook-id"]), body: read });
        response.writeHead(204).end();
      } catch (error) {
        forged.push(String(error));
        response.writeHead(401).end();
      }
    });
  });
  return { server, taken, forged, state };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return (server.address() as AddressInfo).port;
}

function createWorld() {
  const clock = createSimulatedClock();
  const table = createMemoryTable({ clock });
  const queue = createSimulatedQueue(clock, systemRandom);
  const transport = createHttpsWebTransport();
  const ports = createDeliveryPorts({
    clock,
    random: systemRandom,
    log: { write: () => {} },
    table,
    queue,
    webhookSealer: { seal: (text) => Promise.resolve(text), open: (text) => Promise.resolve(text) },
    webTransport: { ...transport, deadline: (ms) => transport.deadline(Math.ceil(ms * REAL_PART)) },
    settings: LOOPBACK,
  });
  return { clock, table, queue, ports };
}

type World = ReturnType<typeof createWorld>;

async function runFor({ clock, queue, table, ports }: World, forMs: number): Promise<void> {
  const engine: Engine<DeliveryConductorPorts> = { ports, name: "deliverer", types: TYPES };
  const untilMs = clock.nowMs() + forMs;
  for (;;) {
    for (const key of queue.take()) {
      const endsAtMs = clock.nowMs() + limits.engine.budgetMs;
      await conduct(engine, key, { endsAtMs, signal: new AbortController().signal });
    }
    const due = table.items().flatMap(({ indexes }) => (indexes.due ? [Number.parseInt(indexes.due.sk, 10)] : []));
    const next = Math.min(queue.nextDueAtMs() ?? Infinity, ...due.map((atMs) => atMs + limits.engine.sweepGraceMs));
    if (next > untilMs) return clock.advanceTo(untilMs);
    clock.advanceTo(Math.max(next, clock.nowMs() + 1));
    await sweep(ports);
  }
}

let world: World;
let receiver: ReturnType<typeof createReceiver>;
let url = "";

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  world = createWorld();
  receiver = createReceiver(() => world.clock.nowMs());
  url = `http://127.0.0.1:${await listen(receiver.server)}/hook`;
});

afterEach(async () => {
  vi.useRealTimers();
  receiver.server.closeAllConnections();
  await new Promise((resolve) => receiver.server.close(resolve));
});

async function addWebhook(address = url) {
  const made = await createWebhook(
    world.ports,
    { projectId: "p1", userId: "u1" },
    {
      name: null,
      description: null,
      url: address,
      events: ["*"],
      bayFilter: null,
      format: "cloudevents",
      enabled: true,
    },
  );
  if (made.kind !== "created") throw new Error(made.kind);
  receiver.state.secrets = [made.secret];
  return made.record.state;
}

type Made = Awaited<ReturnType<typeof addWebhook>>;

const addDelivery = (webhook: Made, eventId: string): Promise<string> =>
  ensureDelivery(world.ports, {
    webhook,
    eventId,
    eventType: "bay.create.end",
    payload: `{"id":"${eventId}","ü":"→"}`,
  });

async function deliveryOf(uuid: string) {
  return (await findRecord(world.table, deliveryShape, deliveryKey("p1", uuid)))?.state;
}

describe("a receiver that", () => {
  test.each(Object.entries(TROUBLES))(
    "%s gets everything once it is mended, verified, each under one id",
    async (_how, trouble) => {
      const webhook = await addWebhook();
      receiver.state.trouble = trouble;
      const ids = [await addDelivery(webhook, "e1"), await addDelivery(webhook, "e2")];
      await runFor(world, 3_600_000);
      expect(receiver.taken).toEqual([]);
      const [failed] = (await deliveryOf(ids[0] ?? ""))?.attempts ?? [];
      expect(failed?.error).toBeTruthy();
      receiver.state.trouble = undefined;
      await runFor(world, DAY_MS);
      expect(receiver.forged).toEqual([]);
      expect(receiver.taken.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      expect(receiver.taken.map(({ body }) => body)).toContainEqual({ id: "e2", ü: "→" });
      for (const id of ids) expect(await deliveryOf(id)).toMatchObject({ status: "delivered" });
    },
    TEST_LIMIT_MS,
  );

  test("is not there yet gets everything when it is", async () => {
    // A port that was free a moment ago.
    const placeholder = createSocketServer();
    const port = await listen(placeholder);
    await new Promise((resolve) => placeholder.close(resolve));
    const webhook = await addWebhook(`http://127.0.0.1:${port}/`);
    const id = await addDelivery(webhook, "e1");
    await runFor(world, 3_600_000);
    expect((await deliveryOf(id))?.attempts[0]).toMatchObject({ status: null });
    const record = await findRecord(world.table, webhookShape, webhookKey("p1", webhook.uuid));
    if (record) await changeWebhook(world.ports, record, { url });
    await runFor(world, DAY_MS);
    expect(receiver.taken.map((one) => one.id)).toEqual([id]);
  });

  test("answers 410 is not asked again, and its webhook is off", async () => {
    const webhook = await addWebhook();
    receiver.state.trouble = (_request, response) => void response.writeHead(410).end();
    const id = await addDelivery(webhook, "e1");
    await runFor(world, DAY_MS);
    expect(receiver.state.asked).toBe(1);
    expect(await deliveryOf(id)).toMatchObject({ status: "failed", attempts: [{ status: 410 }] });
    const record = await findRecord(world.table, webhookShape, webhookKey("p1", webhook.uuid));
    expect(record?.state).toMatchObject({ enabled: false, disabledReason: expect.stringContaining("410") as string });
  });

  test("knows the old secret alone still verifies while it is valid, and the new one alone always", async () => {
    const webhook = await addWebhook();
    const [old] = receiver.state.secrets;
    const record = await findRecord(world.table, webhookShape, webhookKey("p1", webhook.uuid));
    const rotated = record && (await rotateSecret(world.ports, record));
    await addDelivery(webhook, "with the old");
    await runFor(world, 60_000);
    receiver.state.secrets = [rotated?.secret ?? ""];
    await addDelivery(webhook, "with the new");
    await runFor(world, 60_000);
    expect(receiver.forged).toEqual([]);
    expect(receiver.taken).toHaveLength(2);
    await runFor(world, limits.webhook.overlapMs);
    receiver.state.secrets = [old ?? ""];
    await addDelivery(webhook, "too late for the old");
    await runFor(world, 1_000);
    expect(receiver.forged).toEqual([expect.stringContaining("No matching signature")]);
  });
});

test("an address that comes to lead inside is not asked, whatever it was when the webhook was made", async () => {
  const webhook = await addWebhook("http://10.0.0.1/hook");
  const id = await addDelivery(webhook, "e1");
  await runFor(world, 1_000);
  expect((await deliveryOf(id))?.attempts[0]?.error).toContain("not on the public internet");
});
