/** Who may do what in Heat, and which stack a path means. */
import type { Context } from "hono";
import type { Cloud } from "../cloud.ts";
import { authenticated } from "../keystone/callers.ts";
import type { Caller } from "../keystone/callers.ts";
import { isUuidLike } from "../ids.ts";
import { HeatError } from "./faults.ts";
import type { Stack } from "./records.ts";
import { liveStacks } from "./engine/stacks.ts";

const forbidden = (): HeatError => new HeatError("HTTPForbidden", "Access was denied to this resource.");

const STACK_USER = "heat_stack_user";

/**
 * The caller, on its own project's path. `reader` may look, `member` may change, `signal` lets the stacks' own users in as well.
 * As with Heat's older rules (which its releases of today still hold), whoever is no stack user and has a role may change things,
 * unless `reader` is all that it has.
 */
export function authorized(cloud: Cloud, c: Context, level: "reader" | "member" | "signal"): Caller {
  const caller = authenticated(cloud, c);
  if (caller.projectId === null || (caller.projectId !== c.req.param("tenant") && !caller.isAdmin)) throw forbidden();
  const isStackUser = caller.roles.has(STACK_USER) && !caller.isAdmin;
  if (isStackUser) {
    if (level !== "signal") throw forbidden();
    return caller;
  }
  const isReaderOnly = [...caller.roles].every((role) => role === "reader");
  if (level !== "reader" && isReaderOnly) throw forbidden();
  return caller;
}

const notFound = (name: string): HeatError =>
  new HeatError("EntityNotFound", `The Stack (${name}) could not be found.`);

/** Whether the caller may see that it exists. */
function isVisible(cloud: Cloud, caller: Caller, stack: Stack): boolean {
  if (caller.isAdmin || stack.projectId === caller.projectId) return true;
  return cloud.heat.stacks.get(stack.rootId)?.userProjectId === caller.projectId;
}

/** The stack of a canonical path, `{name}/{id}`. */
export function stackAt(cloud: Cloud, c: Context, caller: Caller, options: { deleted?: boolean } = {}): Stack {
  const name = c.req.param("name") ?? "";
  const stack = cloud.heat.stacks.get(c.req.param("id") ?? "");
  if (!stack || stack.name !== name || !isVisible(cloud, caller, stack)) throw notFound(name);
  if (stack.deletedAtMs !== null && options.deleted !== true) throw notFound(name);
  return stack;
}

/** The stack that a name or an id means: by id also one that is deleted, and nested ones. */
export function lookUp(cloud: Cloud, caller: Caller, nameOrId: string): Stack {
  const byId = isUuidLike(nameOrId) ? cloud.heat.stacks.get(nameOrId) : undefined;
  if (byId && isVisible(cloud, caller, byId)) return byId;
  const byName =
    liveStacks(cloud, caller.projectId ?? "").find((one) => one.name === nameOrId) ??
    [...cloud.heat.stacks.values()].find(
      (one) => one.name === nameOrId && one.deletedAtMs === null && one.projectId === caller.projectId,
    );
  if (!byName) throw notFound(nameOrId);
  return byName;
}
