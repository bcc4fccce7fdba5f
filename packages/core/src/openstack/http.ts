/**
 * The port through which everything outside is spoken to over HTTP: one request, one reply, whatever its status.
 * An implementation promises: it ends within `timeoutMs`; it reads no more than its limit of a reply's body; it follows
 * no redirect; it throws `Transient` when no reply came (network, TLS, timeout, abort, a body that is too large) and
 * nothing else. What a status means is for the client of the service that answered.
 */
import type { z } from "zod";
import { Transient } from "../errors.ts";

export type HttpMethod = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface HttpRequest {
  readonly method: HttpMethod;
  /** Absolute, http or https, without a user's name or password in it. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. At most one of `json` and `text` is given. */
  readonly json?: unknown;
  readonly text?: string;
}

export interface HttpReply {
  readonly status: number;
  /** Names in lower case; several values of one name joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export type HttpFetch = (request: HttpRequest, options: HttpOptions) => Promise<HttpReply>;

/** Whether the reply's status is one of success. */
export function isSuccess(reply: HttpReply): boolean {
  return reply.status >= 200 && reply.status < 300;
}

/**
 * The reply's body, read by the schema. What others send is not trusted: a body of another shape than theirs is a fault
 * of theirs, told as `Transient`. The text names what is wrong where, never the values.
 */
export function readJson<Schema extends z.ZodType>(reply: HttpReply, schema: Schema, source: string): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(reply.body);
  } catch (error) {
    // Not JSON at all: a proxy's page, or a reply cut short.
    throw new Transient(`${source} answered ${reply.status} with something that is not JSON`, { cause: error });
  }
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const place = issue ? `${issue.path.join(".") || "the body"}: ${issue.message}` : "no reason given";
  throw new Transient(`${source} answered ${reply.status} with an unexpected body (${place})`);
}

/** How long the other side asks to wait, by the Retry-After header: seconds or a date. */
export function retryAfterMs(reply: HttpReply, nowMs: number): number | undefined {
  const text = reply.headers["retry-after"]?.trim();
  if (!text) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
