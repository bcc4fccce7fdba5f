/**
 * The body of every refusal, which every client there was reads in full (bay-era sheet 1.9, cluster sheet 5): `fault`
 * first for magnumclient 1.1, `error_message` (a string that holds JSON, never an object) for 0.2 and 2.0, `errors` for
 * all since. `request_id` holds the real one, where Magnum leaves it empty.
 */
import { STATUS_CODES } from "./status-codes.ts";

export interface ErrorFacts {
  readonly status: number;
  readonly requestId: string;
  /** For the caller to read. */
  readonly text: string;
  /** Refused by routing, before anything of ours looked at it: the list's entry is titled by the status alone. */
  readonly routing?: boolean;
  /** Takes the place of the list's ordinary entry. */
  readonly entry?: Readonly<Record<string, unknown>>;
}

export function errorEnvelope(facts: ErrorFacts): Readonly<Record<string, unknown>> {
  const { status, text } = facts;
  const faultcode = status < 500 ? "Client" : "Server";
  return {
    fault: { message: text },
    error_message: JSON.stringify({ debuginfo: null, faultcode, faultstring: text }),
    errors: [facts.entry ?? listEntry(facts)],
  };
}

/** The title is the text up to its first dot, as Magnum's is. */
function listEntry({ status, requestId, text, routing }: ErrorFacts): Readonly<Record<string, unknown>> {
  const phrase = STATUS_CODES[status] ?? "";
  const words = routing
    ? { code: "", status, title: phrase, detail: text === phrase ? "" : text }
    : { code: status < 500 ? "client" : "server", status, title: text.split(".", 1)[0], detail: text };
  return { request_id: requestId, ...words, links: [] };
}
