/**
 * The whole product but its sockets, put together as the local process does it: the API over the sandbox's Keystone, both
 * conductors, the key file. Everything it says or keeps in the clear is written down, and so is every secret that it
 * comes by: those that Keystone gives out, that people send, and that it makes itself.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp } from "@jeroboam/api/app";
import { createApiPorts } from "@jeroboam/api/compose";
import { createBayTypes } from "@jeroboam/coe/bay-types";
import { createMemoryEngines } from "@jeroboam/coe/engines/memory-engines";
import { fileTemplates } from "@jeroboam/coe/file-templates";
import { seedBayTypes } from "@jeroboam/coe/seed-bay-types";
import { createConductorPorts, DEFAULT_NODE_USERS } from "@jeroboam/conductor/compose";
import { createDeliveryPorts } from "@jeroboam/conductor/compose-deliveries";
import { DELIVERY_TYPES } from "@jeroboam/conductor/delivery-types";
import type { ConductorPorts } from "@jeroboam/conductor/ports";
import { RECORD_TYPES } from "@jeroboam/conductor/record-types";
import { createDelegations } from "@jeroboam/core/identity/delegation";
import { buildPolicy } from "@jeroboam/core/identity/policy";
import { limits } from "@jeroboam/core/limits";
import { conduct } from "@jeroboam/core/operation/conduct";
import type { HttpFetch } from "@jeroboam/core/openstack/http";
import { createKeystone } from "@jeroboam/core/openstack/keystone";
import { createSessions } from "@jeroboam/core/openstack/session";
import type { Log } from "@jeroboam/core/ports";
import { systemRandom } from "@jeroboam/core/random/system-random";
import { openFileMasterKey } from "@jeroboam/core/secret/file-master-key";
import { createSecrets } from "@jeroboam/core/secret/secrets";
import { createMemoryTable } from "@jeroboam/core/table/memory-table";
import { createWebhookClient, DEFAULT_WEBHOOK_SETTINGS } from "@jeroboam/core/webhook/webhook-settings";
import { createSandbox } from "@jeroboam/sandbox/sandbox";
import { noEngines } from "../integration/sandbox-world.ts";
import { createSimulatedClock } from "../simulated/clock.ts";
import { createSimulatedQueue } from "../simulated/queue.ts";
import type { Sightings } from "./sightings.ts";
import { createSightings, watchExchanges } from "./sightings.ts";

const DOMAIN = { id: "default" };
const CLOUD = "http://cloud.test";
const PASSWORD = "CANARY-password-5f0c";
const WITHIN_MS = 4 * 3_600_000;

export type WatchedProduct = Awaited<ReturnType<typeof createWatchedProduct>>;

export async function createWatchedProduct() {
  const sightings = createSightings();
  const clock = createSimulatedClock();
  const random = systemRandom;
  const folder = await mkdtemp(join(tmpdir(), "jeroboam-canary-"));
  const keyFile = join(folder, "secrets.key");
  const masterKey = await openFileMasterKey(keyFile);
  for (const [key] of (await readFile(keyFile, "utf8")).matchAll(/[\w+/=-]{32,}/g))
    sightings.plant("key of all secrets", key);
  sightings.plant("password", PASSWORD);
  const sandbox = createSandbox({
    clock: { now: () => clock.nowMs() },
    random: () => random.fraction(),
    options: { publicUrl: CLOUD, password: PASSWORD },
  });
  const watch = watchExchanges(sightings);
  const http: HttpFetch = async ({ method, url, headers = {}, json, text }) => {
    const body = json === undefined ? text : JSON.stringify(json);
    const typed = json === undefined ? headers : { ...headers, "content-type": "application/json" };
    const response = await sandbox.fetch(new Request(url, { method, headers: typed, ...(body && { body }) }));
    const reply = {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    };
    watch({ method, url, json }, reply);
    return reply;
  };
  const log: Log = {
    write: (level, event, facts = {}) => sightings.saw("log", event, JSON.stringify({ level, event, ...facts })),
  };
  const table = createMemoryTable({
    clock,
    intercept: (call, moment) => {
      if (moment === "after" && call.operation === "put")
        sightings.saw("table", call.item.pk, JSON.stringify(call.item));
    },
  });
  const waiting = createSimulatedQueue(clock, random);
  const queue = {
    send(keys: Parameters<typeof waiting.send>[0], delayMs?: number) {
      sightings.saw("queue", "message", JSON.stringify(keys));
      return waiting.send(keys, delayMs);
    },
  };
  const keystone = createKeystone({ http, clock }, `${CLOUD}/v3`);
  const account = {
    credentials: { kind: "password" as const, user: { name: "jeroboam", domain: DOMAIN }, password: PASSWORD },
    project: { name: "service", domain: DOMAIN },
  };
  const sessions = createSessions({ http, clock, keystone }, account, { interface: "public" });
  const secrets = createSecrets({ table, masterKey, clock });
  const delegations = createDelegations(
    { sessions, sealer: secrets.sealer, clock, random, log },
    { mode: "trust", serviceRole: "admin" },
  );
  const engines = createMemoryEngines();
  const common = { clock, random, log, table, queue, ...secrets, sessions, delegations, engineHttp: noEngines };
  const bayTypes = createBayTypes(seedBayTypes(fileTemplates()));
  const composed = createConductorPorts({ ...common, bayTypes, settings: conductorSettings });
  const ports: ConductorPorts = {
    ...composed,
    openEngine: engines.open,
    certificates: {
      ...composed.certificates,
      async make(commonName) {
        const made = await composed.certificates.make(commonName);
        for (const { privateKey } of [made.authority, made.client]) sightings.plant("private key", lineOf(privateKey));
        return made;
      },
    },
  };
  const transport = watchedTransport(sightings);
  const deliveryPorts = createDeliveryPorts({ ...common, webTransport: transport, settings: DEFAULT_WEBHOOK_SETTINGS });
  const built = buildPolicy();
  if (built.kind === "invalid") throw new Error(built.problems.join("; "));
  const app = createApp({
    ...createApiPorts({
      ...common,
      bayTypes: () => Promise.resolve(bayTypes),
      web: () => Promise.resolve({ kind: "failed", reason: "there is no web here" }),
      policy: built.policy,
      checkReceiver: createWebhookClient(transport, DEFAULT_WEBHOOK_SETTINGS).check,
      rate: { kind: "off", perSecond: 1, burst: 1 },
      settings: { keystoneUrl: `${CLOUD}/v3`, links: { kind: "request", trustForwarded: false } },
    }),
    openEngine: engines.open,
  });

  async function logIn(name: string): Promise<string> {
    const project = { kind: "project" as const, project: { name, domain: DOMAIN } };
    const issued = await keystone.issueToken(
      { kind: "password", user: { name, domain: DOMAIN }, password: PASSWORD },
      project,
    );
    if (issued.kind === "refused") throw new Error(issued.reason);
    return issued.token;
  }

  /** Does all the work there is, moving the clock on. */
  async function conductToRest(): Promise<void> {
    const untilMs = clock.nowMs() + WITHIN_MS;
    for (;;) {
      for (const key of waiting.take()) {
        const budget = { endsAtMs: clock.nowMs() + limits.engine.budgetMs, signal: new AbortController().signal };
        if (key.pk.startsWith("delivery#"))
          await conduct({ ports: deliveryPorts, name: "deliveries", types: DELIVERY_TYPES }, key, budget);
        else await conduct({ ports, name: "conductor", types: RECORD_TYPES }, key, budget);
      }
      const next = waiting.nextDueAtMs();
      // What is due later than that is looks by schedule.
      if (next === undefined || next > untilMs) return;
      clock.advanceTo(next);
      if (!(await hasWork())) return;
    }
  }

  const hasWork = (): Promise<boolean> =>
    Promise.resolve(
      table.items().some(({ pk, indexes }) => indexes.due !== undefined && !/^(?:engine-watch|health)/.test(pk)),
    );

  return { app, clock, sightings, sandbox, table, logIn, conductToRest, close: () => rm(folder, { recursive: true }) };
}

const conductorSettings = {
  bays: {
    apiUrl: "http://api.test/v1",
    authUrl: `${CLOUD}/v3`,
    regionName: "RegionOne",
    openstackCa: null,
    plainHttpAllowed: true,
  },
  reconciliation: { removes: "stacks" },
  nodeUsers: DEFAULT_NODE_USERS,
  healthCheckMs: 0,
} as const;

/** Receivers on the public internet, who take everything. */
function watchedTransport(sightings: Sightings) {
  return {
    deadline: () => new AbortController().signal,
    resolve: () => Promise.resolve(["93.184.216.34"]),
    exchange({ headers, body }: { headers: Readonly<Record<string, string>>; body: string | undefined }) {
      sightings.saw("webhook", "delivery", JSON.stringify({ headers, body }));
      return Promise.resolve({ status: 204, headers: {}, body: "" });
    },
  };
}

/** A line out of the middle of a PEM text, which no other has. */
function lineOf(pem: string): string {
  const [, , line = ""] = pem.split("\n");
  return line;
}
