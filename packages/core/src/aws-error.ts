/**
 * What the AWS SDK throws, sorted for our callers: throttling, faults of the service and of the network are Transient;
 * everything else (a missing table, no permission, an invalid request) is passed on as it is, for a person to repair.
 */
import { Transient, textOf } from "./errors.ts";

const THROTTLED = /Throttl|ProvisionedThroughputExceeded|RequestLimitExceeded|TooManyRequests|OverLimit|SlowDown/;

/** Errors of the SDK's own HTTP handler. */
const UNANSWERED = new Set(["TimeoutError", "AbortError"]);

/** The error to throw instead of what a request of the SDK threw. `what` names the request for logs. */
export function translateAwsError(thrown: unknown, what: string): unknown {
  return isPassing(thrown) ? new Transient(`${what}: ${textOf(thrown)}`, { cause: thrown }) : thrown;
}

function isPassing(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  if (THROTTLED.test(thrown.name) || UNANSWERED.has(thrown.name)) return true;
  const status = statusOf(thrown);
  if (status !== undefined && (status >= 500 || status === 429)) return true;
  // A reply that the SDK could not read: cut short or replaced on its way, by a proxy for instance.
  if (thrown instanceof SyntaxError && "$metadata" in thrown) return true;
  // Of node's network: refused, reset, unknown host. They have a code and no reply.
  return status === undefined && "code" in thrown && typeof thrown.code === "string" && /^E[A-Z]/.test(thrown.code);
}

function metadataOf(thrown: Error): Readonly<Record<string, unknown>> {
  return "$metadata" in thrown ? { ...(thrown.$metadata as object) } : {};
}

function statusOf(thrown: Error): number | undefined {
  const status = metadataOf(thrown)["httpStatusCode"];
  return typeof status === "number" ? status : undefined;
}

/** How often the SDK tried the request that failed so in the end. */
export function attemptsOf(thrown: Error): number {
  const attempts = metadataOf(thrown)["attempts"];
  return typeof attempts === "number" ? attempts : 1;
}
