/** The one part of Heat's CloudFormation API that nodes use: signals to wait conditions by signed address, without a token. */
import { Hono } from "hono";
import type { Cloud } from "../cloud.ts";
import { bodyOf } from "./requests.ts";
import { touch } from "./engine/advance.ts";
import { waitSignature } from "./engine/signal-urls.ts";
import { findResource, sendSignal } from "./engine/signals.ts";
import { HeatError } from "./faults.ts";

export function createHeatCfn(cloud: Cloud): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    if (!(error instanceof HeatError)) throw error;
    const status = error.type === "HTTPForbidden" ? 403 : error.type.endsWith("NotFound") ? 404 : 400;
    return c.text(`<ErrorResponse><Error><Message>${error.message}</Message></Error></ErrorResponse>`, status, {
      "Content-Type": "application/xml",
    });
  });
  app.put("/v1/waitcondition/:arn", async (c) => {
    const arn = decodeURIComponent(c.req.param("arn"));
    const [, stackId = "", name = ""] = /stacks\/[^/]+\/([^/]+)\/resources\/(.+)$/.exec(arn) ?? [];
    const stack = cloud.heat.stacks.get(stackId);
    if (!stack || stack.deletedAtMs !== null) {
      throw new HeatError("EntityNotFound", `The Stack (${stackId}) could not be found.`);
    }
    const resource = findResource(cloud, stack, name);
    const signature = waitSignature({ resource }, `/waitcondition/${encodeURIComponent(arn)}`);
    if (c.req.query("Signature") !== signature) {
      throw new HeatError("HTTPForbidden", "User is not authorized to perform action");
    }
    sendSignal(cloud, stack, resource, await bodyOf(c), cloud.clock.now());
    touch(cloud, stack.rootId);
    return c.json({ resource: name, metadata: resource.metadata }, 201);
  });
  return app;
}
