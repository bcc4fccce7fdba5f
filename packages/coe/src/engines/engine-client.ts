/**
 * What the engines' clients share: a request with the usual limits, a reply read by a schema, a refusal told apart from
 * an engine in trouble. An engine runs on machines of the bay's owner: nothing that it says is trusted in its shape or
 * its length.
 */
import type { z } from "zod";
import { limits } from "@jeroboam/core/limits";
import type { Refused, Unreachable } from "./container-engine.ts";
import type { EngineEndpoint, EngineHttp, EngineReply, EngineRequest } from "./engine-http.ts";

export type Ask = (
  method: EngineRequest["method"],
  path: string,
  options?: Partial<Omit<EngineRequest, "method" | "path">>,
) => Promise<EngineReply | Unreachable>;

export function askAt(http: EngineHttp, endpoint: EngineEndpoint): Ask {
  return (method, path, options) =>
    http(endpoint, {
      method,
      path,
      timeoutMs: limits.containerEngine.requestTimeoutMs,
      maxBytes: limits.containerEngine.responseBytes,
      ...options,
    });
}

export const isSuccess = ({ status }: EngineReply): boolean => status >= 200 && status < 300;

export const textOfReply = ({ body }: EngineReply): string => Buffer.from(body).toString("utf8");

export type Read<Value> = { readonly kind: "read"; readonly value: Value } | Unreachable;

/** The body as JSON of that shape. */
export function readReply<Schema extends z.ZodType>(reply: EngineReply, schema: Schema): Read<z.output<Schema>> {
  const value = parseJson(textOfReply(reply));
  if (value === undefined) return broken(`it answered ${reply.status} with something that is not JSON`);
  const read = schema.safeParse(value);
  if (read.success) return { kind: "read", value: read.data };
  const [issue] = read.error.issues;
  const place = issue?.path.map(String).join(".") ?? "";
  return broken(`it answered ${reply.status} with an unexpected body (${place}: ${issue?.message ?? ""})`);
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's page, a plain text, or half a reply: the caller says what that means to it.
    return undefined;
  }
}

export const broken = (reason: string): Unreachable => ({
  kind: "unreachable",
  cause: "broken",
  reason: shorten(reason),
});

export const refused = (status: number, reason: string): Refused => ({
  kind: "refused",
  status,
  reason: shorten(reason),
});

/** One line, cut to what a record keeps. */
export function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  const { statusReasonChars } = limits.engine;
  return line.length <= statusReasonChars ? line : `${line.slice(0, statusReasonChars - 1)}…`;
}
