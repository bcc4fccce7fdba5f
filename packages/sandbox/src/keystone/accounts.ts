/** Domains, projects, users and roles: making, changing and removing them, with what hangs on them. */
import { z } from "zod";
import { hexId } from "../ids.ts";
import type { Cloud } from "../cloud.ts";
import { dropCredential } from "./application-credentials.ts";
import { domainByName, hashSecret, projectByName, roleByName, userByName } from "./directory.ts";
import { conflict, forbidden, invalid, notFound } from "./faults.ts";
import type { Assignment, Domain, Project, Role, User } from "./records.ts";
import { dropTrust } from "./trusts.ts";
import { revokeTokensOf } from "./tokens.ts";

const name = z.string().min(1).max(255);
const DomainRequest = z.object({ name, description: z.string().nullish(), enabled: z.boolean().optional() });
const ProjectRequest = z.object({
  name: name.max(64),
  domain_id: z.string().optional(),
  description: z.string().nullish(),
  enabled: z.boolean().optional(),
  tags: z.array(z.string()).optional(),
});
const UserRequest = z.object({
  name,
  domain_id: z.string().optional(),
  default_project_id: z.string().nullish(),
  password: z.string().nullish(),
  enabled: z.boolean().optional(),
  description: z.string().nullish(),
  email: z.string().nullish(),
});
const RoleRequest = z.object({ name, domain_id: z.string().nullish(), description: z.string().nullish() });

function read<T extends z.ZodType>(schema: T, body: unknown, member: string): z.infer<T> {
  const parsed = z.object({ [member]: schema }).safeParse(body);
  if (parsed.success) return parsed.data[member] as z.infer<T>;
  const issue = parsed.error.issues[0];
  throw invalid(`Invalid input for field '${issue?.path.slice(1).join("/") ?? member}': ${issue?.message ?? ""}`);
}

const duplicate = (kind: string, value: string) => conflict(kind, `Duplicate entry found with name ${value}`);

export function createDomain(cloud: Cloud, body: unknown): Domain {
  const wanted = read(DomainRequest, body, "domain");
  if (domainByName(cloud, wanted.name)) throw duplicate("domain", wanted.name);
  const domain: Domain = {
    id: hexId(cloud.random),
    name: wanted.name,
    description: wanted.description ?? "",
    enabled: wanted.enabled ?? true,
  };
  cloud.keystone.domains.put(domain);
  return domain;
}

export function updateDomain(cloud: Cloud, domain: Domain, body: unknown): Domain {
  const wanted = read(DomainRequest.partial(), body, "domain");
  const next = {
    ...domain,
    ...defined({ name: wanted.name, description: wanted.description, enabled: wanted.enabled }),
  };
  const other = domainByName(cloud, next.name);
  if (other && other.id !== domain.id) throw duplicate("domain", next.name);
  cloud.keystone.domains.put(next);
  return next;
}

export function deleteDomain(cloud: Cloud, domain: Domain): void {
  if (domain.enabled) throw forbidden("cannot delete a domain that is enabled, please disable it first");
  for (const user of cloud.keystone.users.values()) if (user.domainId === domain.id) deleteUser(cloud, user);
  for (const project of cloud.keystone.projects.values()) {
    if (project.domainId === domain.id) deleteProject(cloud, project);
  }
  for (const assignment of cloud.keystone.assignments.values()) {
    if (assignment.domainId === domain.id) cloud.keystone.assignments.delete(assignment.id);
  }
  cloud.keystone.domains.delete(domain.id);
}

/** The same record with the values that were given (not undefined, not null). */
function defined<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== null)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}

export function createProject(cloud: Cloud, body: unknown, callerDomainId: string): Project {
  const wanted = read(ProjectRequest, body, "project");
  const domainId = wanted.domain_id ?? callerDomainId;
  if (!cloud.keystone.domains.get(domainId)) throw notFound("domain", domainId);
  if (projectByName(cloud, wanted.name, domainId)) throw duplicate("project", wanted.name);
  const project: Project = {
    id: hexId(cloud.random),
    name: wanted.name,
    domainId,
    description: wanted.description ?? "",
    enabled: wanted.enabled ?? true,
    tags: wanted.tags ?? [],
  };
  cloud.keystone.projects.put(project);
  return project;
}

export function updateProject(cloud: Cloud, project: Project, body: unknown): Project {
  const wanted = read(ProjectRequest.partial(), body, "project");
  const next = {
    ...project,
    ...defined({ name: wanted.name, description: wanted.description, enabled: wanted.enabled, tags: wanted.tags }),
  };
  const other = projectByName(cloud, next.name, next.domainId);
  if (other && other.id !== project.id) throw duplicate("project", next.name);
  cloud.keystone.projects.put(next);
  return next;
}

export function deleteProject(cloud: Cloud, project: Project): void {
  for (const assignment of cloud.keystone.assignments.values()) {
    if (assignment.projectId === project.id) cloud.keystone.assignments.delete(assignment.id);
  }
  for (const trust of cloud.keystone.trusts.values()) if (trust.projectId === project.id) dropTrust(cloud, trust);
  for (const credential of cloud.keystone.applicationCredentials.values()) {
    if (credential.projectId === project.id) dropCredential(cloud, credential);
  }
  cloud.keystone.projects.delete(project.id);
}

export function createUser(cloud: Cloud, body: unknown, callerDomainId: string): User {
  const wanted = read(UserRequest, body, "user");
  const domainId = wanted.domain_id ?? callerDomainId;
  if (!cloud.keystone.domains.get(domainId)) throw notFound("domain", domainId);
  if (userByName(cloud, wanted.name, domainId)) throw duplicate("user", wanted.name);
  const user: User = {
    id: hexId(cloud.random),
    name: wanted.name,
    domainId,
    enabled: wanted.enabled ?? true,
    defaultProjectId: wanted.default_project_id ?? null,
    description: wanted.description ?? "",
    email: wanted.email ?? null,
    passwordHash: typeof wanted.password === "string" ? hashSecret(wanted.password) : null,
  };
  cloud.keystone.users.put(user);
  return user;
}

export function updateUser(cloud: Cloud, user: User, body: unknown): User {
  const wanted = read(UserRequest.partial(), body, "user");
  const next: User = {
    ...user,
    ...defined({ name: wanted.name, description: wanted.description, enabled: wanted.enabled, email: wanted.email }),
    ...(wanted.default_project_id !== undefined && { defaultProjectId: wanted.default_project_id }),
    ...(typeof wanted.password === "string" && { passwordHash: hashSecret(wanted.password) }),
  };
  const other = userByName(cloud, next.name, next.domainId);
  if (other && other.id !== user.id) throw duplicate("user", next.name);
  cloud.keystone.users.put(next);
  if (!next.enabled || next.passwordHash !== user.passwordHash) revokeTokensOf(cloud, user.id);
  return next;
}

export function deleteUser(cloud: Cloud, user: User): void {
  revokeTokensOf(cloud, user.id);
  for (const assignment of cloud.keystone.assignments.group(user.id)) cloud.keystone.assignments.delete(assignment.id);
  for (const trust of cloud.keystone.trusts.values()) {
    if (trust.trustorUserId === user.id || trust.trusteeUserId === user.id) dropTrust(cloud, trust);
  }
  for (const credential of cloud.keystone.applicationCredentials.values()) {
    if (credential.userId === user.id) dropCredential(cloud, credential);
  }
  cloud.keystone.users.delete(user.id);
}

export function createRole(cloud: Cloud, body: unknown): Role {
  const wanted = read(RoleRequest, body, "role");
  if (roleByName(cloud, wanted.name)) throw duplicate("role", wanted.name);
  const role: Role = {
    id: hexId(cloud.random),
    name: wanted.name,
    domainId: wanted.domain_id ?? null,
    description: wanted.description ?? "",
    implies: [],
  };
  cloud.keystone.roles.put(role);
  return role;
}

export function deleteRole(cloud: Cloud, role: Role): void {
  for (const assignment of cloud.keystone.assignments.values()) {
    if (assignment.roleId === role.id) cloud.keystone.assignments.delete(assignment.id);
  }
  for (const other of cloud.keystone.roles.values()) {
    if (other.implies.includes(role.id)) {
      cloud.keystone.roles.put({ ...other, implies: other.implies.filter((id) => id !== role.id) });
    }
  }
  cloud.keystone.roles.delete(role.id);
}

/** Takes a role away, and with it the application credentials that the user had on that project. */
export function deleteAssignment(cloud: Cloud, assignment: Assignment): void {
  cloud.keystone.assignments.delete(assignment.id);
  for (const credential of cloud.keystone.applicationCredentials.values()) {
    if (credential.userId === assignment.userId && credential.projectId === assignment.projectId) {
      dropCredential(cloud, credential);
    }
  }
}
