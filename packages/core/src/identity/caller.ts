/**
 * Who asks, as Keystone says: kept in memory for the time of a request, never stored, logged or sent on as a whole,
 * because it holds the token.
 */
import type { TokenFacts } from "../openstack/token.ts";

export interface Caller {
  readonly userId: string;
  readonly userName: string | null;
  readonly userDomainId: string | null;
  readonly userDomainName: string | null;
  /** Absent: the token is for no project (unscoped, a domain's or the system's). */
  readonly projectId: string | undefined;
  readonly projectName: string | null;
  /** Names; implied roles included, where Keystone lists them. */
  readonly roles: readonly string[];
  readonly isSystemScoped: boolean;
  /** To act for them while the request lasts. A secret. */
  readonly token: string;
  /** All that Keystone said of the token. */
  readonly facts: TokenFacts;
}

export function callerOf(token: string, facts: TokenFacts): Caller {
  return {
    userId: facts.userId,
    userName: facts.userName,
    userDomainId: facts.userDomainId ?? null,
    userDomainName: facts.userDomainName ?? null,
    projectId: facts.projectId,
    projectName: facts.projectName ?? null,
    roles: facts.roles.map((role) => role.name),
    isSystemScoped: facts.isSystemScoped,
    token,
    facts,
  };
}
