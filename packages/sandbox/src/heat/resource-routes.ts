/** Heat's resources and events over HTTP: lists through the tree, signals, health marks. */
import { Hono } from "hono";
import type { Context } from "hono";
import type { Cloud } from "../cloud.ts";
import type { JsonMap } from "../json.ts";
import { limits } from "../limits.ts";
import { authorized, stackAt } from "./access.ts";
import { touch } from "./engine/advance.ts";
import { findResource, sendSignal } from "./engine/signals.ts";
import { markUnhealthy } from "./engine/stacks.ts";
import { HeatError } from "./faults.ts";
import type { Event, Resource, Stack } from "./records.ts";
import { bodyOf, bodyOrNull, booleanIn, integerIn } from "./requests.ts";
import * as views from "./views.ts";

const FILTERS = ["type", "status", "name", "action", "id", "physical_resource_id", "nested_depth", "with_detail"];

/** The stack's resources, and those of the stacks nested in it down to a depth. */
function resourcesIn(cloud: Cloud, stack: Stack, depth: number): { stack: Stack; resource: Resource }[] {
  return cloud.heat.resources.group(stack.id).flatMap((resource) => {
    const nested = depth > 0 && resource.physicalId !== null ? cloud.heat.stacks.get(resource.physicalId) : undefined;
    return [{ stack, resource }, ...(nested ? resourcesIn(cloud, nested, depth - 1) : [])];
  });
}

function matches(resource: Resource, query: Record<string, string[]>): boolean {
  const has = (name: string, value: string): boolean => !query[name] || query[name].includes(value);
  return (
    has("name", resource.name) &&
    has("physical_resource_id", resource.physicalId ?? "") &&
    has("action", resource.action) &&
    (!query["type"] || query["type"].some((type) => resource.type.includes(type))) &&
    (!query["status"] || query["status"].some((one) => `${resource.action}_${resource.status}`.endsWith(one)))
  );
}

export function resourceRoutes(cloud: Cloud): Hono {
  const app = new Hono();
  const path = "/stacks/:name/:id/resources";
  app.get(path, (c) => {
    const stack = stackAt(cloud, c, authorized(cloud, c, "reader"), { deleted: true });
    const query = c.req.queries();
    const unknown = Object.keys(query).filter((name) => !FILTERS.includes(name));
    if (unknown.length > 0) {
      throw new HeatError(
        "HTTPBadRequest",
        `Invalid filter parameters [${unknown.map((name) => `'${name}'`).join(", ")}]`,
      );
    }
    const depth = Math.min(integerIn("nested_depth", c.req.query("nested_depth")) ?? 0, limits.nestingDepth);
    const isDetailed = booleanIn("with_detail", c.req.query("with_detail")) === true;
    const found = resourcesIn(cloud, stack, depth).filter(({ resource }) => matches(resource, query));
    return c.json({
      resources: found.map((one) => views.resourceView(cloud, one.stack, one.resource, { isDetailed })),
    });
  });
  app.get(`${path}/:resource`, (c) => {
    const stack = stackAt(cloud, c, authorized(cloud, c, "reader"), { deleted: true });
    const resource = findResource(cloud, stack, c.req.param("resource"));
    return c.json({
      resource: views.resourceView(cloud, stack, resource, {
        isDetailed: true,
        attributes: c.req.queries("with_attr") ?? [],
      }),
    });
  });
  app.get(`${path}/:resource/metadata`, (c) => {
    const stack = stackAt(cloud, c, authorized(cloud, c, "signal"));
    return c.json({ metadata: findResource(cloud, stack, c.req.param("resource")).metadata });
  });
  app.post(`${path}/:resource/signal`, async (c) => {
    const stack = stackAt(cloud, c, authorized(cloud, c, "signal"));
    const details = await bodyOrNull(c);
    const resource = findResource(cloud, stack, c.req.param("resource"));
    sendSignal(cloud, stack, resource, details, cloud.clock.now());
    touch(cloud, stack.rootId);
    return c.json(null);
  });
  app.patch(`${path}/:resource`, async (c) => {
    const stack = stackAt(cloud, c, authorized(cloud, c, "member"));
    const { isUnhealthy, reason } = healthIn(await bodyOf(c));
    markUnhealthy(cloud, stack, findResource(cloud, stack, c.req.param("resource")), isUnhealthy, reason);
    return c.json(null);
  });
  eventRoutes(app, cloud);
  return app;
}

function healthIn(body: JsonMap): { isUnhealthy: boolean; reason: string } {
  const unknown = Object.keys(body).filter((key) => key !== "mark_unhealthy" && key !== "resource_status_reason");
  if (unknown.length > 0) {
    throw new HeatError(
      "HTTPBadRequest",
      `Invalid keys in resource mark unhealthy {${unknown.map((key) => `'${key}'`).join(", ")}}`,
    );
  }
  const isUnhealthy = booleanIn("mark_unhealthy", body["mark_unhealthy"]);
  if (isUnhealthy === undefined) {
    throw new HeatError("HTTPBadRequest", "Missing mandatory (mark_unhealthy) key from mark unhealthy request");
  }
  return {
    isUnhealthy,
    reason: typeof body["resource_status_reason"] === "string" ? body["resource_status_reason"] : "",
  };
}

/** The events of a stack and of those nested in it down to a depth, oldest first. */
function eventsIn(cloud: Cloud, stack: Stack, depth: number): { stack: Stack; event: Event }[] {
  const own = cloud.heat.events.group(stack.id).map((event) => ({ stack, event }));
  if (depth <= 0) return own;
  const nested = cloud.heat.resources.group(stack.id).flatMap((one) => {
    const child = one.physicalId === null ? undefined : cloud.heat.stacks.get(one.physicalId);
    return child ? eventsIn(cloud, child, depth - 1) : [];
  });
  return [...own, ...nested].toSorted((a, b) => a.event.atMs - b.event.atMs);
}

function listEvents(cloud: Cloud, c: Context): JsonMap[] {
  const stack = stackAt(cloud, c, authorized(cloud, c, "reader"), { deleted: true });
  const depth = integerIn("nested_depth", c.req.query("nested_depth")) ?? 0;
  const resource = c.req.param("resource") ?? c.req.query("resource_name");
  const found = eventsIn(cloud, stack, depth).filter(
    ({ event }) =>
      (resource === undefined || event.resourceName === resource) &&
      (c.req.query("resource_type") === undefined || event.resourceType === c.req.query("resource_type")) &&
      (c.req.query("resource_action") === undefined || event.action === c.req.query("resource_action")) &&
      (c.req.query("resource_status") === undefined || event.status === c.req.query("resource_status")),
  );
  const marker = c.req.query("marker");
  const ordered = c.req.query("sort_dir") === "desc" ? found.toReversed() : found;
  const start = marker === undefined ? 0 : ordered.findIndex(({ event }) => event.id === marker) + 1;
  const limit = integerIn("limit", c.req.query("limit"));
  return ordered
    .slice(start, limit === undefined ? undefined : start + limit)
    .map((one) => views.eventView(cloud, one.stack, one.event, false));
}

function eventRoutes(app: Hono, cloud: Cloud): void {
  app.get("/stacks/:name/:id/events", (c) => c.json({ events: listEvents(cloud, c) }));
  app.get("/stacks/:name/:id/resources/:resource/events", (c) => {
    const events = listEvents(cloud, c);
    if (events.length === 0) {
      throw new HeatError("HTTPNotFound", `No events found for resource ${c.req.param("resource")}`);
    }
    return c.json({ events });
  });
  app.get("/stacks/:name/:id/resources/:resource/events/:event", (c) => {
    const stack = stackAt(cloud, c, authorized(cloud, c, "reader"), { deleted: true });
    const event = cloud.heat.events.get(c.req.param("event"));
    if (!event || event.stackId !== stack.id) {
      throw new HeatError("HTTPNotFound", `No event ${c.req.param("event")} found`);
    }
    return c.json({ event: views.eventView(cloud, stack, event, true) });
  });
}
