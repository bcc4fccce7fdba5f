/**
 * Jeroboam's HTTP API as a Hono app that knows no platform: `createApp(ports)` is run by Lambda, by a local server, and
 * by tests through `app.request`. It promises: every reply carries the request's id and every refusal the envelope; a
 * path and method that no route serves is refused as Magnum refuses it; nothing private is served without a token.
 * What each resource does stands in routes/, what it looks like in views/; both are loaded with the first request for its
 * collection, whose routes are an app of their own inside the same frame.
 */
import type { MiddlewareHandler } from "hono";
import { Hono } from "hono";
import { TrieRouter } from "hono/router/trie-router";
import { getPath } from "hono/utils/url";
import { authentication } from "./middleware/authentication.ts";
import { makeOnce } from "./make-once.ts";
import { replyToError } from "./middleware/errors.ts";
import { frame } from "./middleware/frame.ts";
import { rateLimit } from "./middleware/rate-limit.ts";
import { normalisePath } from "./paths.ts";
import type { ApiPorts } from "./ports.ts";
import { refusal, routingRefusal } from "./refusal.ts";
import type { ApiEnv, Route } from "./route.ts";
import { addDiscovery } from "./routes/discovery.ts";
import { addSigned } from "./routes/signed.ts";
import type { Collections } from "./routes/routes.ts";
import { COLLECTIONS } from "./routes/routes.ts";

const pathOf = (request: Request): string => normalisePath(getPath(request));

export function createApp(ports: ApiPorts, collections: Collections = COLLECTIONS): Hono<ApiEnv> {
  const around = [frame(ports), authentication(ports), rateLimit(ports)];
  const serve = (routes: readonly Route[]): Hono<ApiEnv> => {
    const app = createFramed(ports, around);
    addDiscovery(app, ports.settings, collections);
    addSigned(app, ports);
    addRoutes(app, ports, routes);
    return app;
  };
  const others = serve([]);
  const served = new Map<string, Promise<Hono<ApiEnv>>>();
  const appFor = async (path: string): Promise<Hono<ApiEnv>> => {
    const name = path.split("/", 3)[2] ?? "";
    const load = Object.hasOwn(collections, name) ? collections[name] : undefined;
    return load ? await makeOnce(served, name, async () => serve(await load())) : others;
  };
  const app = new Hono<ApiEnv>({ getPath: pathOf, router: new TrieRouter() });
  app.onError(replyToError(ports));
  app.all("*", async (context) => (await appFor(context.req.path)).fetch(context.req.raw));
  return app;
}

/** What every request goes through, whatever it asks. */
function createFramed(ports: ApiPorts, around: readonly MiddlewareHandler<ApiEnv>[]): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>({ getPath: pathOf, router: new TrieRouter() });
  app.onError(replyToError(ports));
  app.notFound((context) => routingRefusal(context, 404));
  app.use(...around);
  return app;
}

function addRoutes(app: Hono<ApiEnv>, ports: ApiPorts, routes: readonly Route[]): void {
  for (const route of routes) {
    app.on(route.method, route.path, (context) =>
      // Hono serves HEAD by GET's handler; Magnum refuses it.
      context.req.raw.method === "HEAD" ? refuseMethod(context, routes, route.path) : route.handle(ports, context),
    );
  }
  for (const path of new Set(routes.map((route) => route.path)))
    app.all(path, (context) => refuseMethod(context, routes, path));
}

/** A path that is served, by another method. */
function refuseMethod(context: Parameters<Route["handle"]>[1], routes: readonly Route[], path: string): Response {
  const methodsOf = (served: string): readonly string[] =>
    routes.filter((route) => route.path === served).map((route) => route.method);
  // What needs an item, asked of the collection: the name is what is missing.
  const { method } = context.req.raw;
  if (method !== "GET" && methodsOf(`${path}/:ident`).includes(method))
    return refusal(context, { status: 400, text: `Missing argument: the name or uuid behind ${path}/` });
  context.header("Allow", methodsOf(path).toSorted().join(", "));
  return routingRefusal(context, 405);
}
