/**
 * One attempt at a delivery: the payload, signed and numbered as Standard Webhooks has it, posted by the guarded client to
 * nowhere but where it may go. What an answer means is said here; what follows from it is the operation's.
 */
import { Webhook as Signer } from "standardwebhooks";
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import type { GuardedHttp } from "../web/guarded-http.ts";
import { CONTENT_TYPES } from "./payload.ts";
import type { Webhook } from "./webhook.ts";
import type { WebhookSettings } from "./webhook-settings.ts";
import { schemesOf } from "./webhook-settings.ts";

export interface WebhookMessage {
  /** The same at each attempt. */
  readonly id: string;
  readonly url: string;
  readonly format: Webhook["format"];
  readonly payload: string;
  /** Each signs. */
  readonly secrets: readonly string[];
  readonly atMs: number;
}

export type SendOutcome =
  | { readonly kind: "taken"; readonly status: number }
  /** The receiver wants no more, ever. */
  | { readonly kind: "gone"; readonly status: number }
  | {
      readonly kind: "refused";
      /** Null: there was no answer. */
      readonly status: number | null;
      readonly error: string;
      /** The least time to wait, when the receiver named one. */
      readonly retryAfterMs?: number;
    };

export type SendWebhook = (message: WebhookMessage, signal: AbortSignal) => Promise<SendOutcome>;

const GONE = 410;

export function createSendWebhook(http: GuardedHttp, settings: WebhookSettings): SendWebhook {
  return async ({ id, url, format, payload, secrets, atMs }, signal) => {
    const at = new Date(atMs);
    const request = {
      url,
      method: "POST",
      headers: {
        "content-type": CONTENT_TYPES[format],
        "user-agent": "Jeroboam-Webhooks/1",
        "webhook-id": id,
        "webhook-timestamp": String(Math.floor(atMs / 1_000)),
        "webhook-signature": secrets.map((secret) => new Signer(secret).sign(id, at, payload)).join(" "),
      },
      body: payload,
      schemes: schemesOf(settings),
      redirects: 0,
      maxBytes: limits.webhook.responseBytes,
      timeoutMs: limits.webhook.timeoutMs,
    } as const;
    const reply = await http(request, signal);
    // The process has to stop: that says nothing of the receiver.
    if (reply.kind !== "reply" && signal.aborted) throw new Transient("the attempt was cut short");
    if (reply.kind !== "reply") return { kind: "refused", status: null, error: reply.reason };
    const { status, headers } = reply;
    if (status >= 200 && status < 300) return { kind: "taken", status };
    if (status === GONE) return { kind: "gone", status };
    const isRedirect = status >= 300 && status < 400;
    const error = isRedirect ? `it redirects (${status}), which is not followed` : `it answered ${status}`;
    return { kind: "refused", status, error, ...readRetryAfter(headers["retry-after"]) };
  };
}

/** In seconds; a date is left alone. */
function readRetryAfter(text: string | undefined): { readonly retryAfterMs?: number } {
  if (text === undefined || !/^\d{1,9}$/.test(text)) return {};
  return { retryAfterMs: Math.min(Number(text) * 1_000, limits.webhook.retryAfterMs) };
}
