/**
 * What was thrown, as a reply. A bug's text stays in the log: the caller gets the request's id to name it by.
 */
import { Rejected, Transient, textOf } from "@jeroboam/core/errors";
import type { ErrorHandler } from "hono";
import type { ApiPorts } from "../ports.ts";
import { refusal, setHeaders } from "../refusal.ts";
import type { ApiEnv } from "../route.ts";

const RETRY_AFTER_MS = 5_000;

export function replyToError({ log }: ApiPorts): ErrorHandler<ApiEnv> {
  return function replyToError(thrown, context) {
    if (thrown instanceof Rejected) {
      setHeaders(context, thrown.headers);
      return refusal(context, { status: thrown.status, text: thrown.message });
    }
    const requestId = context.get("requestId");
    if (thrown instanceof Transient) {
      log.write("warning", "request-failed", { requestId, reason: thrown.message });
      context.header("Retry-After", String(Math.ceil((thrown.retryAfterMs ?? RETRY_AFTER_MS) / 1_000)));
      return refusal(context, { status: 503, text: "A service this depends on does not answer. Try again later." });
    }
    log.write("error", "request-crashed", { requestId, reason: textOf(thrown), stack: thrown.stack });
    return refusal(context, {
      status: 500,
      text: `The service failed. Its operators can find out why by ${requestId}.`,
    });
  };
}
