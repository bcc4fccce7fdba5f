/** Callbacks of operations: who knows a bay's key has its operation looked at, once an address, and learns nothing else. */
import { randomUUID } from "node:crypto";
import { createApp } from "@jeroboam/api/app";
import type { Bay } from "@jeroboam/core/bay/bay";
import { bayKey, bayShape, secretContext } from "@jeroboam/core/bay/bay";
import { callbackSecret, callbackToken } from "@jeroboam/core/callback/callback";
import { limits } from "@jeroboam/core/limits";
import { changeRecord } from "@jeroboam/core/operation/record-store";
import { beforeEach, expect, test } from "vitest";
import type { Harness } from "./api-harness.ts";
import { CLUSTER_TEMPLATE, createHarness, textIn, UNKNOWN_UUID } from "./api-harness.ts";

let harness: Harness;
let uuid = "";
let token = "";
/** An address that nobody has used, as each node makes one. */
let fresh: () => string;

beforeEach(async () => {
  harness = createHarness();
  await harness.call("POST", "/v1/clustertemplates", { body: CLUSTER_TEMPLATE });
  const made = await harness.call("POST", "/v1/clusters", { body: { name: "blue", cluster_template_id: "prod" } });
  uuid = textIn(made.body, "uuid");
  const context = secretContext({ uuid }, "node-password");
  const passwordSealed = await harness.ports.sealer.seal("password-of-nodes", context, "a");
  await harness.specify(uuid, { nodeCredential: { user: { id: "u", domainId: "d" }, userName: "n", passwordSealed } });
  await waitFor(600_000);
  const operation = (await harness.record(uuid))?.operation;
  if (!operation) throw new Error("the bay has no operation");
  const secret = callbackSecret("password-of-nodes", uuid, operation);
  fresh = () => callbackToken(secret, randomUUID());
  token = fresh();
});

/** The operation waits so long, as a conductor that polls leaves it. */
async function waitFor(ms: number, change: Partial<Awaited<ReturnType<Harness["record"]>>> = {}): Promise<void> {
  await changeRecord<Bay, never>(harness.ports, bayShape, bayKey("a", uuid), (current) => ({
    kind: "write",
    record: { ...current, ...change, dueAtMs: harness.ports.clock.nowMs() + ms },
  }));
  harness.ports.hints.length = 0;
}

async function call(end: string): Promise<{ status: number; text: string }> {
  const reply = await createApp(harness.ports).request(`/v1/callbacks/${end}`, { method: "POST", body: "{}" });
  return { status: reply.status, text: await reply.text() };
}

test("makes the operation due at once and hints at it, without a token of Keystone's", async () => {
  expect(await call(token)).toEqual({ status: 204, text: "" });
  expect((await harness.record(uuid))?.dueAtMs).toBe(harness.ports.clock.nowMs());
  expect(harness.ports.hints).toEqual([bayKey("a", uuid)]);
});

test("each node has an address of its own; uses at once count as one, and there is an end to them", async () => {
  for (let use = 0; use < 5; use += 1) expect((await call(fresh())).status).toBe(204);
  expect((await harness.record(uuid))?.nudge).toMatchObject({ uses: 1 });
  for (let use = 0; use < limits.callback.uses + 5; use += 1) {
    harness.ports.clock.advance(limits.callback.spacingMs);
    expect((await call(fresh())).status).toBe(204);
  }
  expect((await harness.record(uuid))?.nudge).toMatchObject({ uses: limits.callback.uses });
});

test("an address is taken once: who has seen one can do nothing with it, nor make another of it", async () => {
  expect((await call(token)).status).toBe(204);
  harness.ports.clock.advance(limits.callback.spacingMs);
  const before = JSON.stringify(harness.ports.table.items());
  expect((await call(token)).status).toBe(404);
  expect((await call(token.replace(/[^.]+(?=\.[^.]+$)/, randomUUID()))).status).toBe(404);
  expect(JSON.stringify(harness.ports.table.items())).toBe(before);
  expect((await call(fresh())).status).toBe(204);
});

test("leaves a record that a conductor holds to that conductor, who looks again", async () => {
  const untilMs = harness.ports.clock.nowMs() + 60_000;
  await waitFor(60_000, { lease: { holder: "conductor", untilMs } });
  expect((await call(token)).status).toBe(204);
  const record = await harness.record(uuid);
  expect(record).toMatchObject({ dueAtMs: untilMs, nudge: { uses: 1 }, lease: { holder: "conductor" } });
});

test("whatever is wrong with it is told by the same words, and nothing is written", async () => {
  const [bay = "", operation = "", ends = "", word = "", signature = ""] = token.split(".");
  const wrong = [
    "x",
    UNKNOWN_UUID,
    `${token}x`,
    [bay, operation, ends, word, ""].join("."),
    [bay, operation, ends, word, signature.replace(/.$/, (last) => (last === "a" ? "b" : "a"))].join("."),
    [UNKNOWN_UUID, operation, ends, word, signature].join("."),
    [bay, UNKNOWN_UUID, ends, word, signature].join("."),
    [bay, operation, String(Number(ends) + 1), word, signature].join("."),
    "a".repeat(4_000),
  ];
  const before = JSON.stringify(harness.ports.table.items());
  const texts = new Set<string>();
  for (const one of wrong) {
    const { status, text } = await call(one);
    expect([one, status]).toEqual([one, 404]);
    texts.add(text.replaceAll(/req-[0-9a-f-]+/g, "req"));
  }
  expect(texts.size).toBe(1);
  expect(JSON.stringify(harness.ports.table.items())).toBe(before);
});

test("ends with its operation, and with its deadline", async () => {
  harness.ports.clock.advance(7 * 24 * 3_600_000);
  expect((await call(token)).status).toBe(404);
});

test("is good for no operation but its own", async () => {
  await harness.call("DELETE", `/v1/clusters/${uuid}`);
  expect((await call(token)).status).toBe(404);
});

test("stands in no log line", async () => {
  await call(token);
  expect(JSON.stringify(harness.ports.log.lines)).not.toContain(token.split(".")[4]);
});
