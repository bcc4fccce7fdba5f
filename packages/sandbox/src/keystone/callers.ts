/** Who sends a request, for Keystone and for every service behind it. */
import type { Context } from "hono";
import type { Cloud } from "../cloud.ts";
import { forbidden, unauthorized } from "./faults.ts";
import { resolveToken } from "./tokens.ts";
import type { Identity } from "./tokens.ts";

export interface Caller {
  readonly identity: Identity;
  readonly userId: string;
  readonly projectId: string | null;
  readonly roles: ReadonlySet<string>;
  readonly isAdmin: boolean;
}

export function callerOf(identity: Identity): Caller {
  const roles = new Set(identity.roles.map((role) => role.name));
  return {
    identity,
    userId: identity.user.id,
    projectId: identity.project?.id ?? null,
    roles,
    isAdmin: roles.has("admin"),
  };
}

/** The caller by X-Auth-Token; 401 without a token that is worth something now. */
export function authenticated(cloud: Cloud, c: Context): Caller {
  const id = c.req.header("X-Auth-Token");
  const resolved = id === undefined ? undefined : resolveToken(cloud, id);
  if (resolved?.kind !== "valid") throw unauthorized(cloud.options.publicUrl);
  return callerOf(resolved.identity);
}

export function requireAdmin(caller: Caller, action: string): void {
  if (!caller.isAdmin) throw forbidden(action);
}

/** Admin, or the user of whom it is about. */
export function requireSelf(caller: Caller, userId: string, action: string): void {
  if (caller.userId !== userId) requireAdmin(caller, action);
}

/** A service user or an administrator: those who may look at other people's tokens. */
export const isService = (caller: Caller): boolean => caller.isAdmin || caller.roles.has("service");
