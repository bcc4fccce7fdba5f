/** A project that asks too often is told when to come back, before anything is read for it. */
import { Rejected } from "@jeroboam/core/errors";
import type { MiddlewareHandler } from "hono";
import type { ApiPorts } from "../ports.ts";
import type { ApiEnv } from "../route.ts";

export function rateLimit({ rateLimit: limit, log }: ApiPorts): MiddlewareHandler<ApiEnv> {
  return async function rateLimit(context, next) {
    const caller = context.get("caller") as ApiEnv["Variables"]["caller"] | undefined;
    const admission = caller && (await limit?.admit(caller.projectId));
    if (admission?.kind !== "refused") return next();
    log.write("info", "rate-limited", { requestId: context.get("requestId"), projectId: caller?.projectId });
    throw new Rejected(429, "Your project asks more often than it may. Come back a little later.", {
      "Retry-After": String(Math.ceil(admission.retryAfterMs / 1_000)),
    });
  };
}
