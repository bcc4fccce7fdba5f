/**
 * The one client for addresses that users give: manifests, discovery services, webhooks. Promises that no request leaves
 * for an address which the rule does not allow: the URL is parsed once, its host is resolved once, every address it has
 * is checked, and the connection goes to what was checked; each redirect begins anew. Replies and waiting have limits.
 * What is asked and what an answer means is the caller's.
 */
import { textOf } from "../errors.ts";
import { limits } from "../limits.ts";
import type { AddressRule } from "./public-address.ts";
import type { WebAnswer, WebTransport } from "./web-transport.ts";

export interface GuardedRequest {
  readonly url: string;
  /** GET unless given; only a GET follows redirects. */
  readonly method?: "GET" | "POST" | "PUT";
  /** Sent to the first host alone. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly schemes?: readonly ("http" | "https")[];
  readonly redirects?: number;
  readonly maxBytes?: number;
  readonly timeoutMs?: number;
}

export type GuardedReply =
  /** Whatever its status. */
  | ({ readonly kind: "reply" } & WebAnswer)
  /** It may not be asked: the user's mistake, or worse. */
  | { readonly kind: "forbidden"; readonly reason: string }
  /** It may be asked, but there was no answer that could be taken. */
  | { readonly kind: "failed"; readonly reason: string };

export type GuardedHttp = (request: GuardedRequest, signal?: AbortSignal) => Promise<GuardedReply>;

export function createGuardedHttp(transport: WebTransport, rule: AddressRule): GuardedHttp {
  return async (request, signal) => {
    const timeoutMs = request.timeoutMs ?? limits.web.timeoutMs;
    const deadline = transport.deadline(timeoutMs);
    const either = signal ? AbortSignal.any([signal, deadline]) : deadline;
    try {
      return await follow({ transport, rule, signal: either }, request);
    } catch (error) {
      // Whatever kept an answer from coming: names, sockets, TLS, the limits of the transport.
      const host = URL.parse(request.url)?.host ?? "the address";
      if (deadline.aborted) return failed(`${host} did not answer within ${timeoutMs} ms`);
      return failed(`${host} did not answer: ${textOf(error)}`);
    }
  };
}

/**
 * Whether an address may be asked at all, as far as can be told now: a name that does not resolve at the moment counts as
 * allowed. Every request looks again.
 */
export async function checkUrl(
  transport: WebTransport,
  rule: AddressRule,
  url: string,
  schemes: readonly string[],
): Promise<{ readonly kind: "allowed" } | { readonly kind: "forbidden"; readonly reason: string }> {
  try {
    const target = await checkTarget({ transport, rule, signal: transport.deadline(limits.web.checkMs) }, url, schemes);
    return target.kind === "forbidden" ? target : { kind: "allowed" };
  } catch {
    // No resolver, or none that knows the name yet.
    return { kind: "allowed" };
  }
}

interface Guard {
  readonly transport: WebTransport;
  readonly rule: AddressRule;
  readonly signal: AbortSignal;
}

async function follow(guard: Guard, request: GuardedRequest): Promise<GuardedReply> {
  const schemes = request.schemes ?? ["http", "https"];
  const redirects = (request.method ?? "GET") === "GET" ? (request.redirects ?? limits.web.redirects) : 0;
  let address = request.url;
  let first: URL | undefined;
  for (let hop = 0; ; hop += 1) {
    const target = await checkTarget(guard, address, schemes);
    if (target.kind === "forbidden") return target;
    first ??= target.url;
    const answer = await guard.transport.exchange(
      {
        url: target.url,
        addresses: target.addresses,
        method: request.method ?? "GET",
        headers: target.url.origin === first.origin ? (request.headers ?? {}) : {},
        body: request.body,
        maxBytes: request.maxBytes ?? limits.web.responseBytes,
      },
      guard.signal,
    );
    const location = redirects === 0 ? undefined : locationOf(answer);
    if (location === undefined) return { kind: "reply", ...answer };
    if (hop >= redirects) return failed(`${first.host} redirects more than ${redirects} times`);
    const next = URL.parse(location, target.url.href);
    if (!next) return forbidden("it redirects to something that is no address");
    address = next.href;
  }
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

const locationOf = ({ status, headers }: WebAnswer): string | undefined =>
  REDIRECTS.has(status) ? headers["location"] : undefined;

type Target =
  | { readonly kind: "allowed"; readonly url: URL; readonly addresses: readonly string[] }
  | { readonly kind: "forbidden"; readonly reason: string };

async function checkTarget(guard: Guard, address: string, schemes: readonly string[]): Promise<Target> {
  if (address.length > limits.web.urlChars) return forbidden(`it is longer than ${limits.web.urlChars} characters`);
  const url = URL.parse(address);
  if (!url || url.hostname === "") return forbidden("it is no address that can be read");
  if (!schemes.includes(url.protocol.slice(0, -1))) {
    return forbidden(`its scheme is ${url.protocol.slice(0, -1)}; only ${schemes.join(" and ")} may be used`);
  }
  if (url.username !== "" || url.password !== "") return forbidden("it holds a user's name or password");
  const literal = literalOf(url.hostname);
  const addresses = literal === undefined ? await guard.transport.resolve(url.hostname, guard.signal) : [literal];
  if (addresses.length === 0) throw new Error("the host has no address");
  if (addresses.length > limits.web.addresses)
    return forbidden(`its host has more than ${limits.web.addresses} addresses`);
  // All of them: a host that is half inside would else be asked until it shows its inner half.
  if (!addresses.every((one) => guard.rule.isAllowed(one))) {
    return forbidden(`its host ${url.hostname} is not on the public internet`);
  }
  return { kind: "allowed", url, addresses };
}

/** The URL parser has put every way to write an IPv4 address into its plain form by now. */
function literalOf(hostname: string): string | undefined {
  if (hostname.startsWith("[")) return hostname.slice(1, -1);
  return /^\d+(\.\d+){3}$/.test(hostname) ? hostname : undefined;
}

const forbidden = (reason: string): { readonly kind: "forbidden"; readonly reason: string } => ({
  kind: "forbidden",
  reason,
});

const failed = (reason: string): GuardedReply => ({ kind: "failed", reason });
