/**
 * The ports of one process: the product's own code over this world's services, each call of which is the scheduler's to
 * let happen. What is no service (sealing, certificates, bay types, policy) is done on the spot.
 */
import { createBayTypes } from "@jeroboam/coe/bay-types";
import type { MemoryEngines } from "@jeroboam/coe/engines/memory-engines";
import type { OpenBayEngine } from "@jeroboam/coe/engines/open-bay-engine";
import { seedBayTypes } from "@jeroboam/coe/seed-bay-types";
import { createFakeLookups } from "@jeroboam/api/testing/fake-lookups";
import type { ApiPorts } from "@jeroboam/api/ports";
import type { AllPorts } from "@jeroboam/conductor/all-types";
import { discardProvisional } from "@jeroboam/conductor/discard";
import { createStackPlans } from "@jeroboam/conductor/stack-plans";
import { buildPolicy } from "@jeroboam/core/identity/policy";
import { createTokenCheck } from "@jeroboam/core/identity/token-check";
import type { CloudReply, CloudSession } from "@jeroboam/core/openstack/session";
import type { Log, Random } from "@jeroboam/core/ports";
import type { Queue } from "@jeroboam/core/queue/queue";
import { encodeHint } from "@jeroboam/core/queue/queue";
import { createMemoryMasterKey } from "@jeroboam/core/secret/memory-master-key";
import type { Sealer } from "@jeroboam/core/secret/sealer";
import type { Key, Table } from "@jeroboam/core/table/table";
import { Transient } from "@jeroboam/core/errors";
import { createPublisher } from "@jeroboam/core/webhook/publish";
import type { SimulatedCloud } from "./cloud.ts";
import { CANARY } from "./cloud.ts";
import type { People } from "./people.ts";
import type { Process } from "./process.ts";
import type { WorldQueue } from "./queue.ts";
import type { Receivers } from "./receivers.ts";

/** Everything outside, as the world has it: behind no network. */
export interface Outside {
  readonly random: Random;
  readonly table: Table;
  readonly queue: WorldQueue;
  readonly cloud: SimulatedCloud;
  readonly people: People;
  /** What runs in bays. */
  readonly engines: MemoryEngines;
  readonly receivers: Receivers;
  /** How often bays' health is checked; absent: never. */
  readonly healthChecks?: { readonly intervalMs: number };
  readonly sealer: Vault;
  readonly log: (process: Process) => Log;
  /** Tells certificates apart. */
  readonly nextSerial: () => number;
}

const BAY_TYPES = createBayTypes(seedBayTypes(() => ({ template: "", files: {} })));
const POLICY = builtPolicy();
/** Somebody's, valid for a hundred years: reconciliation reads when certificates end. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBfjCCASWgAwIBAgIUY4jVb7PPhtnaA0xuIjZEV8I8r+QwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJc2ltdWxhdGVkMCAXDTI2MTEyODE2NTYzMFoYDzIxMjYxMTA0
MTY1NjMwWjAUMRIwEAYDVQQDDAlzaW11bGF0ZWQwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQs6v7eWXBkJLO4h08uhLByCEvF/YPCEoR+jT4hcwmWjdtWThcuPGCW
Yi6l3h5HO6oUS2sJ1TVn/AzxaEReBnlvo1MwUTAdBgNVHQ4EFgQUeA9T+kvzhuDO
QvPVFJQ+ppYhk20wHwYDVR0jBBgwFoAUeA9T+kvzhuDOQvPVFJQ+ppYhk20wDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiANFxPzmp2kUXcTFLSi30PB
fk2rA/Czlsb+dZeIe4i4UwIgD5jvMA7B/diHMuKct76xs3w0I/Zec5jOUjJS0xVs
B4k=
-----END CERTIFICATE-----`;
const LOOKUPS = createFakeLookups(() => {});
const MASTER_KEY = createMemoryMasterKey();
const STACK_PLANS = createStackPlans(BAY_TYPES, {
  apiUrl: "https://api.test/v1",
  authUrl: "https://keystone.test/v3",
  regionName: null,
  openstackCa: null,
  plainHttpAllowed: false,
});

export function conductorPorts(process: Process, outside: Outside): AllPorts {
  const table = tableFor(process, outside.table);
  const queue = queueFor(process, outside.queue);
  const cloud = outside.cloud.cloudFor(process);
  return {
    clock: process.clock,
    random: outside.random,
    log: outside.log(process),
    table,
    queue,
    publish: createPublisher({ clock: process.clock, random: outside.random, log: outside.log(process), table, queue }),
    cloud,
    discard: (item) => discardProvisional({ table, clock: process.clock, cloud }, item),
    stackPlans: STACK_PLANS,
    certificates: {
      make: (commonName) => {
        const pair = {
          certificate: `certificate of ${commonName}, ${outside.nextSerial()}\n${CERTIFICATE}`,
          privateKey: `${CANARY}-key of ${commonName}`,
        };
        return Promise.resolve({ authority: pair, client: pair });
      },
      renewClient: (authority) => Promise.resolve(authority),
    },
    openEngine: enginesFor(process, outside.engines),
    webhookSealer: outside.sealer,
    sendWebhook: outside.receivers.sendFor(process),
    sealer: outside.sealer,
    masterKey: MASTER_KEY,
    reconciliation: { removes: "stacks" },
    ...(outside.healthChecks && { healthChecks: outside.healthChecks }),
  };
}

export function apiPorts(process: Process, outside: Outside): ApiPorts {
  const { people, cloud } = outside;
  const log = outside.log(process);
  return {
    clock: process.clock,
    random: outside.random,
    log,
    table: tableFor(process, outside.table),
    queue: queueFor(process, outside.queue),
    checkToken: createTokenCheck({ clock: process.clock, log, session: serviceSession(process, people) }),
    policy: POLICY,
    bayTypes: () => Promise.resolve(BAY_TYPES),
    lookups: () => LOOKUPS,
    sealer: outside.sealer,
    webhookSealer: outside.sealer,
    openEngine: enginesFor(process, outside.engines),
    lookAt: () => Promise.resolve(new Map()),
    web: () => Promise.reject(new Error("nobody gives addresses here")),
    signRequest: () => Promise.reject(new Error("nobody has certificates signed here")),
    delegate: (caller, { context }) =>
      process.call("keystone", "make-trust", async () => ({
        kind: "obtained",
        delegation: await cloud.makeTrust(caller.projectId ?? "", caller.userId, context),
      })),
    checkReceiver: () => Promise.resolve({ kind: "allowed" }),
    settings: { keystoneUrl: "https://keystone.test/v3", links: { kind: "request", trustForwarded: false } },
  };
}

export interface Vault extends Sealer {
  /** Numbers what is sealed by itself, whoever else seals meanwhile. */
  of(name: string): Vault;
  /** For those who watch. */
  peek(sealed: string): string | undefined;
  /** All that was sealed, for another to begin with. */
  copy(): VaultBeginning;
}

export type VaultBeginning = ReadonlyMap<string, { readonly plaintext: string; readonly context: string }>;

/** What is sealed can be opened for what it was sealed for, and is nothing that could be read. */
export function createVault(before?: VaultBeginning): Vault {
  const kept = new Map(before);
  const vaultOf = (prefix: string): Vault => {
    let count = kept.size;
    return {
      seal(plaintext, context) {
        const sealed = `${prefix}-${(count += 1)}`;
        kept.set(sealed, { plaintext, context });
        return Promise.resolve(sealed);
      },
      open(sealed, context) {
        const found = kept.get(sealed);
        if (!found) throw new Error(`${sealed} was never sealed`);
        if (found.context !== context) throw new Error(`sealed for ${found.context}, opened for ${context}`);
        return Promise.resolve(found.plaintext);
      },
      of: (name) => vaultOf(`${prefix}-by-${name}`),
      peek: (sealed) => kept.get(sealed)?.plaintext,
      copy: () => new Map(kept),
    };
  };
  return vaultOf("sealed");
}

export function tableFor(process: Process, table: Table): Table {
  return {
    get: (key) => process.call("table", `get ${keyText(key)}`, () => table.get(key)),
    put: (item, condition) =>
      process.call("table", `put ${keyText(item)} r${item.revision}`, () => table.put(item, condition)),
    remove: (key, revision) =>
      process.call("table", `remove ${keyText(key)} r${revision}`, () => table.remove(key, revision)),
    query: (pk, range) => process.call("table", `query ${pk}`, () => table.query(pk, range)),
    queryIndex: (index, pk, range) =>
      process.call("table", `query-${index} ${pk}`, () => table.queryIndex(index, pk, range)),
  };
}

function keyText({ pk, sk }: Key): string {
  return `${pk} ${sk}`;
}

export function queueFor(process: Process, queue: WorldQueue): Queue {
  return {
    send: (keys, delayMs = 0) =>
      process.call("queue", `send ${keys.length} +${Math.round(delayMs / 1_000)} s`, () => {
        for (const key of keys) queue.send(encodeHint(key), delayMs);
      }),
  };
}

/** An engine that gives no answer is told as such, as the real adapters do. */
function enginesFor(process: Process, engines: MemoryEngines): OpenBayEngine {
  return engines.through((name, run) =>
    process.call("engine", name, run).catch((thrown: unknown) => {
      if (!(thrown instanceof Transient)) throw thrown;
      return { kind: "unreachable", cause: "down", reason: thrown.message } as const;
    }),
  );
}

/** The service's own user, as far as checking tokens goes. */
function serviceSession(process: Process, people: People): CloudSession {
  return {
    open: () => Promise.reject(new Error("not asked for here")),
    endpoint: () => Promise.reject(new Error("not asked for here")),
    request: (_service, { headers = {} }) =>
      process.call<CloudReply>("keystone", "check-token", () => {
        const body = people.tokenBody(headers["x-subject-token"] ?? "");
        return { kind: "reply", status: body ? 200 : 404, headers: {}, body: body ?? "{}" };
      }),
  };
}

function builtPolicy(): ApiPorts["policy"] {
  const outcome = buildPolicy();
  if (outcome.kind === "invalid") throw new Error(outcome.problems.join("; "));
  return outcome.policy;
}
