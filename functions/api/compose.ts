/**
 * The API put together from the adapters that a platform brings (table, queue, HTTP, clock) and the installation's settings.
 * Lambda, the local process and the command line do it here, and so do the tests that run real parts.
 */
import type { EngineHttp } from "@jeroboam/coe/engines/engine-http";
import type { LookAt } from "@jeroboam/coe/containers/looks";
import { createOpenBayEngine } from "@jeroboam/coe/engines/open-bay-engine";
import type { Delegations } from "@jeroboam/core/identity/delegation";
import type { Policy } from "@jeroboam/core/identity/policy";
import { limits } from "@jeroboam/core/limits";
import { createTokenCheck } from "@jeroboam/core/identity/token-check";
import { createCloudLookups } from "@jeroboam/core/openstack/cloud-lookups";
import type { Sessions } from "@jeroboam/core/openstack/session";
import type { Clock, Log, Random } from "@jeroboam/core/ports";
import type { Queue } from "@jeroboam/core/queue/queue";
import type { RateChoice, RateLimit } from "@jeroboam/core/rate/rate-limit";
import { createRateLimit } from "@jeroboam/core/rate/rate-limit";
import type { Sealer } from "@jeroboam/core/secret/sealer";
import type { Table } from "@jeroboam/core/table/table";
import type { GuardedHttp } from "@jeroboam/core/web/guarded-http";
import type { LongPollPorts } from "./long-poll.ts";
import { createLongPoll } from "./long-poll.ts";
import type { ApiPorts, ApiSettings } from "./ports.ts";

export interface ApiParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly table: Table;
  readonly queue: Queue;
  readonly sealer: Sealer;
  /** For the keys by which webhooks are signed. */
  readonly webhookSealer: Sealer;
  readonly sessions: Sessions;
  readonly delegations: Delegations;
  readonly bayTypes: ApiPorts["bayTypes"];
  readonly engineHttp: EngineHttp;
  readonly web: GuardedHttp;
  readonly policy: Policy;
  readonly checkReceiver: ApiPorts["checkReceiver"];
  readonly pause?: ApiPorts["pause"];
  /** Where a reply can be kept waiting. */
  readonly waiting?: Pick<LongPollPorts, "pause" | "mostMs">;
  readonly rate: RateChoice;
  readonly settings: ApiSettings;
}

export function createApiPorts(parts: ApiParts): ApiPorts {
  const {
    clock,
    random,
    log,
    table,
    queue,
    sealer,
    webhookSealer,
    sessions,
    delegations,
    bayTypes,
    engineHttp,
    web,
    policy,
    settings,
  } = parts;
  const openEngine = createOpenBayEngine({ http: engineHttp, sealer });
  // Who only looks does not wait long for an engine: the records tell what was last known.
  const quick: EngineHttp = (endpoint, request) =>
    engineHttp(endpoint, { ...request, timeoutMs: Math.min(request.timeoutMs, limits.container.askMs) });
  let looks: Promise<LookAt> | undefined;
  return {
    clock,
    random,
    log,
    table,
    queue,
    bayTypes,
    policy,
    checkReceiver: parts.checkReceiver,
    ...(parts.pause && { pause: parts.pause }),
    ...(parts.waiting && { longPoll: createLongPoll({ clock, ...parts.waiting }) }),
    ...withRateLimit(createRateLimit({ clock, table, log }, parts.rate)),
    settings,
    checkToken: createTokenCheck({ clock, log, session: sessions.service() }),
    lookups: (caller) => createCloudLookups(sessions.caller(caller.token, caller.facts)),
    sealer,
    webhookSealer,
    openEngine,
    async lookAt(bays) {
      // Loaded when the first bay is looked at.
      looks ??= import("@jeroboam/coe/containers/looks").then(({ createLooks }) =>
        createLooks({ table, clock, random, queue, log, openEngine: createOpenBayEngine({ http: quick, sealer }) }),
      );
      return (await looks)(bays);
    },
    web,
    async signRequest(authority, requestPem) {
      // The library behind it is large: loaded when the first is signed.
      const { signRequest } = await import("@jeroboam/core/certificate/sign-request");
      return signRequest({ clock, random }, authority, requestPem);
    },
    delegate: (caller, request) => delegations.obtain(caller, request),
  };
}

const withRateLimit = (rateLimit: RateLimit | undefined): Pick<ApiPorts, "rateLimit"> =>
  rateLimit ? { rateLimit } : {};
