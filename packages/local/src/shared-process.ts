/** What processes over shared stores have in common: their options, and the adapters that these name. */
import { hostname } from "node:os";
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { createSystemLog } from "@jeroboam/core/log/system-log";
import type { LogLevel } from "@jeroboam/core/ports";
import { systemRandom } from "@jeroboam/core/random/system-random";
import { openFileMasterKey } from "@jeroboam/core/secret/file-master-key";
import { createSecrets } from "@jeroboam/core/secret/secrets";
import type { WebhookSettings } from "@jeroboam/core/webhook/webhook-settings";
import { openBarbicanMasterKey } from "./barbican-master-key.ts";
import type { Adapters } from "./compose.ts";
import { loadConfiguredCloud } from "./configured-cloud.ts";
import { openStores } from "./stores.ts";
import type { StoreNames, Stores } from "./stores.ts";

export interface SharedOptions extends StoreNames {
  /** The file of the keys that seal secrets; every process of an installation needs the same. */
  readonly keys: string;
  /** Secrets of Barbican that are the keys, in place of the file: their uuids, the current one first. */
  readonly barbicanKeys?: string;
  readonly logLevel: LogLevel;
  readonly webhooks?: WebhookSettings;
}

export interface SharedProcess {
  readonly stores: Stores;
  readonly adapters: Adapters;
  /** Names this process in leases and logs. */
  readonly name: string;
}

export async function openSharedProcess(options: SharedOptions): Promise<SharedProcess> {
  const { keys, barbicanKeys, logLevel, ...names } = options;
  const masterKey =
    barbicanKeys === undefined
      ? await openFileMasterKey(keys)
      : await openBarbicanMasterKey(await loadConfiguredCloud(), barbicanKeys);
  const stores = openStores(names);
  const { table, queue } = stores;
  const secrets = createSecrets({ table, masterKey, clock: systemClock });
  const log = createSystemLog(logLevel, (line) => console.error(line));
  const adapters = { clock: systemClock, random: systemRandom, log, table, queue, ...secrets };
  return { stores, adapters, name: `${hostname()}-${process.pid}` };
}
