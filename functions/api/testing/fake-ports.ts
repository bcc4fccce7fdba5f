/**
 * The API's ports as fakes, for tests: a clock that a test moves, ids counted up, a log that is read back, and two
 * projects, a and b, with a member, a reader and an administrator.
 */
import type { LogLevel } from "@jeroboam/core/ports";
import type { Table } from "@jeroboam/core/table/table";
import type { ApiPorts, ApiSettings, Caller, Policy, TokenCheck } from "../ports.ts";

export const TOKENS = {
  memberA: "token-member-a",
  otherMemberA: "token-other-member-a",
  readerA: "token-reader-a",
  memberB: "token-member-b",
  admin: "token-admin",
  unscoped: "token-unscoped",
  unavailable: "token-unavailable",
} as const;

const CALLERS: Readonly<Record<string, Caller>> = {
  [TOKENS.memberA]: callerOf("alice", "a", ["member", "reader"]),
  [TOKENS.otherMemberA]: callerOf("amir", "a", ["member", "reader"]),
  [TOKENS.readerA]: callerOf("rita", "a", ["reader"]),
  [TOKENS.memberB]: callerOf("bob", "b", ["member", "reader"]),
  [TOKENS.admin]: callerOf("root", "admin", ["admin", "member", "reader"]),
  [TOKENS.unscoped]: callerOf("ulla", undefined, []),
};

function callerOf(user: string, projectId: string | undefined, roles: readonly string[]): Caller {
  return { userId: user, userName: user, projectId, projectName: projectId ?? null, roles };
}

export interface LogLine {
  readonly level: LogLevel;
  readonly event: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface FakePorts extends ApiPorts {
  readonly clock: { nowMs(): number; advance(ms: number): void };
  readonly log: ApiPorts["log"] & { readonly lines: LogLine[] };
}

export interface FakeOptions extends Partial<ApiSettings> {
  readonly table?: Table;
}

export function createFakePorts({ table, ...settings }: FakeOptions = {}): FakePorts {
  const lines: LogLine[] = [];
  let nowMs = Date.parse("2026-01-02T03:04:05Z");
  let ids = 0;
  return {
    clock: { nowMs: () => nowMs, advance: (ms) => void (nowMs += ms) },
    random: {
      uuid: () => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, "0")}`,
      fraction: () => 0.5,
      bytes: (length) => new Uint8Array(length),
    },
    log: { lines, write: (level, event, facts = {}) => void lines.push({ level, event, facts }) },
    table: table ?? noTable,
    queue: { send: () => Promise.resolve() },
    checkToken: (token) => Promise.resolve(checkToken(token)),
    policy: secureDefaults,
    settings: {
      keystoneUrl: "http://keystone.test/v3",
      links: { kind: "request", trustForwarded: false },
      ...settings,
    },
  };
}

function checkToken(token: string): TokenCheck {
  if (token === TOKENS.unavailable) return { kind: "unavailable", retryAfterMs: 3_000 };
  const caller = CALLERS[token];
  return caller ? { kind: "valid", caller } : { kind: "refused" };
}

/** Today's default rules, as far as the fakes' callers need them (cluster sheet 22). */
const secureDefaults: Policy = {
  allows(rule, caller, target) {
    const admin = caller.roles.includes("admin");
    if (!/^(?:bay|baymodel|cluster|clustertemplate):[a-z_]+$/.test(rule)) return false;
    if (rule.endsWith("_all_projects") || rule === "clustertemplate:publish") return admin;
    const role = /:(?:get|get_all|detail)$/.test(rule) ? "reader" : "member";
    return admin || (caller.roles.includes(role) && caller.projectId === target.projectId);
  },
};

/** For tests of what needs no table. */
const noTable = new Proxy({} as Table, {
  get: (_target, name) => () => Promise.reject(new Error(`this test has no table to ${String(name)}`)),
});
