/** Software configurations and deployments over HTTP. */
import { Hono } from "hono";
import type { Cloud } from "../cloud.ts";
import { uuid } from "../ids.ts";
import { isMap, toText } from "../json.ts";
import { authorized } from "./access.ts";
import { touch } from "./engine/advance.ts";
import { HeatError } from "./faults.ts";
import type { SoftwareConfig } from "./records.ts";
import { bodyOf } from "./requests.ts";
import { answerDeployment, deploymentIds } from "./resources/config.ts";
import * as views from "./views.ts";

const missing = (kind: string, id: string): HeatError =>
  new HeatError("EntityNotFound", `The ${kind} (${id}) could not be found.`);

export function softwareRoutes(cloud: Cloud): Hono {
  const app = new Hono();
  const { configs, deployments } = cloud.heat;
  app.get("/software_configs", (c) => {
    const caller = authorized(cloud, c, "reader");
    const own = [...configs.values()].filter((one) => one.projectId === caller.projectId);
    return c.json({ software_configs: own.map((one) => views.configView(one, false)) });
  });
  app.post("/software_configs", async (c) => {
    const caller = authorized(cloud, c, "member");
    const body = await bodyOf(c);
    const config: SoftwareConfig = {
      id: uuid(cloud.random),
      projectId: caller.projectId ?? "",
      name: toText(body["name"] ?? ""),
      group: toText(body["group"] ?? "Heat::Ungrouped"),
      config: body["config"] ?? "",
      inputs: Array.isArray(body["inputs"]) ? body["inputs"] : [],
      outputs: Array.isArray(body["outputs"]) ? body["outputs"] : [],
      options: isMap(body["options"]) ? body["options"] : {},
      createdAtMs: cloud.clock.now(),
    };
    configs.put(config);
    return c.json({ software_config: views.configView(config, true) });
  });
  app.get("/software_configs/:id", (c) => {
    const caller = authorized(cloud, c, "reader");
    const config = configs.get(c.req.param("id"));
    if (!config || config.projectId !== caller.projectId) throw missing("Software config", c.req.param("id"));
    return c.json({ software_config: views.configView(config, true) });
  });
  app.delete("/software_configs/:id", (c) => {
    const caller = authorized(cloud, c, "member");
    const config = configs.get(c.req.param("id"));
    if (!config || config.projectId !== caller.projectId) throw missing("Software config", c.req.param("id"));
    configs.delete(config.id);
    return c.body(null, 204);
  });
  app.get("/software_deployments", (c) => {
    const caller = authorized(cloud, c, "reader");
    const serverId = c.req.query("server_id");
    const own = [...deployments.values()].filter(
      (one) => one.projectId === caller.projectId && (serverId === undefined || one.serverId === serverId),
    );
    return c.json({ software_deployments: own.map(views.deploymentView) });
  });
  app.get("/software_deployments/metadata/:server", (c) => {
    authorized(cloud, c, "signal");
    const own = [...deployments.values()].filter((one) => one.serverId === c.req.param("server"));
    return c.json({
      metadata: own.flatMap((one) => {
        const config = configs.get(one.configId);
        return config ? [views.configView(config, true)] : [];
      }),
    });
  });
  app.get("/software_deployments/:id", (c) => {
    const caller = authorized(cloud, c, "reader");
    const one = deployments.get(c.req.param("id"));
    if (!one || one.projectId !== caller.projectId) throw missing("Deployment", c.req.param("id"));
    return c.json({ software_deployment: views.deploymentView(one) });
  });
  app.put("/software_deployments/:id", async (c) => {
    const caller = authorized(cloud, c, "signal");
    const one = deployments.get(c.req.param("id"));
    if (!one || (one.projectId !== caller.projectId && !caller.isAdmin)) throw missing("Deployment", c.req.param("id"));
    const body = await bodyOf(c);
    const values = isMap(body["output_values"]) ? body["output_values"] : {};
    answerDeployment({ cloud, at: cloud.clock.now() }, one, {
      deploy_status_code: body["status"] === "FAILED" ? 1 : 0,
      ...values,
    });
    for (const resource of cloud.heat.resources.values()) {
      if (deploymentIds(resource).includes(one.id)) touch(cloud, cloud.heat.stacks.get(resource.stackId)?.rootId ?? "");
    }
    return c.json({ software_deployment: views.deploymentView(deployments.get(one.id) ?? one) });
  });
  return app;
}
