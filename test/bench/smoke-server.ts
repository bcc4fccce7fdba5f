/**
 * The server that smoke.ts measures, in a process of its own so that its CPU time is its alone. On one node:http server:
 * `/bare`, a reply that Hono makes and nothing else, and the API over the embedded table. Keystone is left out: the
 * token's check is answered at once and then kept as in production, and a delegation costs nothing. The queue forgets.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp } from "@jeroboam/api/app";
import { createFakeLookups } from "@jeroboam/api/testing/fake-lookups";
import { createBayTypes } from "@jeroboam/coe/bay-types";
import { fileTemplates } from "@jeroboam/coe/file-templates";
import { seedBayTypes } from "@jeroboam/coe/seed-bay-types";
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { buildPolicy } from "@jeroboam/core/identity/policy";
import { createTokenCheck } from "@jeroboam/core/identity/token-check";
import type { CloudSession } from "@jeroboam/core/openstack/session";
import { systemRandom } from "@jeroboam/core/random/system-random";
import { openSqliteTable } from "@jeroboam/core/table/sqlite-table";
import { listen } from "@jeroboam/local/http-server";
import { Hono } from "hono";

const folder = mkdtempSync(join(tmpdir(), "jeroboam-bench-"));
const clock = systemClock;
const log = { write: () => undefined };
const table = openSqliteTable({ path: join(folder, "table.sqlite"), clock });
const policy = buildPolicy();
if (policy.kind === "invalid") throw new Error(policy.problems.join("; "));

/** Keystone's answer to a token's check: an administrator, of a project of the token's name. */
const tokenOf = (name: string) => ({
  token: {
    methods: ["password"],
    expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    issued_at: new Date().toISOString(),
    user: { id: "u1", name: "demo", domain: { id: "default", name: "Default" } },
    project: { id: name, name, domain: { id: "default", name: "Default" } },
    roles: [
      { id: "r0", name: "admin" },
      { id: "r1", name: "member" },
      { id: "r2", name: "reader" },
    ],
    catalog: [],
  },
});
const session = {
  request: (_service: string, { headers }: { headers: Record<string, string> }) =>
    Promise.resolve({
      kind: "reply",
      status: 200,
      headers: {},
      body: JSON.stringify(tokenOf(headers["x-subject-token"] ?? "")),
    }),
} as unknown as CloudSession;

const bayTypes = createBayTypes(seedBayTypes(fileTemplates()));

const api = createApp({
  clock,
  log,
  table,
  random: systemRandom,
  queue: { send: () => Promise.resolve() },
  policy: policy.policy,
  bayTypes: () => Promise.resolve(bayTypes),
  checkToken: createTokenCheck({ clock, log, session }),
  lookups: () => createFakeLookups(() => undefined),
  sealer: { seal: (text) => Promise.resolve(text), open: (text) => Promise.resolve(text) },
  webhookSealer: { seal: (text) => Promise.resolve(text), open: (text) => Promise.resolve(text) },
  openEngine: () => Promise.resolve({ kind: "closed", reason: "there are no engines here" }),
  lookAt: () => Promise.resolve(new Map()),
  web: () => Promise.resolve({ kind: "failed", reason: "there is no web here" }),
  signRequest: () => Promise.resolve({ kind: "refused", reason: "nothing is signed here" }),
  delegate: () => Promise.resolve({ kind: "obtained", delegation: { kind: "service", projectId: "p1" } }),
  checkReceiver: () => Promise.resolve({ kind: "allowed" }),
  settings: {
    keystoneUrl: "http://keystone.test/v3",
    links: { kind: "request", trustForwarded: false },
    bayQuota: 5_000,
  },
});
const bare = new Hono().get("/bare", (context) => context.json({ uuid: "bare", status: "CREATE_COMPLETE" }));

const server = await listen({ what: "the bench", host: "127.0.0.1", port: 0, option: "" });
server.serve((request) => (request.url.endsWith("/bare") ? bare.fetch(request) : api.fetch(request)));

process.on("message", (message) => {
  if (message === "cpu") process.send?.(process.cpuUsage());
  else void stop();
});
process.send?.({ url: server.url });

async function stop(): Promise<void> {
  await server.stop();
  await table.close();
  rmSync(folder, { recursive: true });
  process.disconnect();
}
