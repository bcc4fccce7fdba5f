/**
 * The API's ports as fakes, for tests: a clock that a test moves, ids counted up, a log that is read back, Magnum's
 * default policy, and two projects, a and b, with members, a reader and an administrator.
 */
import { createBayTypes } from "@jeroboam/coe/bay-types";
import { createLooks } from "@jeroboam/coe/containers/looks";
import { createMemoryEngines } from "@jeroboam/coe/engines/memory-engines";
import type { MemoryEngines } from "@jeroboam/coe/engines/memory-engines";
import { seedBayTypes } from "@jeroboam/coe/seed-bay-types";
import type { DelegationRequest } from "@jeroboam/core/bay/create-bay";
import type { Caller } from "@jeroboam/core/identity/caller";
import { callerOf } from "@jeroboam/core/identity/caller";
import { buildPolicy } from "@jeroboam/core/identity/policy";
import type { Policy } from "@jeroboam/core/identity/policy";
import { signRequest } from "@jeroboam/core/certificate/sign-request";
import { systemRandom } from "@jeroboam/core/random/system-random";
import type { AccessRule } from "@jeroboam/core/openstack/token";
import type { LogLevel } from "@jeroboam/core/ports";
import type { Sealer } from "@jeroboam/core/secret/sealer";
import type { MemoryTable } from "@jeroboam/core/table/memory-table";
import { createMemoryTable } from "@jeroboam/core/table/memory-table";
import type { Key } from "@jeroboam/core/table/table";
import { HOSTILE_NAMES } from "@jeroboam/core/web/hostile-urls";
import type { WebTransport } from "@jeroboam/core/web/web-transport";
import { createWebhookClient, DEFAULT_WEBHOOK_SETTINGS } from "@jeroboam/core/webhook/webhook-settings";
import type { ApiPorts, ApiSettings } from "../ports.ts";
import { createFakeWeb } from "./fake-web.ts";
import type { FakeWeb } from "./fake-web.ts";
import { createFakeLookups } from "./fake-lookups.ts";

export const TOKENS = {
  memberA: "token-member-a",
  otherMemberA: "token-other-member-a",
  readerA: "token-reader-a",
  /** The user by which the nodes of a bay of project a ask. */
  nodeA: "token-node-a",
  memberB: "token-member-b",
  admin: "token-admin",
  /** An application credential's, which may only list bays. */
  listOnlyA: "token-list-only-a",
  unscoped: "token-unscoped",
  unavailable: "token-unavailable",
} as const;

const CALLERS: Readonly<Record<string, Caller>> = {
  [TOKENS.memberA]: fakeCaller(TOKENS.memberA, "alice", "a", ["member", "reader"]),
  [TOKENS.otherMemberA]: fakeCaller(TOKENS.otherMemberA, "amir", "a", ["member", "reader"]),
  [TOKENS.readerA]: fakeCaller(TOKENS.readerA, "rita", "a", ["reader"]),
  [TOKENS.nodeA]: fakeCaller(TOKENS.nodeA, "node", "a", ["jeroboam_node"]),
  [TOKENS.memberB]: fakeCaller(TOKENS.memberB, "bob", "b", ["member", "reader"]),
  [TOKENS.admin]: fakeCaller(TOKENS.admin, "root", "ops", ["admin", "member", "reader"]),
  [TOKENS.listOnlyA]: fakeCaller(
    TOKENS.listOnlyA,
    "alice",
    "a",
    ["member"],
    [{ service: "container-infra", method: "GET", path: "/v1/bays" }],
  ),
  [TOKENS.unscoped]: fakeCaller(TOKENS.unscoped, "ulla", undefined, []),
};

function fakeCaller(
  token: string,
  user: string,
  projectId: string | undefined,
  roles: readonly string[],
  accessRules?: readonly AccessRule[],
): Caller {
  return callerOf(token, {
    userId: `user-${user}`,
    userName: user,
    userDomainId: "default",
    userDomainName: "Default",
    projectId,
    projectName: projectId && `project ${projectId}`,
    projectDomainId: "default",
    projectDomainName: "Default",
    domainId: undefined,
    isSystemScoped: false,
    roles: roles.map((name) => ({ id: name, name })),
    catalog: [],
    expiresAtMs: Date.parse("2036-01-01T00:00:00Z"),
    trustId: undefined,
    applicationCredential: accessRules && { id: "credential", isRestricted: true, accessRules },
  });
}

export interface LogLine {
  readonly level: LogLevel;
  readonly event: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface FakePorts extends ApiPorts {
  readonly clock: { nowMs(): number; advance(ms: number): void };
  readonly log: ApiPorts["log"] & { readonly lines: LogLine[] };
  readonly table: MemoryTable;
  readonly engines: MemoryEngines;
  readonly web: FakeWeb;
  /** Who looked for what in the cloud so far: `user-alice flavor m1.small`. */
  readonly asked: string[];
  /** What was hinted at, and delegated, so far. */
  readonly hints: Key[];
  readonly delegations: (DelegationRequest & { readonly userId: string })[];
}

/** Leaves its texts readable, and names what they are sealed for. */
const READABLE_SEALER: Sealer = {
  seal: (plaintext, context) => Promise.resolve(JSON.stringify({ context, plaintext })),
  open(sealed, context) {
    const kept = JSON.parse(sealed) as { context: string; plaintext: string };
    if (kept.context !== context) throw new Error(`sealed for ${kept.context}, opened for ${context}`);
    return Promise.resolve(kept.plaintext);
  },
};

export function createFakePorts(settings: Partial<ApiSettings> = {}): FakePorts {
  const lines: LogLine[] = [];
  const hints: Key[] = [];
  const lookups: string[] = [];
  const delegations: FakePorts["delegations"] = [];
  let nowMs = Date.parse("2026-01-02T03:04:05Z");
  let ids = 0;
  const engines = createMemoryEngines();
  const clock = { nowMs: () => nowMs, advance: (ms: number) => void (nowMs += ms) };
  const store = {
    clock,
    random: {
      uuid: () => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, "0")}`,
      fraction: () => 0.5,
      // Other ones each time: two secrets are not the same.
      bytes: (length: number) => new Uint8Array(length).fill((bytes += 1)),
    },
    log: {
      lines,
      write: (level: LogLevel, event: string, facts = {}) => void lines.push({ level, event, facts }),
    },
    table: createMemoryTable({ clock }),
    queue: { send: (keys: readonly Key[]) => Promise.resolve(void hints.push(...keys)) },
  };
  return {
    ...store,
    hints,
    checkToken(token) {
      const caller = CALLERS[token];
      if (caller) return Promise.resolve({ kind: "valid", caller });
      return Promise.resolve(
        token === TOKENS.unavailable ? { kind: "unavailable", retryAfterMs: 3_000 } : { kind: "refused" },
      );
    },
    policy: defaultPolicy(),
    bayTypes: () => Promise.resolve(createBayTypes(seedBayTypes(() => ({ template: "", files: {} })))),
    lookups: ({ userId }) => createFakeLookups((name) => void lookups.push(`${userId} ${name}`), userId),
    asked: lookups,
    delegations,
    delegate({ userId, projectId }, request) {
      delegations.push({ ...request, userId });
      const sealedTrustId = `sealed-trust-${delegations.length}`;
      const delegation = {
        kind: "trust",
        projectId: projectId ?? "",
        trustorUserId: userId,
        sealedTrustId,
        trustDigest: null,
        expiresAtMs: null,
      } as const;
      return Promise.resolve({ kind: "obtained", delegation });
    },
    sealer: READABLE_SEALER,
    webhookSealer: READABLE_SEALER,
    openEngine: engines.open,
    lookAt: createLooks({ ...store, openEngine: engines.open }),
    web: createFakeWeb(),
    engines,
    signRequest: (authority, requestPem) => signRequest({ clock, random: systemRandom }, authority, requestPem),
    checkReceiver: createWebhookClient(scriptedNames, DEFAULT_WEBHOOK_SETTINGS).check,
    settings: {
      keystoneUrl: "http://keystone.test/v3",
      links: { kind: "request", trustForwarded: false },
      ...settings,
    },
  };
}

/** Names that the table of hostile addresses knows; every other is on the public internet. */
const scriptedNames: WebTransport = {
  deadline: () => new AbortController().signal,
  resolve: (host) => Promise.resolve(HOSTILE_NAMES[host] ?? ["93.184.216.34"]),
  exchange: () => Promise.reject(new Error("the API asks nobody")),
};

function defaultPolicy(): Policy {
  const outcome = buildPolicy();
  if (outcome.kind === "invalid") throw new Error(outcome.problems.join("; "));
  return outcome.policy;
}
let bytes = 0;
