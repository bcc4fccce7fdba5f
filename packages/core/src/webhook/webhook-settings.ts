/** What an operator allows of webhooks besides the public internet by https. */
import type { GuardedHttp } from "../web/guarded-http.ts";
import { checkUrl, createGuardedHttp } from "../web/guarded-http.ts";
import { createAddressRule } from "../web/public-address.ts";
import type { WebTransport } from "../web/web-transport.ts";

export interface WebhookSettings {
  /** In CIDR form; receivers may stand there too. */
  readonly allowedNetworks: readonly string[];
  /** Receivers may be reached without TLS: for laboratories. */
  readonly plainHttpAllowed: boolean;
}

export const DEFAULT_WEBHOOK_SETTINGS: WebhookSettings = { allowedNetworks: [], plainHttpAllowed: false };

export function schemesOf({ plainHttpAllowed }: WebhookSettings): readonly ("http" | "https")[] {
  return plainHttpAllowed ? ["http", "https"] : ["https"];
}

/** Whether a receiver may stand at the address, as far as can be told now; it is asked again at each delivery. */
export type CheckReceiver = (
  url: string,
) => Promise<{ readonly kind: "allowed" } | { readonly kind: "forbidden"; readonly reason: string }>;

/** Throws on networks that cannot be read. */
export function createWebhookClient(
  transport: WebTransport,
  settings: WebhookSettings,
): { readonly http: GuardedHttp; readonly check: CheckReceiver } {
  const rule = createAddressRule(settings.allowedNetworks);
  return {
    http: createGuardedHttp(transport, rule),
    check: (url) => checkUrl(transport, rule, url, schemesOf(settings)),
  };
}
