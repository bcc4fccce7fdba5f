/**
 * The receivers of webhooks: one an address, each remembers what it has taken. What they answer is chance's and the
 * faults'; once those have stopped, all of them take what they are sent.
 */
import { Transient } from "@jeroboam/core/errors";
import type { SendOutcome, SendWebhook, WebhookMessage } from "@jeroboam/core/webhook/send-webhook";
import type { Process } from "./process.ts";

export interface Receivers {
  /** What each took, by its address: payloads by the ids of their messages. */
  readonly taken: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Messages that came again as another: an id of which two payloads were taken. */
  readonly altered: readonly string[];
  sendFor(process: Process): SendWebhook;
}

export function createReceivers(): Receivers {
  const taken = new Map<string, Map<string, string>>();
  const altered: string[] = [];
  const take = ({ url, id, payload }: WebhookMessage): SendOutcome => {
    const messages = taken.get(url) ?? new Map<string, string>();
    taken.set(url, messages);
    if ((messages.get(id) ?? payload) !== payload) altered.push(id);
    messages.set(id, payload);
    return { kind: "taken", status: 200 };
  };
  return {
    taken,
    altered,
    sendFor: (process) => (message) =>
      process
        .call<SendOutcome>("receiver", `post ${message.url} ${message.id}`, () => take(message), {
          "receiver fails": () => ({ kind: "refused", status: 500, error: "it answered 500" }),
        })
        .catch((thrown: unknown) => {
          if (!(thrown instanceof Transient)) throw thrown;
          return { kind: "refused", status: null, error: thrown.message } as const;
        }),
  };
}
