/** Keystone v3 over HTTP: discovery, tokens, delegation; accounts and grants stand in route files of their own. */
import { Hono } from "hono";
import type { Context } from "hono";
import type { Cloud } from "../cloud.ts";
import { Fault } from "../http/fault.ts";
import { accountRoutes, bodyOf } from "./account-routes.ts";
import { createCredential, dropCredential, refuseRestricted } from "./application-credentials.ts";
import { authenticate } from "./authenticate.ts";
import { authenticated, isService, requireAdmin, requireSelf } from "./callers.ts";
import { catalogOf, endpointsOf, servicesOf } from "./catalog.ts";
import { forbidden, keystoneFault, missing, notFound } from "./faults.ts";
import { grantRoutes } from "./grant-routes.ts";
import { resolveToken } from "./tokens.ts";
import { createTrust, deleteTrust, listTrusts, showTrust, trustRole } from "./trusts.ts";
import * as views from "./views.ts";

const versionOf = (cloud: Cloud) => ({
  id: "v3.14",
  status: "stable",
  updated: "2020-04-07T00:00:00Z",
  links: [{ rel: "self", href: `${cloud.options.publicUrl}/v3/` }],
  "media-types": [{ base: "application/json", type: "application/vnd.openstack.identity-v3+json" }],
});

export function createKeystone(cloud: Cloud): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    if (!(error instanceof Fault)) throw error;
    return c.json(error.body as object, error.status as 400, { Vary: "X-Auth-Token", ...error.headers });
  });
  app.notFound((c) => {
    const body = { error: { code: 404, message: "The resource could not be found.", title: "Not Found" } };
    return c.json(body, 404);
  });
  app.get("/", (c) => c.json({ versions: { values: [versionOf(cloud)] } }, 300));
  const v3 = new Hono();
  v3.get("/", (c) => c.json({ version: versionOf(cloud) }));
  tokenRoutes(v3, cloud);
  scopeRoutes(v3, cloud);
  trustRoutes(v3, cloud);
  credentialRoutes(v3, cloud);
  v3.route("/", accountRoutes(cloud));
  v3.route("/", grantRoutes(cloud));
  app.get("/v3/", (c) => c.json({ version: versionOf(cloud) }));
  app.route("/v3", v3);
  return app;
}

function tokenRoutes(app: Hono, cloud: Cloud): void {
  const subject = (c: Context, action: string) => {
    const caller = authenticated(cloud, c);
    const id = c.req.header("X-Subject-Token");
    if (id === undefined) throw missing("X-Subject-Token", "request headers");
    const allowExpired = ["1", "true", "True"].includes(c.req.query("allow_expired") ?? "");
    const resolved = resolveToken(cloud, id, { allowExpired });
    const isOwn = resolved.kind === "valid" && resolved.identity.user.id === caller.userId;
    if (!isOwn && !(action === "validate_token" ? isService(caller) : caller.isAdmin)) {
      throw forbidden(`identity:${action}`);
    }
    if (resolved.kind === "invalid") throw keystoneFault(404, "Failed to validate token");
    return resolved.identity;
  };
  app.post("/auth/tokens", async (c) => {
    const token = authenticate(cloud, await bodyOf(c));
    const resolved = resolveToken(cloud, token.id);
    if (resolved.kind === "invalid") throw keystoneFault(401, "The request you have made requires authentication.");
    const view = views.tokenView(cloud, resolved.identity, c.req.query("nocatalog") === undefined);
    return c.json(view, 201, { "X-Subject-Token": token.id, Vary: "X-Auth-Token" });
  });
  app.get("/auth/tokens", (c) => {
    const identity = subject(c, c.req.method === "HEAD" ? "check_token" : "validate_token");
    const view = views.tokenView(cloud, identity, c.req.query("nocatalog") === undefined);
    return c.json(view, 200, { "X-Subject-Token": identity.token.id, Vary: "X-Auth-Token" });
  });
  app.delete("/auth/tokens", (c) => {
    const identity = subject(c, "revoke_token");
    const [auditId] = identity.token.auditIds;
    // What was made from it by rescoping names it as the head of its audit chain, and goes with it.
    for (const token of cloud.keystone.tokens.group(identity.token.userId)) {
      if (token.auditIds.includes(auditId ?? "")) cloud.keystone.tokens.delete(token.id);
    }
    return c.body(null, 204);
  });
}

function scopeRoutes(app: Hono, cloud: Cloud): void {
  app.get("/auth/catalog", (c) => {
    const caller = authenticated(cloud, c);
    if (caller.projectId === null) throw forbidden();
    return c.json({
      catalog: catalogOf(cloud, caller.projectId),
      links: { self: `${cloud.options.publicUrl}/v3/auth/catalog` },
    });
  });
  app.get("/auth/projects", (c) => {
    const caller = authenticated(cloud, c);
    const ids = new Set(cloud.keystone.assignments.group(caller.userId).map((one) => one.projectId));
    const items = [...cloud.keystone.projects.values()].filter((one) => one.enabled && ids.has(one.id));
    return c.json(
      views.listView(
        cloud,
        "/auth/projects",
        "projects",
        items.map((one) => views.projectView(cloud, one)),
      ),
    );
  });
  app.get("/auth/domains", (c) => {
    const caller = authenticated(cloud, c);
    const ids = new Set(cloud.keystone.assignments.group(caller.userId).map((one) => one.domainId));
    const items = [...cloud.keystone.domains.values()].filter((one) => one.enabled && ids.has(one.id));
    return c.json(
      views.listView(
        cloud,
        "/auth/domains",
        "domains",
        items.map((one) => views.domainView(cloud, one)),
      ),
    );
  });
  app.get("/services", (c) => {
    const caller = authenticated(cloud, c);
    requireAdmin(caller, "identity:list_services");
    const { name, type } = c.req.query();
    const items = servicesOf(cloud, "$(project_id)s")
      .filter((one) => (name === undefined || one.name === name) && (type === undefined || one.type === type))
      .map((one) => ({ id: one.id, name: one.name, type: one.type, enabled: true, description: "" }));
    return c.json(views.listView(cloud, "/services", "services", items));
  });
  app.get("/services/:id", (c) => {
    requireAdmin(authenticated(cloud, c), "identity:get_service");
    const one = servicesOf(cloud, "$(project_id)s").find((service) => service.id === c.req.param("id"));
    if (!one) throw notFound("service", c.req.param("id"));
    return c.json({ service: { id: one.id, name: one.name, type: one.type, enabled: true, description: "" } });
  });
  app.get("/endpoints", (c) => {
    requireAdmin(authenticated(cloud, c), "identity:list_endpoints");
    const { service_id: serviceId, interface: kind } = c.req.query();
    const items = endpointsOf(cloud, "$(project_id)s").filter(
      (one) =>
        (serviceId === undefined || one.service_id === serviceId) && (kind === undefined || one.interface === kind),
    );
    return c.json(views.listView(cloud, "/endpoints", "endpoints", items));
  });
  const region = () => ({ id: cloud.options.region, description: "", parent_region_id: null });
  app.get("/regions", (c) => {
    authenticated(cloud, c);
    return c.json(views.listView(cloud, "/regions", "regions", [region()]));
  });
  app.get("/regions/:id", (c) => {
    authenticated(cloud, c);
    if (c.req.param("id") !== cloud.options.region) throw notFound("region", c.req.param("id"));
    return c.json({ region: region() });
  });
}

function trustRoutes(app: Hono, cloud: Cloud): void {
  const path = "/OS-TRUST/trusts";
  app.post(path, async (c) => {
    const trust = createTrust(cloud, authenticated(cloud, c), await bodyOf(c));
    return c.json({ trust: views.trustView(cloud, trust, true) }, 201);
  });
  app.get(path, (c) => {
    const { trustor_user_id: trustor, trustee_user_id: trustee } = c.req.query();
    const filter = { ...(trustor !== undefined && { trustor }), ...(trustee !== undefined && { trustee }) };
    const items = listTrusts(cloud, authenticated(cloud, c), filter);
    return c.json(
      views.listView(
        cloud,
        path,
        "trusts",
        items.map((one) => views.trustView(cloud, one, false)),
      ),
    );
  });
  app.get(`${path}/:id`, (c) => {
    const trust = showTrust(cloud, authenticated(cloud, c), c.req.param("id"));
    return c.json({ trust: views.trustView(cloud, trust, true) });
  });
  app.delete(`${path}/:id`, (c) => {
    deleteTrust(cloud, authenticated(cloud, c), c.req.param("id"));
    return c.body(null, 204);
  });
  app.get(`${path}/:id/roles`, (c) => {
    const view = views.trustView(cloud, showTrust(cloud, authenticated(cloud, c), c.req.param("id")), true);
    return c.json({ roles: view.roles, links: view.roles_links });
  });
  app.get(`${path}/:id/roles/:role`, (c) => {
    const trust = showTrust(cloud, authenticated(cloud, c), c.req.param("id"));
    return c.json({ role: views.roleView(cloud, trustRole(cloud, trust, c.req.param("role"))) });
  });
}

function credentialRoutes(app: Hono, cloud: Cloud): void {
  const path = "/users/:user/application_credentials";
  const find = (c: Context) => {
    const id = c.req.param("id") ?? "";
    const credential = cloud.keystone.applicationCredentials.get(id);
    if (!credential || credential.userId !== c.req.param("user")) throw notFound("Application Credential", id);
    return credential;
  };
  app.get(path, (c) => {
    const userId = c.req.param("user");
    requireSelf(authenticated(cloud, c), userId, "identity:list_application_credentials");
    const name = c.req.query("name");
    const items = [...cloud.keystone.applicationCredentials.values()].filter(
      (one) => one.userId === userId && (name === undefined || one.name === name),
    );
    const shown = items.map((one) => views.applicationCredentialView(cloud, one));
    return c.json(views.listView(cloud, `/users/${userId}/application_credentials`, "application_credentials", shown));
  });
  app.post(path, async (c) => {
    const made = createCredential(cloud, authenticated(cloud, c), c.req.param("user"), await bodyOf(c));
    return c.json(
      { application_credential: views.applicationCredentialView(cloud, made.credential, made.secret) },
      201,
    );
  });
  app.get(`${path}/:id`, (c) => {
    requireSelf(authenticated(cloud, c), c.req.param("user"), "identity:get_application_credential");
    return c.json({ application_credential: views.applicationCredentialView(cloud, find(c)) });
  });
  app.delete(`${path}/:id`, (c) => {
    const caller = authenticated(cloud, c);
    requireSelf(caller, c.req.param("user"), "identity:delete_application_credential");
    refuseRestricted(caller);
    dropCredential(cloud, find(c));
    return c.body(null, 204);
  });
}
