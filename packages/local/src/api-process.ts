/** The API as a process of its own: any number of them, over shared stores, behind whatever spreads requests. */
import { DEFAULT_WEBHOOK_SETTINGS } from "@jeroboam/core/webhook/webhook-settings";
import { loadBayTypes } from "./bay-types.ts";
import { compose } from "./compose.ts";
import type { ApiSettings } from "./compose.ts";
import { loadConfiguredCloud } from "./configured-cloud.ts";
import { listen } from "./http-server.ts";
import { openSharedProcess } from "./shared-process.ts";
import type { SharedOptions } from "./shared-process.ts";

export interface ApiProcessOptions extends SharedOptions, ApiSettings {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
}

export interface ApiProcess {
  readonly url: string;
  stop(): Promise<void>;
}

/** Throws StartRefused when the port, the cloud or the policy cannot be used. */
export async function startApi(options: ApiProcessOptions): Promise<ApiProcess> {
  const cloud = await loadConfiguredCloud();
  const bayTypes = await loadBayTypes();
  const server = await listen({ what: "the API", host: options.host, port: options.port, option: "--port" });
  const { stores, adapters } = await openSharedProcess(options);
  const composed = compose(adapters, {
    cloud,
    bayTypes,
    apiUrl: options.publicUrl ?? server.url,
    webhooks: options.webhooks ?? DEFAULT_WEBHOOK_SETTINGS,
  });
  server.serve(await composed.api(options));
  return {
    url: server.url,
    async stop() {
      await server.stop();
      stores.close();
    },
  };
}
