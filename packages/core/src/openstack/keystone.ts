/**
 * Keystone's tokens: issuing, checking, revoking. Statuses become outcomes; what asking again may change (5xx, 429, no
 * reply) is thrown as `Transient`. What Keystone keeps (trusts, users, roles) is in `keystone-trusts.ts` and
 * `keystone-directory.ts`; keeping tokens fresh is the sessions' part.
 */
import type { Clock } from "../ports.ts";
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import { isSuccess, readJson } from "./http.ts";
import type { HttpFetch, HttpReply } from "./http.ts";
import { refusalOf, throwIfTransient } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";
import type { CloudSession } from "./session.ts";
import { factsOf, tokenBodySchema } from "./token.ts";
import type { TokenFacts } from "./token.ts";

/** Something of Keystone's by its id, or by its name within a domain. */
export type NamedInDomain =
  | { readonly id: string }
  | { readonly name: string; readonly domain: { readonly id: string } | { readonly name: string } };

export type Credentials =
  | { readonly kind: "password"; readonly user: NamedInDomain; readonly password: string }
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "application-credential"; readonly id: string; readonly secret: string }
  | {
      readonly kind: "application-credential";
      readonly name: string;
      readonly user: NamedInDomain;
      readonly secret: string;
    };

export type Scope =
  | { readonly kind: "project"; readonly project: NamedInDomain }
  | { readonly kind: "domain"; readonly domain: { readonly id: string } | { readonly name: string } }
  | { readonly kind: "trust"; readonly trustId: string }
  /** What the credentials bring by themselves: an application credential's project, a user's default project. */
  | { readonly kind: "own" };

export interface IssuedToken {
  readonly kind: "issued";
  readonly token: string;
  readonly facts: TokenFacts;
}

export type TokenCheck =
  | { readonly kind: "valid"; readonly facts: TokenFacts }
  /** Unknown, expired or revoked. */
  | { readonly kind: "invalid" }
  /** Keystone does not let us ask. */
  | Refusal;

export interface Keystone {
  /** The address of the v3 API, no slash at its end. */
  readonly authUrl: string;
  issueToken(credentials: Credentials, scope: Scope): Promise<IssuedToken | Refusal>;
}

export interface KeystonePorts {
  readonly http: HttpFetch;
  readonly clock: Clock;
}

export function createKeystone(ports: KeystonePorts, authUrl: string): Keystone {
  return {
    authUrl,
    async issueToken(credentials, scope) {
      const json = { auth: { identity: identityOf(credentials), ...scopeOf(scope) } };
      const request = { method: "POST", url: `${authUrl}/auth/tokens`, json } as const;
      const reply = await ports.http(request, { timeoutMs: limits.openstack.requestTimeoutMs });
      throwIfTransient(reply, "identity", ports.clock);
      if (!isSuccess(reply)) return unauthorizedUnlessForbidden(reply);
      const token = reply.headers["x-subject-token"];
      if (!token) throw new Transient("identity issued a token without its X-Subject-Token header");
      return { kind: "issued", token, facts: factsOf(readJson(reply, tokenBodySchema, "identity")) };
    },
  };
}

/** What a token is, asked by a session that may ask. */
export async function checkToken(session: CloudSession, token: string): Promise<TokenCheck> {
  // Without the header Keystone hides tokens of application credentials that are bound to access rules.
  const headers = { "x-subject-token": token, "openstack-identity-access-rules": "1.0" };
  const reply = await session.request("identity", { method: "GET", path: "/auth/tokens", headers });
  if (reply.kind === "refused") return reply;
  if (reply.status === 404) return { kind: "invalid" };
  if (!isSuccess(reply)) return refusalOf(reply, "identity");
  return { kind: "valid", facts: factsOf(readJson(reply, tokenBodySchema, "identity")) };
}

/** A token that is gone already counts as revoked. */
export async function revokeToken(
  session: CloudSession,
  token: string,
): Promise<{ readonly kind: "revoked" } | Refusal> {
  const headers = { "x-subject-token": token };
  const reply = await session.request("identity", { method: "DELETE", path: "/auth/tokens", headers });
  if (reply.kind === "refused") return reply;
  return isSuccess(reply) || reply.status === 404 ? { kind: "revoked" } : refusalOf(reply, "identity");
}

/** Keystone answers 404 too, for a trust, a project or a user that is not there: for us all mean "not as this one". */
function unauthorizedUnlessForbidden(reply: HttpReply): Refusal {
  const refusal = refusalOf(reply, "identity");
  return reply.status === 403 ? refusal : { ...refusal, cause: "unauthorized" };
}

function identityOf(credentials: Credentials): object {
  switch (credentials.kind) {
    case "password":
      return {
        methods: ["password"],
        password: { user: { ...credentials.user, password: credentials.password } },
      };
    case "token":
      return { methods: ["token"], token: { id: credentials.token } };
    case "application-credential": {
      const { kind: _, ...application } = credentials;
      return { methods: ["application_credential"], application_credential: application };
    }
    default:
      return credentials satisfies never;
  }
}

function scopeOf(scope: Scope): object {
  switch (scope.kind) {
    case "project":
      return { scope: { project: scope.project } };
    case "domain":
      return { scope: { domain: scope.domain } };
    case "trust":
      return { scope: { "OS-TRUST:trust": { id: scope.trustId } } };
    case "own":
      return {};
    default:
      return scope satisfies never;
  }
}
