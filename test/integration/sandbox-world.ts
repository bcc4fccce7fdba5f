/**
 * The whole product but its HTTP server, in one process on a simulated clock: the real conductor and OpenStack clients,
 * the bay types with their templates, the table in memory, and the sandbox as the cloud. The harness of test/faults kills
 * and pauses it; here the parts are shown to fit.
 */
import { seedBayTypes } from "@jeroboam/coe/seed-bay-types";
import { createBayTypes } from "@jeroboam/coe/bay-types";
import type { EngineHttp } from "@jeroboam/coe/engines/engine-http";
import { fileTemplates } from "@jeroboam/coe/file-templates";
import { callerOf } from "@jeroboam/core/identity/caller";
import { createDelegations } from "@jeroboam/core/identity/delegation";
import { limits } from "@jeroboam/core/limits";
import type { Engine } from "@jeroboam/core/operation/conduct";
import { conduct } from "@jeroboam/core/operation/conduct";
import type { HttpFetch } from "@jeroboam/core/openstack/http";
import { createKeystone } from "@jeroboam/core/openstack/keystone";
import { createSessions } from "@jeroboam/core/openstack/session";
import { Transient, textOf } from "@jeroboam/core/errors";
import { createMemoryMasterKey } from "@jeroboam/core/secret/memory-master-key";
import { createMemoryTable } from "@jeroboam/core/table/memory-table";
import { DEFAULT_NODE_USERS, createConductorPorts } from "@jeroboam/conductor/compose";
import type { ConductorPorts } from "@jeroboam/conductor/ports";
import { RECORD_TYPES } from "@jeroboam/conductor/record-types";
import type { Sandbox } from "@jeroboam/sandbox/sandbox";
import { createSandbox } from "@jeroboam/sandbox/sandbox";
import type { Gate } from "../faults/gate.ts";
import { createSimulatedClock } from "../simulated/clock.ts";
import { createSimulatedQueue } from "../simulated/queue.ts";
import { createSeededRandom } from "../simulated/random.ts";

const DOMAIN = { id: "default" };
const PUBLIC_URL = "http://cloud.test";

/** Sealing without keys: what is sealed is checked elsewhere; here it must come back, for its context alone. */
const openSealer = {
  seal: (plaintext: string, context: string) => Promise.resolve(JSON.stringify({ context, plaintext })),
  open: (sealed: string, context: string) => {
    const kept: { context: string; plaintext: string } = JSON.parse(sealed);
    if (kept.context !== context) throw new Error(`sealed for ${kept.context}, opened for ${context}`);
    return Promise.resolve(kept.plaintext);
  },
};

/** Bays here are machines of the sandbox that run nothing. */
export const noEngines: EngineHttp = () =>
  Promise.resolve({ kind: "unreachable", cause: "down", reason: "nobody answers" });

export type SandboxWorld = Awaited<ReturnType<typeof createSandboxWorld>>;

export async function createSandboxWorld(gate: Pick<Gate, "pass" | "moment">, seed = 5) {
  const clock = createSimulatedClock();
  const random = createSeededRandom(seed);
  const sandbox = createSandbox({
    clock: { now: () => clock.nowMs() },
    random: () => random.fraction(),
    options: { publicUrl: PUBLIC_URL },
  });
  const http = fetchFrom(sandbox, gate);
  const keystone = createKeystone({ http, clock }, `${PUBLIC_URL}/v3`);
  const account = {
    credentials: { kind: "password" as const, user: { name: "jeroboam", domain: DOMAIN }, password: "secret" },
    project: { name: "service", domain: DOMAIN },
  };
  const sessions = createSessions({ http, clock, keystone }, account, { interface: "public" });
  const log = { write: () => {} };
  const table = createMemoryTable({
    clock,
    intercept: ({ operation }, moment) => gate.moment(`table.${operation}`, moment),
  });
  const queue = createSimulatedQueue(clock, random);
  const delegations = createDelegations(
    { sessions, sealer: openSealer, clock, random, log },
    { mode: "trust", serviceRole: "admin" },
  );
  const bayTypes = createBayTypes(seedBayTypes(fileTemplates()));
  const ports: ConductorPorts = {
    ...createConductorPorts({
      clock,
      random,
      log,
      table,
      queue: { send: (keys, delayMs) => gate.pass("queue.send", () => queue.send(keys, delayMs)) },
      sealer: openSealer,
      masterKey: createMemoryMasterKey(),
      sessions,
      delegations,
      bayTypes,
      engineHttp: noEngines,
      settings: {
        bays: {
          apiUrl: "http://api.test/v1",
          authUrl: `${PUBLIC_URL}/v3`,
          regionName: "RegionOne",
          openstackCa: null,
          plainHttpAllowed: true,
        },
        reconciliation: { removes: "stacks" },
        healthCheckMs: 0,
        nodeUsers: DEFAULT_NODE_USERS,
      },
    }),
    // Keys made by the machine's own chance would make each run another.
    certificates: {
      make: (commonName) => {
        const pair = { certificate: `certificate of ${commonName}`, privateKey: `key of ${commonName}` };
        return Promise.resolve({ authority: pair, client: pair });
      },
      renewClient: (authority) => Promise.resolve(authority),
    },
  };
  const caller = await logIn(keystone, "demo");
  return { clock, random, sandbox, table, queue, sessions, delegations, bayTypes, ports, caller, types: RECORD_TYPES };
}

async function logIn(keystone: ReturnType<typeof createKeystone>, name: string) {
  const project = { kind: "project" as const, project: { name, domain: DOMAIN } };
  const issued = await keystone.issueToken(
    { kind: "password", user: { name, domain: DOMAIN }, password: "secret" },
    project,
  );
  if (issued.kind === "refused") throw new Error(issued.reason);
  return callerOf(issued.token, issued.facts);
}

/** The HTTP port over the sandbox, without sockets. */
function fetchFrom(sandbox: Sandbox, gate: Pick<Gate, "pass">): HttpFetch {
  return ({ method, url, headers = {}, json, text }) =>
    gate.pass(`${method} ${new URL(url).pathname}`, async () => {
      const body = json === undefined ? text : JSON.stringify(json);
      const typed = json === undefined ? headers : { ...headers, "content-type": "application/json" };
      let response: Response;
      try {
        response = await sandbox.fetch(
          new Request(url, { method, headers: typed, ...(body === undefined ? {} : { body }) }),
        );
      } catch (thrown) {
        // A cut connection.
        throw new Transient(textOf(thrown));
      }
      return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
    });
}

/** Conducts whatever is hinted at until no record is due any more, moving the clock on. */
export async function runToRest(world: SandboxWorld, withinMs = 4 * 3_600_000): Promise<void> {
  const engine: Engine<ConductorPorts> = { ports: world.ports, name: "conductor", types: world.types };
  const untilMs = world.clock.nowMs() + withinMs;
  for (;;) {
    for (const key of world.queue.take()) {
      await conduct(engine, key, {
        endsAtMs: world.clock.nowMs() + limits.engine.budgetMs,
        signal: new AbortController().signal,
      });
    }
    const next = world.queue.nextDueAtMs();
    if (next === undefined) return;
    if (next > untilMs) throw new Error("does not come to rest");
    world.clock.advanceTo(next);
  }
}
