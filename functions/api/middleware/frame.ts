/**
 * The outermost middleware: names the request, sets what every reply carries, and writes its one line in the log. The
 * line holds no token and no query (a query may hold secrets).
 */
import type { MiddlewareHandler } from "hono";
import { loggedPath } from "../paths.ts";
import type { ApiPorts } from "../ports.ts";
import type { ApiEnv } from "../route.ts";

/** An id that another service gave the request; anything of another form is not echoed anywhere. */
const GLOBAL_ID = /^req-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function frame({ clock, random, log }: ApiPorts): MiddlewareHandler<ApiEnv> {
  return async function frame(context, next) {
    const startedAtMs = clock.nowMs();
    const requestId = `req-${random.uuid()}`;
    context.set("requestId", requestId);
    await next();
    context.header("X-Openstack-Request-Id", requestId);
    context.header("X-Content-Type-Options", "nosniff");
    // A public document says itself how long it is good.
    if (!context.res.headers.has("cache-control")) context.header("Cache-Control", "no-store");

    const given = context.req.header("x-openstack-request-id") ?? "";
    // Absent on requests that were refused before anybody was known.
    const caller = context.get("caller") as ApiEnv["Variables"]["caller"] | undefined;
    log.write("info", "request", {
      requestId,
      ...(GLOBAL_ID.test(given) && { globalRequestId: given }),
      method: context.req.raw.method,
      path: loggedPath(context.req.path),
      status: context.res.status,
      durationMs: clock.nowMs() - startedAtMs,
      ...(caller && { projectId: caller.projectId, userId: caller.userId }),
    });
  };
}
