/**
 * The users by which the nodes of bays ask our API: each in a domain of their own, with one role on the bay's project
 * that entitles to nothing in other services. No trust, and nothing of the person who asked for the bay.
 */
import {
  createUser,
  deleteUser,
  findUser,
  grantRole,
  listUsers,
  setPassword,
} from "@jeroboam/core/openstack/keystone-directory";
import { ensureDomain, ensureRole } from "@jeroboam/core/openstack/keystone-setup";
import type { Refusal } from "@jeroboam/core/openstack/refusal";
import type { CloudSession } from "@jeroboam/core/openstack/session";
import { Transient } from "@jeroboam/core/errors";
import type { NodeUser } from "./ports.ts";

export interface NodeUserSettings {
  /** Name of the domain that holds them. */
  readonly domain: string;
  /** Name of their role. */
  readonly role: string;
}

type Made = { readonly kind: "user"; readonly id: string; readonly domainId: string } | Refusal;

/** Makes the user, or finds the one made before and gives it this password again. */
export async function ensureNodeUser(session: CloudSession, settings: NodeUserSettings, user: NodeUser): Promise<Made> {
  const domain = await ensureDomain(session, settings.domain);
  if (domain.kind === "refused") return domain;
  const role = await ensureRole(session, settings.role);
  if (role.kind === "refused") return role;
  const made = await makeOrFind(session, domain.value, user);
  if (made.kind === "refused") return made;
  const granted = await grantRole(session, { projectId: user.projectId, userId: made.id, roleId: role.value });
  return granted.kind === "refused" ? granted : made;
}

async function makeOrFind(
  session: CloudSession,
  domainId: string,
  { name, password, projectId }: NodeUser,
): Promise<Made> {
  const description = `Nodes of a bay of project ${projectId}`;
  const made = await createUser(session, { name, domainId, password, description });
  if (made.kind === "found") return { kind: "user", id: made.value.id, domainId };
  if (made.kind === "refused") return made;
  const found = await findUser(session, name, domainId);
  if (found.kind === "refused") return found;
  // It was there a moment ago: somebody is removing it; the next try sees.
  if (found.kind !== "found") throw new Transient(`user ${name} cannot be found`);
  const renewed = await setPassword(session, found.value.id, password);
  return renewed.kind === "refused" ? renewed : { kind: "user", id: found.value.id, domainId };
}

/** Everybody in the domain of nodes, by name. */
export async function listNodeUsers(
  session: CloudSession,
  settings: NodeUserSettings,
): Promise<{ readonly kind: "users"; readonly names: readonly string[] } | Refusal> {
  const domain = await ensureDomain(session, settings.domain);
  if (domain.kind === "refused") return domain;
  const users = await listUsers(session, domain.value);
  return users.kind === "refused" ? users : { kind: "users", names: users.value.map(({ name }) => name) };
}

/** Removes the user; one that is gone already, or never was, is fine. */
export async function removeNodeUser(
  session: CloudSession,
  settings: NodeUserSettings,
  name: string,
): Promise<{ readonly kind: "done" } | Refusal> {
  const domain = await ensureDomain(session, settings.domain);
  if (domain.kind === "refused") return domain;
  const found = await findUser(session, name, domain.value);
  if (found.kind === "refused") return found;
  return found.kind === "found" ? deleteUser(session, found.value.id) : { kind: "done" };
}
