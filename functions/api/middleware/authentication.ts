/**
 * Everything but the public paths needs a token that Keystone knows, for a project. The replies are keystonemiddleware's
 * (cluster sheet 4), except that an unreachable Keystone is told in the envelope, with a time to come back.
 */
import { Rejected } from "@jeroboam/core/errors";
import { isRequestAllowed } from "@jeroboam/core/identity/access-rules";
import type { MiddlewareHandler } from "hono";
import { isPublic } from "../paths.ts";
import type { ApiPorts } from "../ports.ts";
import type { ApiEnv } from "../route.ts";

const UNAUTHORIZED = {
  error: { code: 401, title: "Unauthorized", message: "The request you have made requires authentication." },
};

export function authentication({ checkToken, settings }: ApiPorts): MiddlewareHandler<ApiEnv> {
  return async function authentication(context, next) {
    if (isPublic(context.req.raw.method, context.req.path)) return next();
    const refuse = (): Response =>
      context.json(UNAUTHORIZED, 401, { "WWW-Authenticate": `Keystone uri="${settings.keystoneUrl}"` });
    const check = await checkToken(context.req.header("x-auth-token") ?? "");
    switch (check.kind) {
      case "refused":
        return refuse();
      case "unavailable":
        throw new Rejected(503, "Keystone does not answer, so that nobody can be authenticated. Try again later.", {
          "Retry-After": String(Math.ceil(check.retryAfterMs / 1_000)),
        });
      case "valid": {
        const { caller } = check;
        // Access rules are about the path as it was called, as keystonemiddleware reads them.
        const { pathname } = new URL(context.req.url);
        if (!isRequestAllowed(caller.facts, context.req.raw.method, pathname)) return refuse();
        if (caller.projectId === undefined) throw new Rejected(403, "The token is for no project.");
        context.set("caller", { ...caller, projectId: caller.projectId });
        return next();
      }
      default:
        return check satisfies never;
    }
  };
}
