/**
 * Everything in one process on one machine: the API, a conductor, the sweep's timer, the table in one file, the queue in
 * memory, and, when no cloud is configured, the sandbox. What a process before left undone on the same data is taken up
 * at the start; stopping finishes the requests and the steps in hand.
 */
import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { createBatchHandler } from "@jeroboam/conductor/batch";
import type { ReconciliationSettings } from "@jeroboam/conductor/ports";
import { ALL_TYPES } from "@jeroboam/conductor/all-types";
import { DELIVERY_TYPES } from "@jeroboam/conductor/delivery-types";
import { RECORD_TYPES } from "@jeroboam/conductor/record-types";
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { systemTimers } from "@jeroboam/core/clock/system-timers";
import { createSystemLog } from "@jeroboam/core/log/system-log";
import { resume } from "@jeroboam/core/operation/resume";
import type { CloudConfig } from "@jeroboam/core/openstack/cloud-config";
import type { LogLevel } from "@jeroboam/core/ports";
import { createMemoryQueue } from "@jeroboam/core/queue/memory-queue";
import { createRoutedQueue } from "@jeroboam/core/queue/routed-queue";
import { systemRandom } from "@jeroboam/core/random/system-random";
import { openFileMasterKey } from "@jeroboam/core/secret/file-master-key";
import { createSecrets } from "@jeroboam/core/secret/secrets";
import { CONDUCTOR_BINARY, createReport } from "@jeroboam/core/service-record/service-record";
import { openSqliteTable } from "@jeroboam/core/table/sqlite-table";
import { DEFAULT_WEBHOOK_SETTINGS } from "@jeroboam/core/webhook/webhook-settings";
import type { WebhookSettings } from "@jeroboam/core/webhook/webhook-settings";
import { openBarbicanMasterKey } from "./barbican-master-key.ts";
import { loadBayTypes } from "./bay-types.ts";
import { compose } from "./compose.ts";
import type { ApiSettings } from "./compose.ts";
import { findConfiguredCloud } from "./configured-cloud.ts";
import type { DataFolder } from "./data-folder.ts";
import { openDataFolder } from "./data-folder.ts";
import { listen } from "./http-server.ts";
import { openrcOf } from "./openrc.ts";
import { createStopping } from "./stop-in-order.ts";
import { startSweepTimer } from "./sweep-timer.ts";

export interface InstanceOptions extends ApiSettings {
  readonly data: string;
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly keystonePort: number;
  /** Forgets what was there before. */
  readonly isReset: boolean;
  readonly logLevel: LogLevel;
  /** Secrets of the cloud's Barbican that are the keys, in place of the folder's file: their uuids, the current one first. */
  readonly barbicanKeys?: string | undefined;
  /** What reconciliation may remove; when not given, everything of the sandbox's and nothing of another cloud's. */
  readonly removes?: ReconciliationSettings["removes"];
  /** Where webhooks may go besides the public internet. */
  readonly webhooks?: WebhookSettings;
}

export interface Instance {
  /** No slash at its end, no version. */
  readonly apiUrl: string;
  readonly cloud: { readonly kind: "sandbox" | "configured"; readonly authUrl: string };
  readonly folder: DataFolder;
  stop(): Promise<void>;
}

/** Starts it all; throws StartRefused when that cannot be, with nothing left running. */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const bayTypes = await loadBayTypes();
  await using parts = new AsyncDisposableStack();
  const folder = openDataFolder(options.data, options);
  parts.defer(() => folder.release());
  const api = await listen({ what: "the API", host: options.host, port: options.port, option: "--port" });
  parts.defer(() => api.stop());
  const cloud = await openCloud(parts, options, folder, api.url);

  const log = createSystemLog(options.logLevel, (line) => console.error(line));
  const table = openSqliteTable({ path: folder.tablePath, clock: systemClock });
  parts.defer(() => table.close());
  const hints = createMemoryQueue({ clock: systemClock, timers: systemTimers, log });
  const deliveries = createMemoryQueue({ clock: systemClock, timers: systemTimers, log });
  const queue = createRoutedQueue(hints, deliveries);
  const base = { clock: systemClock, random: systemRandom, log, table, queue };
  const masterKey = options.barbicanKeys
    ? await openBarbicanMasterKey(cloud.config, options.barbicanKeys)
    : await openFileMasterKey(folder.keysPath);
  const secrets = createSecrets({ ...base, masterKey });
  const apiUrl = options.publicUrl ?? api.url;
  const composed = compose(
    { ...base, ...secrets },
    { cloud: cloud.config, bayTypes, apiUrl, webhooks: options.webhooks ?? DEFAULT_WEBHOOK_SETTINGS },
  );

  const removes = options.removes ?? (cloud.kind === "sandbox" ? "stacks" : "nothing");
  const ports = composed.conductor({ removes });
  const name = `local-${process.pid}`;
  const stopping = createStopping(systemTimers);
  const report = createReport(base, { host: hostname(), binary: CONDUCTOR_BINARY });
  await report();
  const common = { name, report, stopping: stopping.asked, signal: stopping.cut };
  const deliveryPorts = composed.deliveries();
  hints.consume(createBatchHandler(ports, { ...common, types: RECORD_TYPES }));
  deliveries.consume(createBatchHandler(deliveryPorts, { ...common, types: DELIVERY_TYPES }));
  parts.defer(() => stopping.stop(async () => void (await Promise.all([hints.stop(), deliveries.stop()]))));
  const resumed = await resume({ ports: { ...deliveryPorts, ...ports }, name, types: ALL_TYPES });
  log.write("info", "resumed", resumed);
  const sweepTimer = startSweepTimer({ ...base, timers: systemTimers, report });
  parts.defer(() => sweepTimer.stop());
  // The sandbox's own machine is where its users keep their manifests.
  const manifestNetworks = cloud.kind === "sandbox" ? LOOPBACK : undefined;
  api.serve(await composed.api({ ...options, manifestNetworks }));

  const started = parts.move();
  return {
    apiUrl: api.url,
    cloud: { kind: cloud.kind, authUrl: cloud.config.authUrl },
    folder,
    async stop() {
      // First of all: nothing new comes in while the rest ends, in the order opposite to the start.
      await api.stop();
      await started.disposeAsync();
    },
  };
}

const LOOPBACK = ["127.0.0.0/8", "::1/128"];

interface OpenedCloud {
  readonly kind: "sandbox" | "configured";
  readonly config: CloudConfig;
}

/** The cloud of the environment, or, where there is none, the sandbox and the openrc to use it by. */
async function openCloud(
  parts: AsyncDisposableStack,
  { host, keystonePort }: InstanceOptions,
  folder: DataFolder,
  apiUrl: string,
): Promise<OpenedCloud> {
  const configured = await findConfiguredCloud();
  if (configured) return { kind: "configured", config: configured };
  const { startSandbox } = await import("./sandbox-cloud.ts");
  const sandbox = await startSandbox({ host, port: keystonePort, folder: folder.sandboxPath, apiUrl });
  parts.defer(() => sandbox.close());
  const openrc = openrcOf({ authUrl: sandbox.config.authUrl, region: sandbox.region, password: sandbox.password });
  writeFileSync(folder.openrcPath, openrc, { mode: 0o600 });
  return { kind: "sandbox", config: sandbox.config };
}
