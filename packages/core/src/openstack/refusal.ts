/**
 * What a reply that is no success means. Said no in a way that asking again does not change: a refusal, which is a value.
 * Tells nothing of the request (overloaded, broken): thrown as `Transient`. The reason is the service's own sentence, cut
 * to a length and without markup, whichever of OpenStack's error forms it came in.
 */
import { z } from "zod";
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import type { Clock } from "../ports.ts";
import { retryAfterMs } from "./http.ts";
import type { HttpReply } from "./http.ts";

export interface Refusal {
  readonly kind: "refused";
  /** `unauthorized`: who we are is not accepted. `unavailable`: the cloud has no such service. `other`: the rest of 4xx. */
  readonly cause: "unauthorized" | "forbidden" | "quota" | "conflict" | "unavailable" | "other";
  /** A sentence for the project's people. */
  readonly reason: string;
}

/** Heat and Keystone: `{error: {message}}`; Nova: `{itemNotFound: {message}}`; Neutron: `{NeutronError: {message}}`. */
const wrappedSchema = z.record(z.string(), z.unknown());
const messageSchema = z.object({ message: z.string(), type: z.string().nullish() });

/** Heat where it hides what happened; Barbican. */
const toldSchema = z.union([
  z.object({ explanation: z.string() }).transform(({ explanation }) => explanation),
  z.object({ description: z.string() }).transform(({ description }) => description),
]);

export interface ErrorText {
  readonly message: string;
  /** The exception's name, where the service tells it (Heat, Neutron). */
  readonly type: string | undefined;
}

/** The sentence inside an error's body. */
export function readError(reply: HttpReply): ErrorText {
  const value = parseObject(reply.body);
  const candidates = value === undefined ? [] : [value["error"], ...Object.values(value), value];
  for (const candidate of candidates) {
    const read = messageSchema.safeParse(candidate);
    if (read.success) return { message: clean(read.data.message), type: read.data.type ?? undefined };
  }
  const told = toldSchema.safeParse(value);
  const text = clean(told.success ? told.data : withoutMarkup(reply.body));
  return { message: text || `status ${reply.status}`, type: undefined };
}

/** Throws when the reply tells nothing of the request: an overloaded or broken service. */
export function throwIfTransient(reply: HttpReply, source: string, clock: Clock): void {
  const isOverloaded = reply.status === 429 || (reply.status === 413 && "retry-after" in reply.headers);
  if (reply.status < 500 && !isOverloaded && reply.status !== 408) return;
  const waitMs = retryAfterMs(reply, clock.nowMs());
  const message = `${source} answered ${reply.status}: ${readError(reply).message}`;
  throw new Transient(message, waitMs === undefined ? {} : { retryAfterMs: waitMs });
}

/** The refusal that a 4xx reply is. `source` names the service in the reason. */
export function refusalOf(reply: HttpReply, source: string): Refusal {
  const { message, type } = readError(reply);
  return { kind: "refused", cause: causeOf(reply.status, message, type), reason: `${source} refused: ${message}` };
}

/** Types and words by which Heat, Nova, Neutron and Cinder say that a quota is used up. */
const QUOTA_TYPES = new Set(["RequestLimitExceeded", "StackResourceLimitExceeded", "OverQuota", "OverLimit"]);

function causeOf(status: number, message: string, type: string | undefined): Refusal["cause"] {
  if (QUOTA_TYPES.has(type ?? "") || (status !== 404 && /quota exceeded|exceeds? .*quota/i.test(message)))
    return "quota";
  if (status === 401) return "unauthorized";
  if (status === 403) return "forbidden";
  return status === 409 ? "conflict" : "other";
}

function parseObject(body: string): Record<string, unknown> | undefined {
  try {
    const read = wrappedSchema.safeParse(JSON.parse(body));
    return read.success ? read.data : undefined;
  } catch {
    // Not JSON: Glance, proxies and old middleware answer in HTML or plain text.
    return undefined;
  }
}

/** The text of an HTML page, its title left out because the body repeats it. */
function withoutMarkup(body: string): string {
  const cut = body.slice(0, 8 * limits.engine.statusReasonChars);
  return cut.replace(/<(head|title|style|script)[\s>].*?<\/\1>/gis, " ").replace(/<[^>]*>/g, " ");
}

function clean(message: string): string {
  const line = message.replace(/\s+/g, " ").trim();
  return line.length <= limits.engine.statusReasonChars
    ? line
    : `${line.slice(0, limits.engine.statusReasonChars - 1)}…`;
}
