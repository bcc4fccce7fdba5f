/** Heat v1 over HTTP. */
import { Hono } from "hono";
import type { Context } from "hono";
import type { Cloud } from "../cloud.ts";
import { Fault } from "../http/fault.ts";
import type { JsonMap } from "../json.ts";
import { authorized, lookUp, stackAt } from "./access.ts";
import { checkUpdate, createStack, deleteStack, draftStack, updateStack } from "./engine/stacks.ts";
import type { Change } from "./engine/stacks.ts";
import { templateOf } from "./engine/templates.ts";
import { validateStack } from "./engine/validate.ts";
import { HeatError, toFault } from "./faults.ts";
import { dialectOf, versions } from "./hot/dialects.ts";
import { listStacks } from "./list.ts";
import type { Stack } from "./records.ts";
import { argumentsIn, bodyOf, booleanIn, goalIn, patchedGoal, tagsIn } from "./requests.ts";
import { resourceRoutes } from "./resource-routes.ts";
import { softwareRoutes } from "./software-routes.ts";
import { builtIn } from "./resources/all.ts";
import * as views from "./views.ts";

export function createHeat(cloud: Cloud): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    const fault = error instanceof HeatError ? toFault(error) : error;
    if (!(fault instanceof Fault)) throw error;
    return c.json(fault.body as object, fault.status as 400, { ...fault.headers });
  });
  app.notFound((c) => {
    const fault = toFault(new HeatError("HTTPNotFound", "The resource could not be found."));
    return c.json(fault.body as object, 404);
  });
  const versionsView = () => ({
    versions: [
      { id: "v1.0", status: "CURRENT", links: [{ rel: "self", href: `${cloud.options.publicUrl}/orchestration/v1/` }] },
    ],
  });
  app.get("/", (c) => c.json(versionsView(), 300));
  app.get("/v1", (c) => c.json(versionsView()));
  const v1 = new Hono();
  templateRoutes(v1, cloud);
  v1.route("/", softwareRoutes(cloud));
  // Before the stacks' own routes: `/stacks/{name}/resources` is no stack with the id `resources`.
  for (const part of ["resources", "events", "template", "actions", "environment", "files"]) {
    v1.get(`/stacks/:name/${part}`, (c) => redirect(cloud, c, part));
  }
  stackRoutes(v1, cloud);
  v1.route("/", resourceRoutes(cloud));
  v1.all("/stacks/:name", (c) => redirect(cloud, c, ""));
  app.route("/v1/:tenant", v1);
  return app;
}

const queryOf = (c: Context): Record<string, string[]> => c.req.queries();

/** The `next` link of a page that is full. */
function nextLink(cloud: Cloud, c: Context, page: readonly Stack[]): JsonMap {
  const limit = Number(c.req.query("limit") ?? 0);
  const last = page.at(-1);
  if (!last || limit <= 0 || page.length !== limit) return {};
  const query = new URLSearchParams(c.req.query());
  query.set("marker", last.id);
  return {
    links: [{ rel: "next", href: `${cloud.options.publicUrl}/orchestration${c.req.path}?${query.toString()}` }],
  };
}

function stackRoutes(app: Hono, cloud: Cloud): void {
  app.get("/stacks", (c) => {
    const caller = authorized(cloud, c, "reader");
    const query = queryOf(c);
    const isGlobal = booleanIn("global_tenant", query["global_tenant"]?.[0]) === true;
    if (isGlobal && !caller.isAdmin) throw new HeatError("HTTPForbidden", "Access was denied to this resource.");
    const { page, count } = listStacks(cloud, caller, query);
    return c.json({
      stacks: page.map((stack) => views.stackSummary(cloud, stack, isGlobal || caller.isAdmin)),
      ...nextLink(cloud, c, page),
      ...(booleanIn("with_count", query["with_count"]?.[0]) === true && { count }),
    });
  });
  app.get("/stacks/detail", (c) => {
    const { page } = listStacks(cloud, authorized(cloud, c, "reader"), queryOf(c));
    return c.json({ stacks: page.map((stack) => views.stackDetail(cloud, stack, true)) });
  });
  app.post("/stacks", async (c) => {
    const caller = authorized(cloud, c, "member");
    const body = await bodyOf(c);
    if (body["stack_name"] === undefined) throw new HeatError("HTTPBadRequest", "No stack name specified");
    const stack = createStack(cloud, caller, { name: body["stack_name"], goal: goalIn(body), ...argumentsIn(body) });
    const href = views.stackUrl(cloud, stack);
    return c.json({ stack: { id: stack.id, links: [{ href, rel: "self" }] } }, 201, { Location: href });
  });
  app.post("/stacks/preview", async (c) => {
    const caller = authorized(cloud, c, "member");
    const body = await bodyOf(c);
    const stack = draftStack(cloud, caller, { name: body["stack_name"], goal: goalIn(body), ...argumentsIn(body) });
    const resources = Object.entries(templateOf(stack.goal.template).resources).map(([name, one]) => ({
      resource_name: name,
      resource_type: one.type,
      properties: one.properties,
    }));
    return c.json({ stack: { ...views.stackDetail(cloud, stack, false), resources } });
  });
  app.get("/stacks/:name/:id", (c) => {
    const stack = stackAt(cloud, c, authorized(cloud, c, "reader"), { deleted: true });
    const withOutputs = booleanIn("resolve_outputs", c.req.query("resolve_outputs")) ?? true;
    return c.json({ stack: views.stackDetail(cloud, stack, withOutputs) });
  });
  app.put("/stacks/:name/:id", (c) => update(cloud, c, false));
  app.patch("/stacks/:name/:id", (c) => update(cloud, c, true));
  for (const method of ["PUT", "PATCH"]) {
    app.on(method, "/stacks/:name/:id/preview", async (c) => {
      const stack = stackAt(cloud, c, authorized(cloud, c, "member"));
      const body = await bodyOf(c);
      const goal = goalFor(stack, body, method === "PATCH");
      checkUpdate(cloud, stack, goal);
      return c.json({ resource_changes: changesTo(cloud, stack, goal.template) });
    });
  }
  app.delete("/stacks/:name/:id", (c) => {
    deleteStack(cloud, stackAt(cloud, c, authorized(cloud, c, "member"), { deleted: true }));
    return c.body(null, 204);
  });
  stackParts(app, cloud);
}

function stackParts(app: Hono, cloud: Cloud): void {
  const look = (c: Context): Stack => stackAt(cloud, c, authorized(cloud, c, "reader"), { deleted: true });
  app.get("/stacks/:name/:id/template", (c) => c.json(look(c).goal.template));
  app.get("/stacks/:name/:id/files", (c) => c.json(look(c).goal.files));
  app.get("/stacks/:name/:id/environment", (c) => {
    const { goal } = look(c);
    const hidden = new Set(
      templateOf(goal.template)
        .parameters.filter((one) => one.hidden)
        .map((one) => one.name),
    );
    const masked = (map: JsonMap): JsonMap =>
      Object.fromEntries(Object.entries(map).map(([name, value]) => [name, hidden.has(name) ? "******" : value]));
    return c.json({
      encrypted_param_names: [],
      event_sinks: [],
      parameter_defaults: masked(goal.environment.parameter_defaults),
      parameters: masked(goal.environment.parameters),
      resource_registry: { resources: {}, ...goal.environment.resource_registry },
    });
  });
  app.get("/stacks/:name/:id/outputs", (c) => c.json({ outputs: views.outputsView(cloud, look(c), false) }));
  app.get("/stacks/:name/:id/outputs/:key", (c) =>
    c.json({ output: views.outputView(cloud, look(c), c.req.param("key"), true) }),
  );
  app.post("/stacks/:name/:id/actions", () => {
    throw new HeatError("NotSupported", "Stack actions (suspend, resume, check, cancel) is not supported.");
  });
  app.delete("/stacks/:name/:id/abandon", () => {
    throw new HeatError("NotSupported", "Stack Abandon is not supported.");
  });
}

const goalFor = (stack: Stack, body: JsonMap, isPatch: boolean) => {
  if (!isPatch && booleanIn("existing", body["existing"]) !== true) return goalIn(body);
  return patchedGoal(body, stack.goal, (template) => templateOf(template).parameters.map((one) => one.name));
};

async function update(cloud: Cloud, c: Context, isPatch: boolean): Promise<Response> {
  const stack = stackAt(cloud, c, authorized(cloud, c, "member"));
  const body = await bodyOf(c);
  const isKept = isPatch || booleanIn("existing", body["existing"]) === true;
  const tags = tagsIn(body["tags"]);
  // A full update without tags takes them away; a patch leaves them.
  const change: Change = {
    ...argumentsIn(body),
    goal: goalFor(stack, body, isPatch),
    ...(!isKept && { tags: tags ?? null }),
  };
  updateStack(cloud, stack, change);
  return c.body(null, 202);
}

/** Names of resources by what an update would do to them, as far as the definitions tell. */
function changesTo(cloud: Cloud, stack: Stack, template: JsonMap): JsonMap {
  const before = templateOf(stack.goal.template).resources;
  const after = templateOf(template).resources;
  const view = (name: string) => {
    const found = cloud.heat.resources.group(stack.id).find((one) => one.name === name);
    return found
      ? views.resourceView(cloud, stack, found, { isDetailed: false })
      : { resource_name: name, resource_type: after[name]?.type ?? "" };
  };
  const both = Object.keys(after).filter((name) => name in before);
  const isSame = (name: string): boolean => JSON.stringify(before[name]) === JSON.stringify(after[name]);
  return {
    unchanged: both.filter(isSame).map(view),
    updated: both.filter((name) => !isSame(name) && before[name]?.type === after[name]?.type).map(view),
    replaced: both.filter((name) => before[name]?.type !== after[name]?.type).map(view),
    added: Object.keys(after)
      .filter((name) => !(name in before))
      .map(view),
    deleted: Object.keys(before)
      .filter((name) => !(name in after))
      .map(view),
  };
}

function templateRoutes(app: Hono, cloud: Cloud): void {
  app.post("/validate", async (c) => {
    const caller = authorized(cloud, c, "reader");
    const body = await bodyOf(c);
    const goal = goalIn(body);
    const template = templateOf(goal.template);
    const stack = { ...dummyStack(caller.projectId ?? "", caller.userId), goal };
    try {
      validateStack(cloud, stack, cloud.clock.now());
    } catch (error) {
      // Without all parameters a template can still be valid; that they are missing is no finding here.
      if (!(error instanceof HeatError) || error.type !== "UserParameterMissing") throw error;
    }
    return c.json({
      Description: template.description,
      Parameters: Object.fromEntries(template.parameters.map((one) => [one.name, views.parameterView(one)])),
      Environment: { ...goal.environment, encrypted_param_names: [], event_sinks: [] },
    });
  });
  app.get("/resource_types", (c) => {
    authorized(cloud, c, "reader");
    const wanted = c.req.query("name");
    const names = Object.keys(builtIn)
      .filter((name) => wanted === undefined || name.includes(wanted))
      .toSorted();
    const isDescribed = booleanIn("with_description", c.req.query("with_description")) === true;
    return c.json({
      resource_types: isDescribed ? names.map((name) => ({ resource_type: name, description: "" })) : names,
    });
  });
  app.get("/resource_types/:type", (c) => {
    authorized(cloud, c, "reader");
    const type = c.req.param("type");
    const kind = Object.hasOwn(builtIn, type) ? builtIn[type] : undefined;
    if (!kind) throw new HeatError("EntityNotFound", `The Resource Type (${type}) could not be found.`);
    return c.json({
      resource_type: type,
      properties: Object.fromEntries(
        Object.entries(kind.properties).map(([name, one]) => [
          name,
          {
            type: one.type,
            required: one.required === true,
            update_allowed: one.updatable === true,
            immutable: false,
            ...(one.default !== undefined && { default: one.default }),
          },
        ]),
      ),
      attributes: Object.fromEntries(kind.attributes.map((name) => [name, { description: "" }])),
      support_status: { status: "SUPPORTED", message: null, version: null, previous_status: null },
    });
  });
  app.get("/template_versions", (c) => {
    authorized(cloud, c, "reader");
    return c.json({
      template_versions: versions().map((version) => ({
        version: `heat_template_version.${version}`,
        type: "hot",
        aliases: [],
      })),
    });
  });
  app.get("/template_versions/:version/functions", (c) => {
    authorized(cloud, c, "reader");
    const dialect = dialectOf(c.req.param("version").replace("heat_template_version.", ""));
    if (!dialect) throw new HeatError("NotFound", `Template with version ${c.req.param("version")} not found`);
    const names = Object.entries(dialect.functions)
      .filter(([, kind]) => kind !== "removed")
      .map(([name]) => name);
    return c.json({ template_functions: names.toSorted().map((name) => ({ functions: name, description: "" })) });
  });
  app.get("/build_info", (c) => {
    authorized(cloud, c, "reader");
    return c.json({ api: { revision: "sandbox" }, engine: { revision: "sandbox" } });
  });
  app.get("/services", (c) => {
    authorized(cloud, c, "reader");
    return c.json({ services: [] });
  });
}

const dummyStack = (projectId: string, userId: string): Stack => ({
  id: "dummy",
  name: "dummy",
  projectId,
  rootId: "dummy",
  ownerId: null,
  parentResource: null,
  depth: 0,
  userId,
  userName: "",
  action: "INIT",
  status: "COMPLETE",
  reason: "",
  createdAtMs: 0,
  updatedAtMs: null,
  deletedAtMs: null,
  goal: { template: {}, files: {}, environment: { parameters: {}, parameter_defaults: {}, resource_registry: {} } },
  previous: null,
  direction: "forward",
  traversal: 0,
  deadlineMs: null,
  timeoutMins: null,
  disableRollback: true,
  tags: null,
  userProjectId: null,
  trustId: null,
});

/** `/stacks/{name or id}` and parts of it: 302 to the canonical address. */
function redirect(cloud: Cloud, c: Context, part: string): Response {
  const stack = lookUp(cloud, authorized(cloud, c, "reader"), decodeURIComponent(c.req.param("name") ?? ""));
  const query = new URL(c.req.url).search;
  return c.redirect(`${views.stackUrl(cloud, stack)}${part === "" ? "" : `/${part}`}${query}`, 302);
}
