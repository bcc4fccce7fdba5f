/** Who is who, and who may do what where: lookups and role assignments. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Cloud } from "../cloud.ts";
import type { Assignment, Domain, Project, Role, User } from "./records.ts";

type Place = { projectId: string } | { domainId: string } | { system: true };

export const hashSecret = (text: string): string => createHash("sha256").update(text).digest("hex");

export const isSecret = (text: string, hash: string | null): boolean =>
  hash !== null && timingSafeEqual(Buffer.from(hashSecret(text)), Buffer.from(hash));

function find<T>(values: Iterable<T>, matches: (value: T) => boolean): T | undefined {
  for (const value of values) if (matches(value)) return value;
  return undefined;
}

export const domainByName = (cloud: Cloud, name: string): Domain | undefined =>
  find(cloud.keystone.domains.values(), (one) => one.name === name);

export const projectByName = (cloud: Cloud, name: string, domainId: string): Project | undefined =>
  find(cloud.keystone.projects.values(), (one) => one.name === name && one.domainId === domainId);

export const userByName = (cloud: Cloud, name: string, domainId: string): User | undefined =>
  find(cloud.keystone.users.values(), (one) => one.name === name && one.domainId === domainId);

export const roleByName = (cloud: Cloud, name: string): Role | undefined =>
  find(cloud.keystone.roles.values(), (one) => one.name === name && one.domainId === null);

/** Those roles and all that they imply, each once. */
export function withImplied(cloud: Cloud, roleIds: readonly string[]): Role[] {
  const found = new Map<string, Role>();
  const open = [...roleIds];
  for (let id = open.shift(); id !== undefined; id = open.shift()) {
    const role = cloud.keystone.roles.get(id);
    if (!role || found.has(id)) continue;
    found.set(id, role);
    open.push(...role.implies);
  }
  return [...found.values()];
}

const isAt = (one: Assignment, place: Place): boolean => {
  if ("projectId" in place) return one.projectId === place.projectId;
  if ("domainId" in place) return one.domainId === place.domainId;
  return one.system;
};

/** The roles that the user has there now, implied ones with them. */
export function effectiveRoles(cloud: Cloud, userId: string, place: Place): Role[] {
  const direct = cloud.keystone.assignments.group(userId).filter((one) => isAt(one, place));
  return withImplied(
    cloud,
    direct.map((one) => one.roleId),
  );
}

export function assignmentOf(userId: string, roleId: string, place: Place): Assignment {
  const projectId = "projectId" in place ? place.projectId : null;
  const domainId = "domainId" in place ? place.domainId : null;
  const system = "system" in place;
  return {
    id: [userId, roleId, projectId ?? domainId ?? "system"].join(":"),
    userId,
    roleId,
    projectId,
    domainId,
    system,
  };
}

export const isEnabled = (cloud: Cloud, holder: { enabled: boolean; domainId: string } | undefined): boolean =>
  holder !== undefined && holder.enabled && cloud.keystone.domains.get(holder.domainId)?.enabled === true;
