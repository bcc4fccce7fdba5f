/**
 * Who asks, with tokens that go the whole way: a scripted Keystone, the service's session, the token check with its cache,
 * access rules, policy. A token is revoked by saying so to that Keystone, and expires by the clock.
 */
import type { Clock, Log } from "@jeroboam/core/ports";
import type { CheckToken } from "@jeroboam/core/identity/token-check";
import { createTokenCheck } from "@jeroboam/core/identity/token-check";
import { createKeystone } from "@jeroboam/core/openstack/keystone";
import { scriptHttp } from "@jeroboam/core/openstack/scripted-http";
import type { TokenBodyOptions } from "@jeroboam/core/openstack/scripted-keystone";
import { issued, keystoneError, tokenBody } from "@jeroboam/core/openstack/scripted-keystone";
import { createSessions } from "@jeroboam/core/openstack/session";

const member = ["member", "reader"];
const endOfTimeMs = Date.UTC(2036, 0, 1);

/** Project a's records are Alice's; Bob is of project b. */
const FACTS = {
  owner: { userId: "user-alice", projectId: "a", roles: member },
  member: { userId: "user-amir", projectId: "a", roles: member },
  reader: { userId: "user-rita", projectId: "a", roles: ["reader"] },
  foreign: { userId: "user-bob", projectId: "b", roles: member },
  admin: { userId: "user-root", projectId: "ops", roles: ["admin", ...member] },
  node: { userId: "user-node", projectId: "a", roles: ["jeroboam_node"] },
  /** The owner's, which ended a moment ago. */
  expired: { userId: "user-alice", projectId: "a", roles: member, expiresAtMs: Date.UTC(2026, 0, 1) },
  /** The owner's, which Keystone was told to forget. */
  revoked: { userId: "user-alice", projectId: "a", roles: member },
  /** The owner's application credential, for one request alone. */
  credential: {
    userId: "user-alice",
    projectId: "a",
    roles: member,
    applicationCredential: {
      id: "credential",
      name: "lists bays",
      restricted: true,
      access_rules: [{ id: "1", service: "container-infra", method: "GET", path: "/v1/bays" }],
    },
  },
} satisfies Readonly<Record<string, TokenBodyOptions>>;

export type Who = keyof typeof FACTS | "nobody";
export const EVERYBODY = [...Object.keys(FACTS), "nobody"] as readonly Who[];

export const tokenOf = (who: Who): string => `token-of-${who}`;

export interface Identities {
  readonly checkToken: CheckToken;
  readonly revoke: (who: Who) => void;
  /** The tokens that Keystone was asked about. */
  readonly questions: () => readonly string[];
}

export function createIdentities(ports: { readonly clock: Clock; readonly log: Log }): Identities {
  const revoked = new Set<string>();
  const asked: string[] = [];
  const { clock } = ports;
  const http = scriptHttp({
    "POST /v3/auth/tokens": () => issued("own", { expiresAtMs: endOfTimeMs }),
    "GET /v3/auth/tokens": ({ headers = {} }) => {
      const token = headers["x-subject-token"] ?? headers["X-Subject-Token"] ?? "";
      asked.push(token);
      const who = Object.entries(FACTS).find(([name]) => tokenOf(name as Who) === token);
      const facts: TokenBodyOptions = { expiresAtMs: endOfTimeMs, ...who?.[1] };
      const isOver = (facts.expiresAtMs ?? 0) <= clock.nowMs();
      return !who || isOver || revoked.has(token) ? keystoneError(404, "no such token") : { json: tokenBody(facts) };
    },
  });
  const keystone = createKeystone({ http: http.fetch, clock }, "http://k/v3");
  const credentials = { kind: "password", user: { id: "service" }, password: "pw" } as const;
  const sessions = createSessions({ http: http.fetch, clock, keystone }, { credentials }, { interface: "public" });
  return {
    checkToken: createTokenCheck({ ...ports, session: sessions.service() }),
    revoke: (who) => void revoked.add(tokenOf(who)),
    questions: () => asked,
  };
}
