/**
 * An installation put together from the adapters of this process and what its operator says: what the API and the
 * conductors need of one cloud is made once, and shared where both run in one process.
 */
import { setTimeout as wait } from "node:timers/promises";
import { createApp } from "@jeroboam/api/app";
import { loadCollections } from "@jeroboam/api/routes/routes";
import { createApiPorts } from "@jeroboam/api/compose";
import type { BayTypes } from "@jeroboam/coe/bay-types";
import type { UnknownLabels } from "@jeroboam/coe/label-advice";
import { loadedEngineHttp } from "@jeroboam/coe/engines/open-bay-engine";
import {
  createConductorPorts,
  DEFAULT_NODE_USERS,
  readAuthorityKey,
  readHealthCheckMs,
} from "@jeroboam/conductor/compose";
import { createDeliveryPorts } from "@jeroboam/conductor/compose-deliveries";
import type { ConductorPorts, DeliveryConductorPorts, ReconciliationSettings } from "@jeroboam/conductor/ports";
import { createDelegations } from "@jeroboam/core/identity/delegation";
import { readDelegationSettings } from "@jeroboam/core/identity/delegation-settings";
import { watchPolicy } from "@jeroboam/core/identity/file-policy-watch";
import { buildPolicy } from "@jeroboam/core/identity/policy";
import { textOf } from "@jeroboam/core/errors";
import { limits } from "@jeroboam/core/limits";
import type { Policy, PolicyDefaults } from "@jeroboam/core/identity/policy";
import type { CloudConfig } from "@jeroboam/core/openstack/cloud-config";
import { connectCloud } from "@jeroboam/core/openstack/connect-cloud";
import { readTlsOptions } from "@jeroboam/core/openstack/file-cloud-config";
import type { Clock, Log, Random } from "@jeroboam/core/ports";
import type { Queue } from "@jeroboam/core/queue/queue";
import { readRateChoice } from "@jeroboam/core/rate/rate-limit";
import type { Secrets } from "@jeroboam/core/secret/secrets";
import type { Table } from "@jeroboam/core/table/table";
import { createHttpsWebTransport } from "@jeroboam/core/web/https-web-transport";
import type { WebhookSettings } from "@jeroboam/core/webhook/webhook-settings";
import { createWebhookClient } from "@jeroboam/core/webhook/webhook-settings";
import { loadedGuardedHttp, readNetworks } from "@jeroboam/core/web/loaded-guarded-http";
import type { Fetch } from "./http-server.ts";
import { StartRefused } from "./start-refused.ts";

/** What the process brings. */
export interface Adapters extends Secrets {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly table: Table;
  readonly queue: Queue;
}

/** What the operator says. */
export interface Installation {
  readonly cloud: CloudConfig;
  readonly bayTypes: BayTypes;
  /** The API as bays' nodes reach it, no slash at its end and no version. */
  readonly apiUrl: string;
  readonly webhooks: WebhookSettings;
}

/**
 * Rules over the defaults, where links begin (without an address they begin where the caller came in), and how many bays
 * a project may have.
 */
export interface ApiSettings {
  readonly policyPath?: string | undefined;
  readonly policyDefaults?: PolicyDefaults | undefined;
  readonly publicUrl?: string | undefined;
  readonly bayQuota?: number | undefined;
  readonly unknownLabels?: UnknownLabels | undefined;
  /** Networks, in CIDR form, that manifests may be fetched from besides the public internet; else as the environment says. */
  readonly manifestNetworks?: readonly string[] | undefined;
}

export interface Composed {
  api(settings: ApiSettings): Promise<Fetch>;
  conductor(reconciliation: ReconciliationSettings): ConductorPorts;
  deliveries(): DeliveryConductorPorts;
}

/** Throws StartRefused when a setting of the environment is wrong, and names it; so do the parts that it composes. */
export function compose(adapters: Adapters, { cloud, bayTypes, apiUrl, webhooks }: Installation): Composed {
  const sessions = connectCloud(cloud, adapters.clock);
  const webTransport = createHttpsWebTransport();
  const shared = {
    ...adapters,
    sessions,
    delegations: createDelegations({ ...adapters, sessions }, read(readDelegationSettings)),
    bayTypes,
    engineHttp: loadedEngineHttp(),
  };
  return {
    async api({ policyPath, policyDefaults, publicUrl, bayQuota, unknownLabels, manifestNetworks }) {
      const web = loadedGuardedHttp(manifestNetworks ?? readNetworks(process.env["JEROBOAM_MANIFEST_NETWORKS"]));
      const policy = await readPolicy(adapters, policyPath, policyDefaults);
      const { check: checkReceiver } = createWebhookClient(webTransport, webhooks);
      const links =
        publicUrl === undefined
          ? ({ kind: "request", trustForwarded: false } as const)
          : ({ kind: "fixed", base: publicUrl } as const);
      const waiting = { pause, mostMs: () => limits.longPoll.mostMs };
      const settings = { keystoneUrl: cloud.authUrl, links, bayQuota, unknownLabels };
      const app = createApp(
        createApiPorts({
          ...shared,
          bayTypes: () => Promise.resolve(bayTypes),
          web,
          rate: read(readRateChoice),
          policy,
          pause,
          waiting,
          checkReceiver,
          settings,
        }),
        await loadCollections(),
      );
      // The first reply that a process makes costs as much as loading all its code: made before anybody waits for it.
      await app.request("/healthcheck");
      return (request) => app.fetch(request);
    },
    conductor(reconciliation) {
      const bays = {
        apiUrl: `${apiUrl}/v1`,
        authUrl: cloud.authUrl,
        regionName: cloud.region ?? null,
        openstackCa: readTlsOptions(cloud).authorities?.join("\n") ?? null,
        // A cloud that is spoken to in the clear is a laboratory already.
        plainHttpAllowed: !apiUrl.startsWith("https:") || !cloud.authUrl.startsWith("https:"),
      };
      return createConductorPorts({
        ...shared,
        settings: {
          bays,
          nodeUsers: DEFAULT_NODE_USERS,
          reconciliation,
          healthCheckMs: read((variables) => readHealthCheckMs(variables, limits.bay.healthCheckMs)),
          ...read(readAuthorityKey),
        },
      });
    },
    deliveries: () => createDeliveryPorts({ ...adapters, webTransport, settings: webhooks }),
  };
}

/** What the environment says, to be mended by the person at the terminal where it is wrong. */
function read<Setting>(from: (variables: NodeJS.ProcessEnv) => Setting): Setting {
  try {
    return from(process.env);
  } catch (error) {
    throw new StartRefused(textOf(error), { cause: error });
  }
}

/** Ended by the signal as by the time: whoever paused looks which. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal, ref: false }).catch(() => undefined);
}

async function readPolicy(
  adapters: Adapters,
  path: string | undefined,
  defaults: PolicyDefaults = "secure",
): Promise<Policy> {
  const outcome = path === undefined ? buildPolicy({ defaults }) : await watchPolicy(path, { defaults }, adapters);
  if (outcome.kind === "built") return outcome.policy;
  throw new StartRefused(`the policy cannot be used: ${outcome.problems.join("; ")}`);
}
