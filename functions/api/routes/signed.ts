/**
 * What is asked without a token, by those who prove by a signature that they may: the callbacks of operations
 * (`POST /v1/callbacks/TOKEN`), whose body nobody reads, and the calls of a project's hooks (`POST /v1/hooks/ID`). What is
 * wrong with who asks is told to nobody. What takes them is loaded with the first.
 */
import { Rejected } from "@jeroboam/core/errors";
import type { HookWork } from "@jeroboam/core/hook/take-hook";
import { limits } from "@jeroboam/core/limits";
import type { Hono } from "hono";
import type { ApiPorts } from "../ports.ts";
import type { ApiEnv } from "../route.ts";
import { readBytes } from "../wire/json-body.ts";

export function addSigned(app: Hono<ApiEnv>, ports: ApiPorts): void {
  app.post("/v1/callbacks/:token", async (context) => {
    const { takeCallback } = await import("@jeroboam/core/callback/callback");
    const taken = await takeCallback(ports, context.req.param("token"));
    if (taken === "unknown") throw nothingHere();
    return context.body(null, 204);
  });

  app.post("/v1/hooks/:id", async (context) => {
    const bytes = await readBytes(context.req.raw, limits.hook.bodyBytes);
    const { takeHook } = await import("@jeroboam/core/hook/take-hook");
    const { requireUpgradable } = await import("./upgrades.ts");
    const callPorts = { ...ports, requireUpgradable: requireUpgradable.bind(undefined, { ports }) };
    const outcome = await takeHook(callPorts, {
      hookId: context.req.param("id"),
      id: context.req.header("webhook-id") ?? "",
      timestamp: context.req.header("webhook-timestamp") ?? "",
      signature: context.req.header("webhook-signature") ?? "",
      body: new TextDecoder().decode(bytes),
    });
    switch (outcome.kind) {
      case "unknown":
        throw nothingHere();
      case "invalid":
        throw new Rejected(400, outcome.reason);
      case "busy":
        throw new Rejected(409, `The bay is ${outcome.status}: call again later.`, { "Retry-After": "60" });
      case "accepted":
        return context.json({ bay_uuid: outcome.bayUuid, ...viewWork(outcome) }, 202);
      default:
        return outcome satisfies never;
    }
  });
}

function viewWork(work: HookWork): { node_count: number } | { bay_model: string; max_batch_size: number } {
  return work.action === "resize"
    ? { node_count: work.nodeCount }
    : { bay_model: work.bayModelId, max_batch_size: work.maxBatchSize };
}

const nothingHere = (): Rejected => new Rejected(404, "There is nothing of this kind here.");
