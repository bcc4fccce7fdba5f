/**
 * What is asked without a token, by those who prove by a signature that they may: the callbacks of operations
 * (`POST /v1/callbacks/TOKEN`). Nobody reads the body of a callback, and what is wrong with one is not told.
 */
import { takeCallback } from "@jeroboam/core/callback/callback";
import { Rejected } from "@jeroboam/core/errors";
import type { Hono } from "hono";
import type { ApiPorts } from "../ports.ts";
import type { ApiEnv } from "../route.ts";

export function addSigned(app: Hono<ApiEnv>, ports: ApiPorts): void {
  app.post("/v1/callbacks/:token", async (context) => {
    const taken = await takeCallback(ports, context.req.param("token"));
    if (taken === "unknown") throw new Rejected(404, "There is nothing of this kind here.");
    return context.body(null, 204);
  });
}
