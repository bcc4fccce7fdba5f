/** Beginnings: an action on a stack, a resource that is yet to be made, and the stop of all work under a stack. */
import { uuid } from "../../ids.ts";
import type { Cloud } from "../../cloud.ts";
import type { Action, Resource, Stack } from "../records.ts";
import { scopeOf } from "./scope.ts";
import { setResource, setStack } from "./states.ts";

/** Begins an action on a stack: all its resources are to be looked at again. */
export function startAction(cloud: Cloud, stack: Stack, action: Action, at: number): void {
  stack.traversal += 1;
  stack.deadlineMs = stack.timeoutMins !== null && stack.rootId === stack.id ? at + stack.timeoutMins * 60_000 : null;
  setStack(cloud, stack, action, "IN_PROGRESS", `Stack ${action} started`, at);
  if (stack.direction === "backward") return;
  const scope = scopeOf(cloud, stack, at);
  for (const resource of cloud.heat.resources.group(stack.id)) {
    if (!scope.definitions.has(resource.name) && !resource.isObsolete) {
      resource.isObsolete = true;
      cloud.heat.resources.put(resource);
    }
  }
  for (const [name, definition] of scope.definitions) {
    if (!scope.current(name)) addResource(cloud, stack, name, definition.type, at);
  }
}

export function addResource(cloud: Cloud, stack: Stack, name: string, type: string, at: number): Resource {
  const resource: Resource = {
    id: uuid(cloud.random),
    stackId: stack.id,
    name,
    type,
    builtIn: null,
    action: "INIT",
    status: "COMPLETE",
    reason: "",
    physicalId: null,
    metadata: {},
    data: {},
    properties: null,
    requires: [],
    isObsolete: false,
    isRetained: false,
    traversal: 0,
    work: null,
    createdAtMs: at,
    updatedAtMs: at,
  };
  cloud.heat.resources.put(resource);
  return resource;
}

/** Stops all work in the tree under the stack: what was under way is failed, what it had made stays. */
export function cancelWork(cloud: Cloud, stack: Stack, at: number): void {
  for (const resource of cloud.heat.resources.group(stack.id)) {
    const { work } = resource;
    if (!work) continue;
    resource.work = null;
    setResource(
      cloud,
      resource,
      { action: work.action, status: "FAILED", reason: `${work.action} aborted (user triggered cancel)` },
      at,
    );
    const nested = resource.physicalId === null ? undefined : cloud.heat.stacks.get(resource.physicalId);
    if (nested?.status !== "IN_PROGRESS") continue;
    setStack(cloud, nested, nested.action, "FAILED", `Stack ${nested.action} cancelled`, at);
    cancelWork(cloud, nested, at);
  }
}
