/** What the API does to stacks: create, update, delete, mark unhealthy. Each checks, changes the tables, and leaves the rest to time. */
import { uuid } from "../../ids.ts";
import type { Cloud } from "../../cloud.ts";
import type { JsonMap } from "../../json.ts";
import { Fault } from "../../http/fault.ts";
import type { Caller } from "../../keystone/callers.ts";
import { userByName } from "../../keystone/directory.ts";
import { createTrust } from "../../keystone/trusts.ts";
import { HeatError } from "../faults.ts";
import { changedImmutables } from "../hot/parameters.ts";
import type { Goal, Resource, Stack } from "../records.ts";
import { touch } from "./advance.ts";
import { cancelWork, startAction } from "./start.ts";
import { setResource } from "./states.ts";
import { givenParameters, templateOf } from "./templates.ts";
import { checkName, validateStack } from "./validate.ts";

/** How far apart two creates of one name may be to pass for simultaneous. */
const TWIN_WINDOW_MS = 1_000;

export interface NewStack {
  name: unknown;
  goal: Goal;
  timeoutMins?: number | undefined;
  disableRollback?: boolean | undefined;
  tags?: string[] | undefined;
}

/** The project's root stacks that are not deleted. */
export const liveStacks = (cloud: Cloud, projectId: string): Stack[] =>
  [...cloud.heat.stacks.values()].filter(
    (one) => one.projectId === projectId && one.rootId === one.id && one.deletedAtMs === null,
  );

/** Whether the knobs let another stack of the name be made beside one that was made just now. */
const mayHaveTwin = (cloud: Cloud, stack: Stack): boolean =>
  cloud.clock.now() - stack.createdAtMs < TWIN_WINDOW_MS && cloud.random() < cloud.knobs.settings.twinProbability;

/** A stack as it would be, checked; not kept. */
export function draftStack(cloud: Cloud, caller: Caller, wanted: NewStack): Stack {
  const projectId = caller.projectId ?? "";
  const name = checkName(wanted.name);
  const live = liveStacks(cloud, projectId);
  if (live.some((one) => one.name === name && !mayHaveTwin(cloud, one)))
    throw new HeatError("StackExists", `The Stack (${name}) already exists.`);
  if (!caller.isAdmin && live.length >= cloud.options.stacksPerProject) {
    throw new HeatError(
      "RequestLimitExceeded",
      `Request limit exceeded: You have reached the maximum stacks per tenant, ${cloud.options.stacksPerProject}. Please delete some stacks.`,
    );
  }
  const id = uuid(cloud.random);
  const now = cloud.clock.now();
  const stack: Stack = {
    id,
    name,
    projectId,
    rootId: id,
    ownerId: null,
    parentResource: null,
    depth: 0,
    userId: caller.userId,
    userName: caller.identity.user.name,
    action: "INIT",
    status: "COMPLETE",
    reason: "",
    createdAtMs: now,
    updatedAtMs: null,
    deletedAtMs: null,
    goal: wanted.goal,
    previous: null,
    direction: "forward",
    traversal: 0,
    deadlineMs: null,
    timeoutMins: wanted.timeoutMins ?? null,
    disableRollback: wanted.disableRollback ?? true,
    tags: wanted.tags ?? null,
    userProjectId: null,
    trustId: null,
  };
  validateStack(cloud, stack, now);
  return stack;
}

export function createStack(cloud: Cloud, caller: Caller, wanted: NewStack): Stack {
  const stack = draftStack(cloud, caller, wanted);
  stack.trustId = takeTrust(cloud, caller);
  cloud.heat.stacks.put(stack);
  startAction(cloud, stack, "CREATE", cloud.clock.now());
  touch(cloud, stack.id);
  return stack;
}

/** The trust that Heat takes; none when the caller acts by one already, as that one serves. */
function takeTrust(cloud: Cloud, caller: Caller): string | null {
  if (cloud.options.heatDelegation === "none" || caller.identity.trust) return null;
  const heat = userByName(cloud, "heat", "default");
  if (!heat) throw new Error("there is no user heat");
  const roles = caller.identity.roles.map(({ id }) => ({ id }));
  const parties = { trustor_user_id: caller.userId, trustee_user_id: heat.id, project_id: caller.projectId };
  try {
    return createTrust(cloud, caller, { trust: { ...parties, impersonation: true, allow_redelegation: true, roles } })
      .id;
  } catch (error) {
    // Keystone's refusal is Heat's.
    if (error instanceof Fault) throw new HeatError("Forbidden", error.message);
    throw error;
  }
}

export interface Change {
  goal: Goal;
  timeoutMins?: number | undefined;
  disableRollback?: boolean | undefined;
  tags?: string[] | null | undefined;
}

const refuseWhileBusy = (stack: Stack): void => {
  if (stack.status === "IN_PROGRESS") {
    throw new HeatError("ActionInProgress", `Stack ${stack.name} already has an action (${stack.action}) in progress.`);
  }
};

export function checkUpdate(cloud: Cloud, stack: Stack, goal: Goal): void {
  if (stack.action === "DELETE") {
    throw new HeatError("NotSupported", "Updating a stack when it is deleting is not supported.");
  }
  refuseWhileBusy(stack);
  const before = {
    schemas: templateOf(stack.goal.template).parameters,
    given: givenParameters(stack.goal.environment),
  };
  const after = { schemas: templateOf(goal.template).parameters, given: givenParameters(goal.environment) };
  const now = cloud.clock.now();
  validateStack(cloud, { ...stack, goal }, now);
  const immutable = changedImmutables(before, after);
  if (immutable.length > 0) {
    throw new HeatError(
      "ImmutableParameterModified",
      `The following parameters are immutable and may not be updated: ${immutable.join(", ")}`,
    );
  }
}

export function updateStack(cloud: Cloud, stack: Stack, change: Change): void {
  checkUpdate(cloud, stack, change.goal);
  stack.previous = stack.goal;
  stack.goal = change.goal;
  stack.direction = "forward";
  stack.updatedAtMs = cloud.clock.now();
  if (change.timeoutMins !== undefined) stack.timeoutMins = change.timeoutMins;
  if (change.disableRollback !== undefined) stack.disableRollback = change.disableRollback;
  if (change.tags !== undefined) stack.tags = change.tags;
  startAction(cloud, stack, "UPDATE", cloud.clock.now());
  touch(cloud, stack.id);
}

/** From every status, also while something else is under way: that ends here. */
export function deleteStack(cloud: Cloud, stack: Stack): void {
  if (stack.deletedAtMs !== null) {
    throw new HeatError("EntityNotFound", `The Stack (${stack.name}) could not be found.`);
  }
  const now = cloud.clock.now();
  if (stack.action === "DELETE" && stack.status === "IN_PROGRESS") return;
  if (stack.status === "IN_PROGRESS") cancelWork(cloud, stack, now);
  stack.direction = "backward";
  stack.previous = null;
  startAction(cloud, stack, "DELETE", now);
  touch(cloud, stack.rootId);
}

/** CHECK_FAILED makes the next update replace the resource; marking it healthy takes that back. */
export function markUnhealthy(
  cloud: Cloud,
  stack: Stack,
  resource: Resource,
  isUnhealthy: boolean,
  reason: string,
): void {
  refuseWhileBusy(stack);
  const now = cloud.clock.now();
  const words = reason === "" ? "state changed by resource_mark_unhealthy api" : reason;
  const isChecked = resource.action === "CHECK" && resource.status === "FAILED";
  if (isUnhealthy && resource.action !== "DELETE") {
    setResource(cloud, resource, { action: "CHECK", status: "FAILED", reason: words }, now);
  } else if (!isUnhealthy && isChecked) {
    setResource(cloud, resource, { action: "CHECK", status: "COMPLETE", reason: words }, now);
  }
}

/** Nested stacks' parameters are told with the root's files; hidden ones are hidden by the caller of this. */
export const parametersOf = (stack: Stack): JsonMap => stack.goal.environment.parameters;
