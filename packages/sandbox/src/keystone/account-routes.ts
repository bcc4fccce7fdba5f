/** /v3/domains, /v3/projects, /v3/users, /v3/roles: the routes over accounts.ts. */
import { Hono } from "hono";
import type { Context } from "hono";
import { limits } from "../limits.ts";
import { readJson } from "../http/requests.ts";
import type { Cloud } from "../cloud.ts";
import type { Table } from "../state/database.ts";
import * as accounts from "./accounts.ts";
import { authenticated, requireAdmin, requireSelf } from "./callers.ts";
import type { Caller } from "./callers.ts";
import { isSecret } from "./directory.ts";
import { invalid, keystoneFault, notFound, unauthorized } from "./faults.ts";
import * as views from "./views.ts";

/** The JSON body of a request to Keystone. */
export async function bodyOf(c: Context): Promise<unknown> {
  const body = await readJson(c, limits.keystoneBodyBytes);
  switch (body.kind) {
    case "json":
      return body.value;
    case "empty":
      return {};
    case "malformed":
      throw invalid(`Invalid JSON: ${body.why}`);
    case "too-large":
      throw keystoneFault(413, "Request is too large.");
    default:
      return body satisfies never;
  }
}

interface Kind<T> {
  plural: string;
  singular: string;
  table: Table<T & { id: string }>;
  view: (one: T) => unknown;
  /** The record's values that the query of a list may name. */
  filters: (one: T) => Record<string, string | boolean | null>;
  create: (body: unknown, caller: Caller) => T;
  update?: (one: T, body: unknown) => T;
  remove: (one: T) => void;
  /** Who else than an administrator may see one. */
  isOwn: (one: T, caller: Caller) => boolean;
}

/** One collection with its five operations. */
function collection<T>(app: Hono, cloud: Cloud, kind: Kind<T>): void {
  const path = `/${kind.plural}`;
  const find = (c: Context): T & { id: string } => {
    const id = c.req.param("id") ?? "";
    const found = kind.table.get(id);
    if (!found) throw notFound(kind.singular, id);
    return found;
  };
  app.get(path, (c) => {
    const caller = authenticated(cloud, c);
    if (kind.singular !== "role") requireAdmin(caller, `identity:list_${kind.plural}`);
    const query = Object.entries(c.req.query());
    const items = [...kind.table.values()].filter((one) => {
      const values = kind.filters(one);
      return query.every(([key, value]) => values[key] === undefined || String(values[key]) === value);
    });
    return c.json(views.listView(cloud, path, kind.plural, items.map(kind.view)));
  });
  app.post(path, async (c) => {
    const caller = authenticated(cloud, c);
    requireAdmin(caller, `identity:create_${kind.singular}`);
    return c.json({ [kind.singular]: kind.view(kind.create(await bodyOf(c), caller)) }, 201);
  });
  app.get(`${path}/:id`, (c) => {
    const caller = authenticated(cloud, c);
    const one = kind.table.get(c.req.param("id"));
    if (!one || !kind.isOwn(one, caller)) requireAdmin(caller, `identity:get_${kind.singular}`);
    return c.json({ [kind.singular]: kind.view(find(c)) });
  });
  if (kind.update) {
    const { update } = kind;
    app.patch(`${path}/:id`, async (c) => {
      requireAdmin(authenticated(cloud, c), `identity:update_${kind.singular}`);
      return c.json({ [kind.singular]: kind.view(update(find(c), await bodyOf(c))) });
    });
  }
  app.delete(`${path}/:id`, (c) => {
    requireAdmin(authenticated(cloud, c), `identity:delete_${kind.singular}`);
    kind.remove(find(c));
    return c.body(null, 204);
  });
}

export function accountRoutes(cloud: Cloud): Hono {
  const app = new Hono();
  const { domains, projects, users, roles } = cloud.keystone;
  collection(app, cloud, {
    plural: "domains",
    singular: "domain",
    table: domains,
    view: (one) => views.domainView(cloud, one),
    filters: (one) => ({ name: one.name, enabled: one.enabled }),
    create: (body) => accounts.createDomain(cloud, body),
    update: (one, body) => accounts.updateDomain(cloud, one, body),
    remove: (one) => accounts.deleteDomain(cloud, one),
    isOwn: (one, caller) => caller.identity.domain?.id === one.id || caller.identity.projectDomain?.id === one.id,
  });
  collection(app, cloud, {
    plural: "projects",
    singular: "project",
    table: projects,
    view: (one) => views.projectView(cloud, one),
    filters: (one) => ({ name: one.name, domain_id: one.domainId, enabled: one.enabled, parent_id: one.domainId }),
    create: (body, caller) => accounts.createProject(cloud, body, homeOf(caller)),
    update: (one, body) => accounts.updateProject(cloud, one, body),
    remove: (one) => accounts.deleteProject(cloud, one),
    isOwn: (one, caller) => caller.projectId === one.id,
  });
  collection(app, cloud, {
    plural: "users",
    singular: "user",
    table: users,
    view: (one) => views.userView(cloud, one),
    filters: (one) => ({ name: one.name, domain_id: one.domainId, enabled: one.enabled }),
    create: (body, caller) => accounts.createUser(cloud, body, homeOf(caller)),
    update: (one, body) => accounts.updateUser(cloud, one, body),
    remove: (one) => accounts.deleteUser(cloud, one),
    isOwn: (one, caller) => caller.userId === one.id,
  });
  collection(app, cloud, {
    plural: "roles",
    singular: "role",
    table: roles,
    view: (one) => views.roleView(cloud, one),
    filters: (one) => ({ name: one.name, domain_id: one.domainId }),
    create: (body) => accounts.createRole(cloud, body),
    remove: (one) => accounts.deleteRole(cloud, one),
    isOwn: () => true,
  });
  userExtras(app, cloud);
  return app;
}

const homeOf = (caller: Caller): string =>
  caller.identity.domain?.id ?? caller.identity.projectDomain?.id ?? caller.identity.userDomain.id;

function userExtras(app: Hono, cloud: Cloud): void {
  app.get("/users/:id/projects", (c) => {
    const caller = authenticated(cloud, c);
    const id = c.req.param("id");
    requireSelf(caller, id, "identity:list_user_projects");
    const ids = new Set(cloud.keystone.assignments.group(id).map((one) => one.projectId));
    const items = [...cloud.keystone.projects.values()].filter((one) => ids.has(one.id));
    return c.json(
      views.listView(
        cloud,
        `/users/${id}/projects`,
        "projects",
        items.map((one) => views.projectView(cloud, one)),
      ),
    );
  });
  app.get("/users/:id/groups", (c) => {
    requireSelf(authenticated(cloud, c), c.req.param("id"), "identity:list_groups_for_user");
    return c.json(views.listView(cloud, `/users/${c.req.param("id")}/groups`, "groups", []));
  });
  app.get("/groups", (c) => {
    requireAdmin(authenticated(cloud, c), "identity:list_groups");
    return c.json(views.listView(cloud, "/groups", "groups", []));
  });
  app.get("/groups/:id", (c) => {
    requireAdmin(authenticated(cloud, c), "identity:get_group");
    throw notFound("group", c.req.param("id"));
  });
  app.post("/users/:id/password", async (c) => {
    const body = (await bodyOf(c)) as { user?: { password?: unknown; original_password?: unknown } };
    const user = cloud.keystone.users.get(c.req.param("id"));
    const { password, original_password: original } = body.user ?? {};
    if (typeof password !== "string" || typeof original !== "string") throw invalid("Invalid input for field 'user'.");
    if (!user || !isSecret(original, user.passwordHash)) throw unauthorized(cloud.options.publicUrl);
    accounts.updateUser(cloud, user, { user: { password } });
    return c.body(null, 204);
  });
}
