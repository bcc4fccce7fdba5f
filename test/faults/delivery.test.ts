/**
 * Deliveries of webhooks through the harness that every operation passes: whatever dies when, what a receiver takes was
 * signed, came under one id, and came at least once; and a receiver that does not answer keeps nobody else waiting.
 */
import { describe, expect, test } from "vitest";
import { limits } from "@jeroboam/core/limits";
import type { Engine } from "@jeroboam/core/operation/conduct";
import { conduct } from "@jeroboam/core/operation/conduct";
import { findRecord } from "@jeroboam/core/operation/record-store";
import { sweep } from "@jeroboam/core/operation/sweep";
import { createMemoryTable } from "@jeroboam/core/table/memory-table";
import type { Delivery } from "@jeroboam/core/webhook/delivery";
import { deliveryId, deliveryKey, deliveryShape, ensureDelivery, redeliver } from "@jeroboam/core/webhook/delivery";
import type { SendOutcome, WebhookMessage } from "@jeroboam/core/webhook/send-webhook";
import type { Webhook } from "@jeroboam/core/webhook/webhook";
import { changeWebhook, createWebhook, rotateSecret, webhookShape } from "@jeroboam/core/webhook/webhook";
import type { AllPorts } from "@jeroboam/conductor/all-types";
import { ALL_TYPES } from "@jeroboam/conductor/all-types";
import { createSimulatedClock } from "../simulated/clock.ts";
import { createSimulatedQueue } from "../simulated/queue.ts";
import type { Delivery as MessageDelivery } from "../simulated/queue.ts";
import { createSeededRandom } from "../simulated/random.ts";
import { createBayWorld } from "./bay-world.ts";
import type { Gate } from "./gate.ts";
import { createGate } from "./gate.ts";
import type { Scenario, ScenarioRun } from "./harness.ts";
import { describeOperationFaults } from "./harness.ts";

/** What a receiver says to its nth message, and to all that follow the last. */
type Receiver = (message: WebhookMessage, nth: number) => SendOutcome;

const takes: Receiver = () => ({ kind: "taken", status: 204 });
const fails: Receiver = () => ({ kind: "refused", status: null, error: "connection refused" });
const failsAtFirst =
  (times: number): Receiver =>
  (message, nth) =>
    nth <= times ? fails(message, nth) : takes(message, nth);

function createWorld(gate: Gate, receivers: Readonly<Record<string, Receiver>>, delivery?: MessageDelivery) {
  const clock = createSimulatedClock();
  const random = createSeededRandom(5);
  const table = createMemoryTable({
    clock,
    intercept: ({ operation }, moment) => gate.moment(`table.${operation}`, moment),
  });
  const queue = createSimulatedQueue(clock, random, delivery);
  const received: (WebhookMessage & { readonly receivedAtMs: number })[] = [];
  const told: string[] = [];
  // The rest of a conductor's ports; nothing of a bay happens here.
  const { ports: bayPorts } = createBayWorld(gate, delivery, { stackMs: 0 });
  const ports: AllPorts = {
    ...bayPorts,
    webhookSealer: bayPorts.sealer,
    clock,
    random,
    table,
    queue: { send: (keys, delayMs) => gate.pass("queue.send", () => queue.send(keys, delayMs)) },
    publish: (_source, events) =>
      gate.pass("publish", () => {
        for (const { type, id } of events) if (!told.includes(`${type} ${id}`)) told.push(`${type} ${id}`);
        return Promise.resolve();
      }),
    sendWebhook: (message) =>
      gate.pass("send", () => {
        received.push({ ...message, receivedAtMs: clock.nowMs() });
        const nth = received.filter(({ url }) => url === message.url).length;
        return Promise.resolve((receivers[message.url] ?? fails)(message, nth));
      }),
  };
  return { clock, table, queue, ports, received, told };
}

type World = ReturnType<typeof createWorld>;

const GOOD = "https://good.example/";
const BAD = "https://bad.example/";

async function addWebhook({ ports }: World, url: string): Promise<Webhook> {
  const attributes = { name: null, description: null, url, events: ["*"], bayFilter: null } as const;
  const made = await createWebhook(
    ports,
    { projectId: "p1", userId: "u1" },
    { ...attributes, events: ["*"], format: "cloudevents", enabled: true },
  );
  if (made.kind !== "created") throw new Error(made.kind);
  return made.record.state;
}

function addDelivery({ ports }: World, webhook: Webhook, eventId: string): Promise<string> {
  return ensureDelivery(ports, { webhook, eventId, eventType: "bay.create.end", payload: `{"id":"${eventId}"}` });
}

async function deliveryOf({ table }: World, uuid: string): Promise<Delivery> {
  const record = await findRecord(table, deliveryShape, deliveryKey("p1", uuid));
  if (!record) throw new Error("the delivery is gone");
  return record.state;
}

async function webhookOf({ table }: World, { uuid }: Webhook): Promise<Webhook> {
  const record = await findRecord(table, webhookShape, { pk: `webhook#${uuid}`, sk: "p1#webhook" });
  if (!record) throw new Error("the webhook is gone");
  return record.state;
}

interface DeliveryRun extends ScenarioRun<AllPorts> {
  readonly world: World;
  readonly webhook: Webhook;
}

function scenario(
  name: string,
  receiver: Receiver,
  verify: (world: World, delivery: Delivery, webhook: Webhook) => void,
): Scenario<AllPorts, DeliveryRun> {
  return {
    name,
    async build(gate, messages) {
      const world = createWorld(gate, { [GOOD]: receiver }, messages);
      gate.disarm();
      const webhook = await addWebhook(world, GOOD);
      return {
        ...world,
        world,
        webhook,
        types: ALL_TYPES,
        isAtRest: () => world.table.items().every((item) => item.indexes.due === undefined),
        async start() {
          await addDelivery(world, webhook, "e1");
          gate.arm();
        },
        async verify() {
          const delivery = await deliveryOf(world, deliveryId("e1", webhook.uuid));
          expect(new Set(world.received.map(({ id }) => id)).size).toBe(1);
          expect(new Set(world.received.map(({ payload }) => payload))).toEqual(new Set(['{"id":"e1"}']));
          verify(world, delivery, await webhookOf(world, webhook));
        },
      };
    },
  };
}

describeOperationFaults(
  scenario("a delivery that is taken", takes, ({ received }, delivery) => {
    expect(received.length).toBeGreaterThanOrEqual(1);
    expect(delivery).toMatchObject({ status: "delivered", failure: null });
    expect(delivery.attempts.at(-1)).toMatchObject({ status: 204, error: null });
  }),
);

describeOperationFaults(
  scenario("a delivery that is taken at the third attempt", failsAtFirst(2), (_world, delivery) => {
    expect(delivery.status).toBe("delivered");
  }),
);

describeOperationFaults(
  scenario(
    "a delivery whose receiver wants no more",
    () => ({ kind: "gone", status: 410 }),
    ({ told }, delivery, webhook) => {
      expect(delivery.status).toBe("failed");
      expect(webhook).toMatchObject({ enabled: false, disabledReason: expect.stringContaining("410") as string });
      expect(told.map((text) => text.split(" ")[0])).toEqual(["webhook.disabled"]);
    },
  ),
);

/** Conducts what is due until the time is over, with the sweep each minute. */
async function runFor(world: World, forMs: number): Promise<void> {
  const engine: Engine<AllPorts> = { ports: world.ports, name: "conductor", types: ALL_TYPES };
  const untilMs = world.clock.nowMs() + forMs;
  for (;;) {
    for (const key of world.queue.take()) {
      const endsAtMs = world.clock.nowMs() + limits.engine.budgetMs;
      await conduct(engine, key, { endsAtMs, signal: new AbortController().signal });
    }
    const dueAtMs = world.table
      .items()
      .flatMap(({ indexes: { due } }) => (due ? [Number.parseInt(due.sk, 10) + limits.engine.sweepGraceMs] : []));
    const next = Math.min(world.queue.nextDueAtMs() ?? Infinity, ...dueAtMs);
    if (next > untilMs) {
      world.clock.advanceTo(untilMs);
      return;
    }
    world.clock.advanceTo(Math.max(next, world.clock.nowMs() + 1));
    await sweep(world.ports);
  }
}

const openWorld = (receivers: Readonly<Record<string, Receiver>>): World => createWorld(createGate(), receivers);
const DAY_MS = 24 * 3_600_000;
const TEST_LIMIT_MS = 60_000;

describe("over days", () => {
  test("a receiver that stays silent is tried ten times in three days, later and later", async () => {
    const world = openWorld({ [BAD]: fails });
    const uuid = await addDelivery(world, await addWebhook(world, BAD), "e1");
    await runFor(world, 5 * DAY_MS);
    const delivery = await deliveryOf(world, uuid);
    expect(delivery).toMatchObject({ status: "failed", tries: 10 });
    expect(delivery.failure).toContain("10 attempts failed; last: connection refused");
    const times = world.received.map(({ receivedAtMs }) => receivedAtMs);
    const waits = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    const { retriesMs } = limits.webhook;
    for (const [index, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(retriesMs[index] ?? 0);
      // Jitter, the hold of a failing receiver, and the sweep that finds what is due after the queue's longest delay.
      expect(wait).toBeLessThanOrEqual((retriesMs[index] ?? 0) * 1.1 + limits.webhook.holdMostMs * 2 + 120_000);
    }
  });

  test(
    "a dead receiver delays nobody else, takes one connection at a time, and gets all when it is back",
    async () => {
      let isBack = false;
      const world = openWorld({ [BAD]: (message, nth) => (isBack ? takes : fails)(message, nth), [GOOD]: takes });
      const [bad, good] = [await addWebhook(world, BAD), await addWebhook(world, GOOD)];
      const begunAtMs = world.clock.nowMs();
      const ids: string[] = [];
      for (let at = 0; at < 30; at += 1) ids.push(await addDelivery(world, bad, `bad-${at}`));
      for (let at = 0; at < 30; at += 1) await addDelivery(world, good, `good-${at}`);
      await runFor(world, 60_000);
      const delivered = world.received.filter(({ url }) => url === GOOD);
      expect(delivered).toHaveLength(30);
      for (const { receivedAtMs } of delivered) expect(receivedAtMs - begunAtMs).toBeLessThan(1_000);
      await runFor(world, DAY_MS);
      // 30 deliveries with five attempts each would be 150.
      expect(world.received.filter(({ url }) => url === BAD).length).toBeLessThan(80);
      isBack = true;
      await runFor(world, 2 * DAY_MS);
      const states = await Promise.all(ids.map((id) => deliveryOf(world, id)));
      expect(new Set(states.map(({ status }) => status))).toEqual(new Set(["delivered"]));
    },
    TEST_LIMIT_MS,
  );

  test(
    "after five days without one success the webhook is switched off, and its owner told",
    async () => {
      const world = openWorld({ [BAD]: fails });
      const webhook = await addWebhook(world, BAD);
      for (let day = 0; day < 6; day += 1) {
        await addDelivery(world, webhook, `e${day}`);
        await runFor(world, DAY_MS);
      }
      expect(await webhookOf(world, webhook)).toMatchObject({
        enabled: false,
        disabledReason: "its receiver has failed for 5 days; last: connection refused",
      });
      expect(world.told.filter((text) => text.startsWith("webhook.disabled"))).toHaveLength(1);
      const late = await addDelivery(world, webhook, "late");
      const before = world.received.length;
      await runFor(world, 60_000);
      expect(await deliveryOf(world, late)).toMatchObject({ status: "failed", failure: "the webhook is switched off" });
      expect(world.received.length).toBe(before);
    },
    TEST_LIMIT_MS,
  );

  test("a receiver's Retry-After is heeded", async () => {
    const world = openWorld({
      [GOOD]: (message, nth) =>
        nth === 1 ? { kind: "refused", status: 429, error: "busy", retryAfterMs: 600_000 } : takes(message, nth),
    });
    await addDelivery(world, await addWebhook(world, GOOD), "e1");
    await runFor(world, DAY_MS);
    const [first, second] = world.received.map(({ receivedAtMs }) => receivedAtMs);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(600_000);
    expect(world.received).toHaveLength(2);
    // What failed is forgotten with the first success.
    expect(world.table.items().filter(({ pk }) => pk.startsWith("webhook-health#"))).toEqual([]);
  });

  test("two secrets sign while the old one is valid, then the new one alone", async () => {
    const world = openWorld({ [GOOD]: takes });
    const webhook = await addWebhook(world, GOOD);
    const record = await findRecord(world.table, webhookShape, { pk: `webhook#${webhook.uuid}`, sk: "p1#webhook" });
    const rotated = record && (await rotateSecret(world.ports, record));
    await addDelivery(world, webhook, "during");
    await runFor(world, limits.webhook.overlapMs + 1_000);
    await addDelivery(world, webhook, "after");
    await runFor(world, 60_000);
    expect(world.received.map(({ secrets }) => secrets.length)).toEqual([2, 1]);
    for (const { secrets } of world.received) expect(secrets[0]).toBe(rotated?.secret);
  });

  test("what failed is delivered again on request, under the same id", async () => {
    let isBack = false;
    const world = openWorld({ [BAD]: (message, nth) => (isBack ? takes : fails)(message, nth) });
    const webhook = await addWebhook(world, BAD);
    const uuid = await addDelivery(world, webhook, "e1");
    await runFor(world, 4.5 * DAY_MS);
    expect((await deliveryOf(world, uuid)).status).toBe("failed");
    isBack = true;
    const [record, hook] = [
      await findRecord(world.table, deliveryShape, deliveryKey("p1", uuid)),
      await findRecord(world.table, webhookShape, { pk: `webhook#${webhook.uuid}`, sk: "p1#webhook" }),
    ];
    if (!record || !hook) throw new Error("gone");
    // What its owner changes makes the receiver be tried at once.
    await changeWebhook(world.ports, hook, { description: "mended" });
    await redeliver(world.ports, record);
    await runFor(world, 60_000);
    expect(await deliveryOf(world, uuid)).toMatchObject({ status: "delivered", failure: null, tries: 1 });
    expect(new Set(world.received.map(({ id }) => id))).toEqual(new Set([uuid]));
  });

  test("a webhook that was deleted is not called any more", async () => {
    const world = openWorld({ [GOOD]: takes });
    const webhook = await addWebhook(world, GOOD);
    const uuid = await addDelivery(world, webhook, "e1");
    await world.table.remove({ pk: `webhook#${webhook.uuid}`, sk: "p1#webhook" }, 1);
    await runFor(world, 60_000);
    expect(world.received).toEqual([]);
    expect(await deliveryOf(world, uuid)).toMatchObject({ status: "failed", failure: "the webhook was deleted" });
  });
});
