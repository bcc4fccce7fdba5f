/**
 * Checks callers' tokens with Keystone. What Keystone said is kept by the token's SHA-256, at most a minute and never past
 * the token's expiry; a refusal a few seconds. Many requests with one token share one question. While Keystone does not
 * answer, callers whose token was checked just before go on; the others are told to come back.
 * Service tokens (`X-Service-Token`) are not looked at: an expired token is refused, whoever sends it on.
 */
import { createHash } from "node:crypto";
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import { createExpiringCache } from "../openstack/expiring-cache.ts";
import { checkToken } from "../openstack/keystone.ts";
import type { CloudSession } from "../openstack/session.ts";
import type { Clock, Log } from "../ports.ts";
import { callerOf } from "./caller.ts";
import type { Caller } from "./caller.ts";

export type TokenOutcome =
  | { readonly kind: "valid"; readonly caller: Caller }
  | { readonly kind: "refused" }
  | { readonly kind: "unavailable"; readonly retryAfterMs: number };

export type CheckToken = (token: string) => Promise<TokenOutcome>;

export interface TokenCheckPorts {
  readonly clock: Clock;
  readonly log: Log;
  /** The service's own user, whom Keystone lets check tokens. */
  readonly session: CloudSession;
}

export function createTokenCheck({ clock, log, session }: TokenCheckPorts): CheckToken {
  const outcomes = createExpiringCache<TokenOutcome>(clock, limits.identity.tokenCacheEntries);

  return async (token) => {
    if (!isTokenText(token)) return { kind: "refused" };
    return await outcomes.get(createHash("sha256").update(token).digest("hex"), async () => {
      const value = await ask(token, session, log);
      return { value, keepUntilMs: keepUntilMs(value, clock.nowMs()) };
    });
  };
}

/** What can stand in a header and is no longer than tokens are: anything else is none, and Keystone need not be asked. */
function isTokenText(token: string): boolean {
  return token.length > 0 && token.length <= limits.api.tokenBytes && /^[\x21-\x7e]+$/.test(token);
}

async function ask(token: string, session: CloudSession, log: Log): Promise<TokenOutcome> {
  try {
    const check = await checkToken(session, token);
    switch (check.kind) {
      case "valid":
        return { kind: "valid", caller: callerOf(token, check.facts) };
      case "invalid":
        return { kind: "refused" };
      case "refused":
        // Our own credentials, or our right to check tokens: nothing that the caller could mend.
        log.write("error", "identity.token-check-refused", { cause: check.cause, reason: check.reason });
        return { kind: "unavailable", retryAfterMs: limits.identity.unavailableRetryMs };
      default:
        return check satisfies never;
    }
  } catch (error) {
    // Keystone did not answer: an outcome for the caller, who is told to come back. Anything else is a bug.
    if (!(error instanceof Transient)) throw error;
    log.write("warning", "identity.unavailable", { reason: error.message });
    return { kind: "unavailable", retryAfterMs: error.retryAfterMs ?? limits.identity.unavailableRetryMs };
  }
}

function keepUntilMs(outcome: TokenOutcome, nowMs: number): number | undefined {
  switch (outcome.kind) {
    case "valid":
      return Math.min(nowMs + limits.identity.tokenCacheMs, outcome.caller.facts.expiresAtMs);
    case "refused":
      return nowMs + limits.identity.refusedTokenCacheMs;
    case "unavailable":
      return undefined;
    default:
      return outcome satisfies never;
  }
}
