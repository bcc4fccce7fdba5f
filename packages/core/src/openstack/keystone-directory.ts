/**
 * Who there is in Keystone: users, projects, roles, and who has which role where. Making is repeatable: what exists
 * already is an outcome of its own, and removing what is gone succeeds.
 */
import { z } from "zod";
import { isSuccess, readJson } from "./http.ts";
import { listAll, lookUp, single } from "./lookup.ts";
import type { Ambiguous, Found, Missing } from "./lookup.ts";
import { refusalOf } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";
import type { CloudRequest, CloudSession } from "./session.ts";

const userSchema = z.object({
  id: z.string(),
  name: z.string(),
  domain_id: z.string().nullish(),
  enabled: z.boolean().nullish(),
  description: z.string().nullish(),
});
const projectSchema = userSchema;
const roleSchema = z.object({ id: z.string(), name: z.string() });
const credentialSchema = z.object({ id: z.string(), name: z.string(), secret: z.string().nullish() });

export type User = z.output<typeof userSchema>;
export type Project = z.output<typeof projectSchema>;
export type RoleEntry = z.output<typeof roleSchema>;
export type ApplicationCredential = z.output<typeof credentialSchema>;

const part = encodeURIComponent;

export async function getUser(session: CloudSession, userId: string): Promise<Found<User> | Missing | Refusal> {
  const found = await lookUp(session, "identity", `/users/${part(userId)}`, z.object({ user: userSchema }));
  return found.kind === "found" ? { kind: "found", value: found.value.user } : found;
}

export async function findUser(
  session: CloudSession,
  name: string,
  domainId: string,
): Promise<Found<User> | Missing | Ambiguous | Refusal> {
  const schema = z.object({ users: z.array(userSchema) });
  const query = { name, domain_id: domainId };
  const items = (page: z.output<typeof schema>): readonly User[] => page.users;
  const found = await listAll(session, { service: "identity", path: "/users", query, schema, items });
  return found.kind === "found" ? single(found.value) : found;
}

/** Everybody in a domain. */
export async function listUsers(session: CloudSession, domainId: string): Promise<Found<readonly User[]> | Refusal> {
  const schema = z.object({ users: z.array(userSchema) });
  const items = (page: z.output<typeof schema>): readonly User[] => page.users;
  return await listAll(session, { service: "identity", path: "/users", query: { domain_id: domainId }, schema, items });
}

export interface NewUser {
  readonly name: string;
  readonly domainId: string;
  readonly password: string;
  readonly description: string;
}

export async function createUser(
  session: CloudSession,
  user: NewUser,
): Promise<Found<User> | { readonly kind: "exists" } | Refusal> {
  const { name, password, description } = user;
  const json = { user: { name, domain_id: user.domainId, password, description, enabled: true } };
  const reply = await session.request("identity", { method: "POST", path: "/users", json });
  if (reply.kind === "refused") return reply;
  if (reply.status === 409) return { kind: "exists" };
  if (!isSuccess(reply)) return refusalOf(reply, "identity");
  return { kind: "found", value: readJson(reply, z.object({ user: userSchema }), "identity").user };
}

/** Gives a user a new password, as an administrator of their domain. */
export async function setPassword(session: CloudSession, userId: string, password: string): Promise<Done | Refusal> {
  return await change(session, {
    method: "PATCH",
    path: `/users/${part(userId)}`,
    json: { user: { password } },
  });
}

/** One that is gone already counts as deleted. */
export async function deleteUser(session: CloudSession, userId: string): Promise<Done | Refusal> {
  return await remove(session, `/users/${part(userId)}`);
}

export async function getProject(
  session: CloudSession,
  projectId: string,
): Promise<Found<Project> | Missing | Refusal> {
  const schema = z.object({ project: projectSchema });
  const found = await lookUp(session, "identity", `/projects/${part(projectId)}`, schema);
  return found.kind === "found" ? { kind: "found", value: found.value.project } : found;
}

export async function findProject(
  session: CloudSession,
  name: string,
  domainId: string,
): Promise<Found<Project> | Missing | Ambiguous | Refusal> {
  const schema = z.object({ projects: z.array(projectSchema) });
  const query = { name, domain_id: domainId };
  const items = (page: z.output<typeof schema>): readonly Project[] => page.projects;
  const found = await listAll(session, { service: "identity", path: "/projects", query, schema, items });
  return found.kind === "found" ? single(found.value) : found;
}

/** A role that belongs to no domain, by its name. */
export async function findRole(
  session: CloudSession,
  name: string,
): Promise<Found<RoleEntry> | Missing | Ambiguous | Refusal> {
  const schema = z.object({ roles: z.array(roleSchema) });
  const items = (page: z.output<typeof schema>): readonly RoleEntry[] => page.roles;
  const found = await listAll(session, { service: "identity", path: "/roles", query: { name }, schema, items });
  return found.kind === "found" ? single(found.value) : found;
}

/** A user's role on a project. */
export interface Grant {
  readonly projectId: string;
  readonly userId: string;
  readonly roleId: string;
}

const grantPath = ({ projectId, userId, roleId }: Grant): string =>
  `/projects/${part(projectId)}/users/${part(userId)}/roles/${part(roleId)}`;

/** Repeating changes nothing. */
export async function grantRole(session: CloudSession, grant: Grant): Promise<Done | Refusal> {
  return await change(session, { method: "PUT", path: grantPath(grant) });
}

/** A role that the user has no more counts as revoked. */
export async function revokeRole(session: CloudSession, grant: Grant): Promise<Done | Refusal> {
  return await remove(session, grantPath(grant));
}

export interface NewApplicationCredential {
  readonly userId: string;
  readonly name: string;
  readonly secret: string;
  readonly roles: readonly { readonly id: string }[];
  readonly description: string;
  readonly expiresAtMs?: number;
}

/** Made by the user themselves, on the project of the session's token. */
export async function createApplicationCredential(
  session: CloudSession,
  credential: NewApplicationCredential,
): Promise<Found<ApplicationCredential> | { readonly kind: "exists" } | Refusal> {
  const { userId, name, secret, description, expiresAtMs } = credential;
  const json = {
    application_credential: {
      name,
      secret,
      description,
      roles: credential.roles.map(({ id }) => ({ id })),
      unrestricted: false,
      ...(expiresAtMs === undefined ? {} : { expires_at: new Date(expiresAtMs).toISOString().slice(0, -1) }),
    },
  };
  const path = `/users/${part(userId)}/application_credentials`;
  const reply = await session.request("identity", { method: "POST", path, json });
  if (reply.kind === "refused") return reply;
  if (reply.status === 409) return { kind: "exists" };
  if (!isSuccess(reply)) return refusalOf(reply, "identity");
  const schema = z.object({ application_credential: credentialSchema });
  return { kind: "found", value: readJson(reply, schema, "identity").application_credential };
}

export async function findApplicationCredential(
  session: CloudSession,
  userId: string,
  name: string,
): Promise<Found<ApplicationCredential> | Missing | Ambiguous | Refusal> {
  const schema = z.object({ application_credentials: z.array(credentialSchema) });
  const path = `/users/${part(userId)}/application_credentials`;
  const items = (page: z.output<typeof schema>): readonly ApplicationCredential[] => page.application_credentials;
  const found = await listAll(session, { service: "identity", path, query: { name }, schema, items });
  return found.kind === "found" ? single(found.value) : found;
}

/** One that is gone already counts as deleted. */
export async function deleteApplicationCredential(
  session: CloudSession,
  userId: string,
  credentialId: string,
): Promise<Done | Refusal> {
  return await remove(session, `/users/${part(userId)}/application_credentials/${part(credentialId)}`);
}

export interface Done {
  readonly kind: "done";
}

async function change(session: CloudSession, request: CloudRequest): Promise<Done | Refusal> {
  const reply = await session.request("identity", request);
  if (reply.kind === "refused") return reply;
  return isSuccess(reply) ? { kind: "done" } : refusalOf(reply, "identity");
}

async function remove(session: CloudSession, path: string): Promise<Done | Refusal> {
  const reply = await session.request("identity", { method: "DELETE", path });
  if (reply.kind === "refused") return reply;
  return isSuccess(reply) || reply.status === 404 ? { kind: "done" } : refusalOf(reply, "identity");
}
