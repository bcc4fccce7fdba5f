/**
 * A conductor put together from the adapters that a platform brings (table, queue, HTTP, clock) and the installation's
 * settings. Lambda, the local process and the command line do it here, and so do the tests that run real parts.
 */
import type { BaySettings } from "@jeroboam/coe/bay-input";
import type { BayTypes } from "@jeroboam/coe/bay-types";
import type { EngineHttp } from "@jeroboam/coe/engines/engine-http";
import { createOpenBayEngine } from "@jeroboam/coe/engines/open-bay-engine";
import { DEFAULT_NODE_DOMAIN } from "@jeroboam/core/identity/policy";
import type { AuthorityKey } from "@jeroboam/core/certificate/authority-key";
import { AUTHORITY_KEYS } from "@jeroboam/core/certificate/authority-key";
import type { Delegations } from "@jeroboam/core/identity/delegation";
import type { Sessions } from "@jeroboam/core/openstack/session";
import type { Clock, Log, Random } from "@jeroboam/core/ports";
import type { Queue } from "@jeroboam/core/queue/queue";
import type { MasterKey } from "@jeroboam/core/secret/master-key";
import type { Sealer } from "@jeroboam/core/secret/sealer";
import type { Table } from "@jeroboam/core/table/table";
import { createPublisher } from "@jeroboam/core/webhook/publish";
import { createCertificateMaker } from "./certificate-maker.ts";
import type { NodeUserSettings } from "./node-users.ts";
import { discardProvisional } from "./discard.ts";
import { createOpenStackCloud } from "./openstack-cloud.ts";
import type { ConductorPorts, ReconciliationSettings } from "./ports.ts";
import { createStackPlans } from "./stack-plans.ts";

export interface ConductorParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly table: Table;
  readonly queue: Queue;
  readonly sealer: Sealer;
  readonly masterKey: MasterKey;
  readonly sessions: Sessions;
  readonly delegations: Delegations;
  readonly bayTypes: BayTypes;
  readonly engineHttp: EngineHttp;
  readonly settings: ConductorSettings;
}

export interface ConductorSettings {
  readonly bays: BaySettings;
  readonly nodeUsers: NodeUserSettings;
  readonly reconciliation: ReconciliationSettings;
  /** Between two checks of a bay's health; 0: nobody checks. */
  readonly healthCheckMs: number;
  /** Of the authorities of bays to come; absent: EC P-256. */
  readonly authorityKey?: AuthorityKey;
}

/** `JEROBOAM_AUTHORITY_KEY`: the kind of key that authorities of bays to come have. */
export function readAuthorityKey(
  variables: Readonly<Record<string, string | undefined>>,
): Pick<ConductorSettings, "authorityKey"> {
  const given = variables["JEROBOAM_AUTHORITY_KEY"];
  if (!given) return {};
  const authorityKey = AUTHORITY_KEYS.find((one) => one === given);
  if (!authorityKey)
    throw new Error(`JEROBOAM_AUTHORITY_KEY may be one of ${AUTHORITY_KEYS.join(", ")}, not "${given}"`);
  return { authorityKey };
}

/** `JEROBOAM_HEALTH_INTERVAL`: seconds between two checks of a bay's health, 0 for none. */
export function readHealthCheckMs(variables: Readonly<Record<string, string | undefined>>, presetMs: number): number {
  const text = variables["JEROBOAM_HEALTH_INTERVAL"];
  if (!text) return presetMs;
  if (!/^\d{1,6}$/.test(text)) throw new Error("JEROBOAM_HEALTH_INTERVAL must be a number of seconds, 0 for no checks");
  return Number(text) * 1_000;
}

/** Users of nodes where nothing else is configured. */
export const DEFAULT_NODE_USERS: NodeUserSettings = { domain: DEFAULT_NODE_DOMAIN, role: "jeroboam_node" };

/** `JEROBOAM_REMOVES`: what reconciliation may remove of what nobody knows. */
export function readReconciliation(variables: Readonly<Record<string, string | undefined>>): ReconciliationSettings {
  const removes = variables["JEROBOAM_REMOVES"] ?? "nothing";
  if (removes === "nothing" || removes === "left-overs" || removes === "stacks") return { removes };
  throw new Error(`JEROBOAM_REMOVES may be nothing, left-overs or stacks, not "${removes}"`);
}

export function createConductorPorts(parts: ConductorParts): ConductorPorts {
  const { clock, random, log, table, queue, sealer, masterKey, sessions, delegations, bayTypes, engineHttp, settings } =
    parts;
  const cloud = createOpenStackCloud(sessions, delegations, settings);
  return {
    clock,
    random,
    log,
    table,
    queue,
    sealer,
    masterKey,
    publish: createPublisher({ clock, random, log, table, queue }),
    cloud,
    discard: (item) => discardProvisional({ table, clock, cloud }, item),
    stackPlans: createStackPlans(bayTypes, settings.bays),
    certificates: createCertificateMaker({ clock, random }, settings.authorityKey),
    openEngine: createOpenBayEngine({ http: engineHttp, sealer }),
    reconciliation: settings.reconciliation,
    ...(settings.healthCheckMs > 0 && { healthChecks: { intervalMs: settings.healthCheckMs } }),
  };
}
