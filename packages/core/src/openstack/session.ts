/**
 * An actor in the cloud: somebody with a token who asks services by their type. A session gets its token when it first
 * needs one, keeps it (per process, bounded) until shortly before it expires, and gets a fresh one, once, when a service
 * answers 401. Replies of success, redirects and 4xx are given to the client of the service; being refused a token, or a
 * catalog without the service, is a `Refusal`; what may pass is thrown as `Transient`.
 */
import { limits } from "../limits.ts";
import type { Clock } from "../ports.ts";
import { findEndpoint } from "./catalog.ts";
import type { EndpointChoice, ServiceType } from "./catalog.ts";
import { createExpiringCache } from "./expiring-cache.ts";
import type { ExpiringCache } from "./expiring-cache.ts";
import type { HttpFetch, HttpMethod, HttpReply } from "./http.ts";
import type { Credentials, IssuedToken, Keystone, NamedInDomain, Scope } from "./keystone.ts";
import { throwIfTransient } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";
import type { TokenFacts } from "./token.ts";

export interface CloudRequest {
  readonly method: HttpMethod;
  /** Under the service's endpoint, with its leading slash, its parts encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
}

export type CloudReply = HttpReply & { readonly kind: "reply" };

export interface CloudSession {
  /** The token in use and what Keystone says of it; asks Keystone when there is none yet. */
  open(): Promise<IssuedToken | Refusal>;
  endpoint(service: ServiceType): Promise<{ readonly kind: "found"; readonly url: string } | Refusal>;
  request(service: ServiceType, request: CloudRequest): Promise<CloudReply | Refusal>;
}

export interface Sessions {
  /** The service's own user in its own project. */
  service(signal?: AbortSignal): CloudSession;
  /** The service's own user in another project, where it must have a role. */
  serviceIn(projectId: string, signal?: AbortSignal): CloudSession;
  /** The service's own user by a trust made out to it, which may end at any time: within a minute that is noticed. */
  trust(trustId: string, signal?: AbortSignal): CloudSession;
  /** The trust has ended: its token is not to be used again. */
  forgetTrust(trustId: string): void;
  /** Whoever called, by the token they sent. It cannot be renewed. */
  caller(token: string, facts: TokenFacts, signal?: AbortSignal): CloudSession;
  /** Any other user, by a password of theirs. */
  user(credentials: Credentials, scope: Scope, signal?: AbortSignal): CloudSession;
}

export interface SessionPorts {
  readonly http: HttpFetch;
  readonly clock: Clock;
  readonly keystone: Keystone;
}

export interface ServiceAccount {
  readonly credentials: Credentials;
  readonly project?: NamedInDomain;
}

/** All the sessions of a process; they share the tokens. */
export function createSessions(ports: SessionPorts, account: ServiceAccount, choice: EndpointChoice): Sessions {
  const tokens = createExpiringCache<IssuedToken | Refusal>(ports.clock, limits.openstack.sessionTokens);
  const renewable = (key: string, scope: Scope, signal: AbortSignal | undefined, keepMs?: number): CloudSession => {
    const issue = (): Promise<IssuedToken | Refusal> => ports.keystone.issueToken(account.credentials, scope);
    return createSession(ports, choice, createTokenSource(ports.clock, tokens, key, issue, keepMs), signal);
  };
  return {
    service: (signal) => {
      const { project } = account;
      return renewable("service", project ? { kind: "project", project } : { kind: "own" }, signal);
    },
    serviceIn: (id, signal) => renewable(`project ${id}`, { kind: "project", project: { id } }, signal),
    trust: (trustId, signal) =>
      renewable(`trust ${trustId}`, { kind: "trust", trustId }, signal, limits.identity.trustTokenMs),
    forgetTrust: (trustId) => tokens.forget(`trust ${trustId}`),
    caller: (token, facts, signal) => {
      const issued: IssuedToken = { kind: "issued", token, facts };
      return createSession(ports, choice, { current: () => Promise.resolve(issued), renew: undefined }, signal);
    },
    user: (credentials, scope, signal) => {
      // A cache of its own: these sessions are few and short, and their key would have to hold the password.
      const own = createExpiringCache<IssuedToken | Refusal>(ports.clock, 1);
      const issue = (): Promise<IssuedToken | Refusal> => ports.keystone.issueToken(credentials, scope);
      return createSession(ports, choice, createTokenSource(ports.clock, own, "user", issue), signal);
    },
  };
}

interface TokenSource {
  current(): Promise<IssuedToken | Refusal>;
  /** A token other than this one, which was not accepted; undefined where there can be no other. */
  readonly renew: ((stale: IssuedToken) => Promise<IssuedToken | Refusal>) | undefined;
}

/**
 * Tokens by the cache, kept until shortly before they expire or for `keepMs`. The making is shared by all who wait, so no
 * one's signal ends it: its own timeout does.
 */
function createTokenSource(
  clock: Clock,
  tokens: ExpiringCache<IssuedToken | Refusal>,
  key: string,
  issue: () => Promise<IssuedToken | Refusal>,
  keepMs = Number.POSITIVE_INFINITY,
): TokenSource {
  const current = (): Promise<IssuedToken | Refusal> =>
    tokens.get(key, async () => {
      const value = await issue();
      if (value.kind !== "issued") return { value, keepUntilMs: undefined };
      const endsAtMs = value.facts.expiresAtMs - limits.openstack.tokenMarginMs;
      return { value, keepUntilMs: Math.min(endsAtMs, clock.nowMs() + keepMs) };
    });
  return {
    current,
    renew: (stale) => {
      tokens.forget(key, stale);
      return current();
    },
  };
}

function createSession(
  ports: SessionPorts,
  choice: EndpointChoice,
  source: TokenSource,
  signal: AbortSignal | undefined,
): CloudSession {
  const urlFor = (issued: IssuedToken, service: ServiceType): { kind: "found"; url: string } | Refusal => {
    // The catalog's identity entry often lacks the version; the address we were configured with is known to answer.
    if (service === "identity") return { kind: "found", url: ports.keystone.authUrl };
    const found = findEndpoint(issued.facts.catalog, service, choice);
    return found.kind === "found" ? found : { kind: "refused", cause: "unavailable", reason: found.reason };
  };

  const send = async (
    issued: IssuedToken,
    service: ServiceType,
    request: CloudRequest,
  ): Promise<HttpReply | Refusal> => {
    const base = urlFor(issued, service);
    if (base.kind === "refused") return base;
    const { method, json } = request;
    const headers = { ...request.headers, "x-auth-token": issued.token };
    return await ports.http(
      {
        method,
        url: `${base.url}${request.path}${queryOf(request)}`,
        headers,
        ...(json === undefined ? {} : { json }),
      },
      { timeoutMs: limits.openstack.requestTimeoutMs, ...(signal ? { signal } : {}) },
    );
  };

  return {
    open: () => source.current(),
    async endpoint(service) {
      const issued = await source.current();
      return issued.kind === "refused" ? issued : urlFor(issued, service);
    },
    async request(service, request) {
      let issued = await source.current();
      if (issued.kind === "refused") return issued;
      let reply = await send(issued, service, request);
      if (!isRefusal(reply) && reply.status === 401 && source.renew) {
        issued = await source.renew(issued);
        if (issued.kind === "refused") return issued;
        reply = await send(issued, service, request);
      }
      if (isRefusal(reply)) return reply;
      throwIfTransient(reply, service, ports.clock);
      return { ...reply, kind: "reply" };
    },
  };
}

const isRefusal = (value: HttpReply | Refusal): value is Refusal => "kind" in value;

function queryOf(request: CloudRequest): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) query.append(name, String(value));
  }
  const text = query.toString();
  return text ? `?${text}` : "";
}
