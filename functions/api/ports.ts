/**
 * What the API needs from outside. The app knows no platform: an entry file (lambda.ts, packages/local) composes these
 * from adapters, tests from fakes.
 */
import type { Clock, Log, Random } from "@jeroboam/core/ports";
import type { Queue } from "@jeroboam/core/queue/queue";
import type { Table } from "@jeroboam/core/table/table";
import type { LinkSettings } from "./links.ts";

/** Who asks, as Keystone says. */
export interface Caller {
  readonly userId: string;
  readonly userName: string | null;
  /** Absent: the token is for no project (unscoped, a domain's or the system's). */
  readonly projectId: string | undefined;
  readonly projectName: string | null;
  readonly roles: readonly string[];
}

export type TokenCheck =
  | { readonly kind: "valid"; readonly caller: Caller }
  | { readonly kind: "refused" }
  | { readonly kind: "unavailable"; readonly retryAfterMs: number };

/** Whose record a rule is asked about. */
export interface PolicyTarget {
  readonly projectId: string;
  readonly userId: string;
}

export interface Policy {
  /** Whether the rule of Magnum's name lets the caller do it. A rule that nobody defined lets nobody. */
  allows(rule: string, caller: Caller, target: PolicyTarget): boolean;
}

export interface ApiSettings {
  /** Where a caller without a token is sent: `www_authenticate_uri` of Keystone's middleware. */
  readonly keystoneUrl: string;
  readonly links: LinkSettings;
}

export interface ApiPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly table: Table;
  readonly queue: Queue;
  readonly checkToken: (token: string) => Promise<TokenCheck>;
  readonly policy: Policy;
  readonly settings: ApiSettings;
}
