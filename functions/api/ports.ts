/**
 * What the API needs from outside. The app knows no platform: an entry file (lambda.ts, packages/local) composes these
 * from adapters, tests from fakes.
 */
import type { BayTypes } from "@jeroboam/coe/bay-types";
import type { UnknownLabels } from "@jeroboam/coe/label-advice";
import type { LookAt } from "@jeroboam/coe/containers/looks";
import type { OpenBayEngine } from "@jeroboam/coe/engines/open-bay-engine";
import type { CloudLookups } from "@jeroboam/core/bay/cloud-references";
import type { BayPorts, DelegationRequest } from "@jeroboam/core/bay/create-bay";
import type { Caller } from "@jeroboam/core/identity/caller";
import type { Delegation } from "@jeroboam/core/identity/delegation";
import type { Policy } from "@jeroboam/core/identity/policy";
import type { CheckToken } from "@jeroboam/core/identity/token-check";
import type { KeyAndCertificate } from "@jeroboam/core/certificate/authority";
import type { SignedRequest } from "@jeroboam/core/certificate/sign-request";
import type { Refusal } from "@jeroboam/core/openstack/refusal";
import type { GuardedHttp } from "@jeroboam/core/web/guarded-http";
import type { RateLimit } from "@jeroboam/core/rate/rate-limit";
import type { Sealer } from "@jeroboam/core/secret/sealer";
import type { CheckReceiver } from "@jeroboam/core/webhook/webhook-settings";
import type { LinkSettings } from "./links.ts";
import type { LongPoll } from "./long-poll.ts";

export interface ApiSettings {
  /** Where a caller without a token is sent: `www_authenticate_uri` of Keystone's middleware. */
  readonly keystoneUrl: string;
  readonly links: LinkSettings;
  /** How many bays a project may have where no administrator set a limit; absent: `limits.quota.defaultBays`. */
  readonly bayQuota?: number | undefined;
  /** Whether labels that have no effect are refused; absent: they are taken, with a warning. */
  readonly unknownLabels?: UnknownLabels | undefined;
}

export type DelegationOutcome = { readonly kind: "obtained"; readonly delegation: Delegation } | Refusal;

/** Clock, chance, log, table and queue, and besides: */
export interface ApiPorts extends BayPorts {
  readonly checkToken: CheckToken;
  readonly policy: Policy;
  /** Loaded when the first is needed: requests for most collections need none. */
  readonly bayTypes: () => Promise<BayTypes>;
  /** The cloud, as the caller sees it. */
  readonly lookups: (caller: Caller) => CloudLookups;
  /** Lets conductors act for the caller's project. */
  readonly delegate: (caller: Caller, request: DelegationRequest) => Promise<DelegationOutcome>;
  readonly sealer: Sealer;
  /** For the keys by which webhooks are signed. */
  readonly webhookSealer: Sealer;
  /** What runs inside a bay. */
  readonly openEngine: OpenBayEngine;
  /** Has bays looked at, because somebody asks what is in them. */
  readonly lookAt: LookAt;
  /** The client for addresses that users give. */
  readonly web: GuardedHttp;
  /** Has a certificate request signed by an authority. */
  readonly signRequest: (authority: KeyAndCertificate, requestPem: string) => Promise<SignedRequest>;
  /** Resolves after this long, or when the signal fires. Absent: the platform cannot keep a reply open. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Keeps callers waiting who ask for it. Absent: nobody waits. */
  readonly longPoll?: LongPoll;
  /** Whether a webhook's receiver may stand at an address. */
  readonly checkReceiver: CheckReceiver;
  /** Absent: projects may ask as often as they like. */
  readonly rateLimit?: RateLimit;
  readonly settings: ApiSettings;
}
