/** Who has which role where: grants on projects, domains and the system, and the list of all of them. */
import { Hono } from "hono";
import type { Context } from "hono";
import type { Cloud } from "../cloud.ts";
import { deleteAssignment } from "./accounts.ts";
import { authenticated, requireAdmin } from "./callers.ts";
import type { Caller } from "./callers.ts";
import { assignmentOf, withImplied } from "./directory.ts";
import { forbidden, notFound } from "./faults.ts";
import type { Assignment } from "./records.ts";
import * as views from "./views.ts";

type Place = { projectId: string } | { domainId: string } | { system: true };

const GRANTS: readonly [path: string, placeOf: (c: Context) => Place][] = [
  ["/projects/:place/users/:user/roles", (c) => ({ projectId: c.req.param("place") ?? "" })],
  ["/domains/:place/users/:user/roles", (c) => ({ domainId: c.req.param("place") ?? "" })],
  ["/system/users/:user/roles", () => ({ system: true })],
];

function checkPlace(cloud: Cloud, place: Place): void {
  if ("projectId" in place && !cloud.keystone.projects.get(place.projectId)) throw notFound("project", place.projectId);
  if ("domainId" in place && !cloud.keystone.domains.get(place.domainId)) throw notFound("domain", place.domainId);
}

function grantOf(cloud: Cloud, c: Context, place: Place): Assignment {
  checkPlace(cloud, place);
  const userId = c.req.param("user") ?? "";
  const roleId = c.req.param("role") ?? "";
  if (!cloud.keystone.users.get(userId)) throw notFound("user", userId);
  if (!cloud.keystone.roles.get(roleId)) throw notFound("role", roleId);
  return assignmentOf(userId, roleId, place);
}

export function grantRoutes(cloud: Cloud): Hono {
  const app = new Hono();
  const { assignments, roles } = cloud.keystone;
  for (const [path, placeOf] of GRANTS) {
    app.get(path, (c) => {
      requireAdmin(authenticated(cloud, c), "identity:list_grants");
      const place = placeOf(c);
      checkPlace(cloud, place);
      const held = assignments
        .group(c.req.param("user") ?? "")
        .filter((one) => one.id === assignmentOf(one.userId, one.roleId, place).id);
      const items = held.flatMap((one) => roles.get(one.roleId) ?? []).map((role) => views.roleView(cloud, role));
      return c.json(views.listView(cloud, c.req.path, "roles", items));
    });
    app.put(`${path}/:role`, (c) => {
      requireAdmin(authenticated(cloud, c), "identity:create_grant");
      assignments.put(grantOf(cloud, c, placeOf(c)));
      return c.body(null, 204);
    });
    app.get(`${path}/:role`, (c) => {
      requireAdmin(authenticated(cloud, c), "identity:check_grant");
      const grant = grantOf(cloud, c, placeOf(c));
      if (!assignments.get(grant.id)) throw notFound("role assignment with role", grant.roleId);
      return c.body(null, 204);
    });
    app.delete(`${path}/:role`, (c) => {
      requireAdmin(authenticated(cloud, c), "identity:revoke_grant");
      const grant = assignments.get(grantOf(cloud, c, placeOf(c)).id);
      if (!grant) throw notFound("role assignment with role", c.req.param("role"));
      deleteAssignment(cloud, grant);
      return c.body(null, 204);
    });
  }
  app.get("/role_assignments", (c) => listAssignments(cloud, c, authenticated(cloud, c)));
  app.get("/role_inferences", (c) => {
    requireAdmin(authenticated(cloud, c), "identity:list_role_inference_rules");
    const rules = [...roles.values()].filter((role) => role.implies.length > 0);
    const items = rules.map((role) => ({
      prior_role: { id: role.id, name: role.name },
      implies: role.implies.flatMap((id) => roles.get(id) ?? []).map(({ id, name }) => ({ id, name })),
    }));
    return c.json({ role_inferences: items });
  });
  return app;
}

/** GET /v3/role_assignments with the filters that clients use. */
function listAssignments(cloud: Cloud, c: Context, caller: Caller): Response {
  const query = c.req.query();
  const isOwn = query["user.id"] === caller.userId;
  if (!caller.isAdmin && !isOwn) throw forbidden("identity:list_role_assignments");
  const isEffective = "effective" in query;
  const expanded = [...cloud.keystone.assignments.values()].flatMap((one) =>
    isEffective ? withImplied(cloud, [one.roleId]).map((role) => ({ ...one, roleId: role.id })) : [one],
  );
  const matches = (one: Assignment): boolean =>
    (query["user.id"] === undefined || one.userId === query["user.id"]) &&
    (query["role.id"] === undefined || one.roleId === query["role.id"]) &&
    (query["scope.project.id"] === undefined || one.projectId === query["scope.project.id"]) &&
    (query["scope.domain.id"] === undefined || one.domainId === query["scope.domain.id"]) &&
    (query["scope.system"] === undefined || one.system) &&
    query["group.id"] === undefined;
  const items = expanded.filter(matches).map((one) => assignmentView(cloud, one, "include_names" in query));
  return c.json(views.listView(cloud, "/role_assignments", "role_assignments", items));
}

function assignmentView(cloud: Cloud, one: Assignment, withNames: boolean) {
  const { users, roles, projects, domains } = cloud.keystone;
  const domainOf = (id: string | undefined) => {
    const domain = id === undefined ? undefined : domains.get(id);
    return domain ? { domain: { id: domain.id, name: domain.name } } : {};
  };
  const named = (found: { name: string; domainId?: string | null } | undefined) =>
    withNames && found ? { name: found.name, ...domainOf(found.domainId ?? undefined) } : {};
  const place = one.system
    ? { system: { all: true } }
    : one.projectId === null
      ? { domain: { id: one.domainId, ...named(domains.get(one.domainId ?? "")) } }
      : { project: { id: one.projectId, ...named(projects.get(one.projectId)) } };
  return {
    role: { id: one.roleId, ...named(roles.get(one.roleId)) },
    user: { id: one.userId, ...named(users.get(one.userId)) },
    scope: place,
    links: { assignment: `${cloud.options.publicUrl}/v3/role_assignments/${one.id}` },
  };
}
