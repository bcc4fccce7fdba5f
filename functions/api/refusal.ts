/** Refusals as replies: the envelope with its status and the request's id. */
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { ErrorFacts } from "./envelope.ts";
import { errorEnvelope } from "./envelope.ts";
import { STATUS_CODES } from "./status-codes.ts";

export interface ReplyEnv {
  Variables: { requestId: string };
}

export function refusal<Env extends ReplyEnv>(context: Context<Env>, facts: Omit<ErrorFacts, "requestId">): Response {
  const requestId: string = context.get("requestId");
  return context.json(errorEnvelope({ ...facts, requestId }), facts.status as ContentfulStatusCode);
}

/** Refused before anything of ours looked at the request: no such path, method or form. */
export function routingRefusal<Env extends ReplyEnv>(context: Context<Env>, status: number, text?: string): Response {
  return refusal(context, { status, text: text ?? STATUS_CODES[status] ?? "", routing: true });
}

export function setHeaders<Env extends ReplyEnv>(
  context: Context<Env>,
  headers: Readonly<Record<string, string>>,
): void {
  for (const [name, value] of Object.entries(headers)) context.header(name, value);
}
