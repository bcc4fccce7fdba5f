/** The stack behind a resource: made, changed and deleted with it, and its state read as the resource's. */
import type { Cloud } from "../../cloud.ts";
import { uuid } from "../../ids.ts";
import { isEqual } from "../../json.ts";
import { limits } from "../../limits.ts";
import { HeatError } from "../faults.ts";
import type { Environment, Stack } from "../records.ts";
import { done, physicalName } from "../resources/kind.ts";
import type { Kind, Progress, Task } from "../resources/kind.ts";
import { cancelWork, startAction } from "./start.ts";
import { nestedReason } from "./states.ts";
import { templateOf } from "./templates.ts";
import { checkSize, validateStack } from "./validate.ts";

const childOf = ({ cloud, resource }: Pick<Task, "cloud" | "resource">): Stack | undefined =>
  resource.physicalId === null ? undefined : cloud.heat.stacks.get(resource.physicalId);

/** Makes the stack behind the resource, or brings the one that is there to what the properties say now. */
export function beginNested(kind: Kind, task: Task): void {
  const { cloud, stack, resource, at } = task;
  const nested = kind.nested?.(task);
  if (!nested) throw new Error(`${resource.type} has no nested stack`);
  resource.data = { ...resource.data, ...kind.keep?.(task) };
  if (stack.depth + 1 > limits.nestingDepth) {
    throw new HeatError(
      "RequestLimitExceeded",
      `Request limit exceeded: Recursion depth exceeds ${limits.nestingDepth}.`,
    );
  }
  const environment: Environment = { ...stack.goal.environment, parameters: nested.parameters };
  const goal = { template: nested.template, environment, files: {} };
  const child = childOf(task);
  const wanted = Object.keys(templateOf(goal.template).resources).length;
  const own = child ? cloud.heat.resources.group(child.id).length : 0;
  checkSize(cloud, sizeOfTree(cloud, stack) - own + wanted);
  if (!child) {
    const made = newChild(task, goal);
    validateStack(cloud, made, at);
    resource.physicalId = made.id;
    cloud.heat.resources.put(resource);
    cloud.heat.stacks.put(made);
    startAction(cloud, made, "CREATE", at);
    return;
  }
  cloud.heat.resources.put(resource);
  if (child.status === "IN_PROGRESS") cancelWork(cloud, child, at);
  const isSame =
    isEqual(goal.template, child.goal.template) && isEqual(environment.parameters, child.goal.environment.parameters);
  // The same source object keeps its parsed form.
  const next = isSame ? { ...child.goal, environment } : goal;
  validateStack(cloud, { ...child, goal: next }, at);
  child.goal = next;
  child.direction = "forward";
  child.updatedAtMs = at;
  startAction(cloud, child, "UPDATE", at);
}

const sizeOfTree = (cloud: Cloud, stack: Stack): number =>
  cloud.heat.stacks.group(stack.rootId).reduce((sum, one) => sum + cloud.heat.resources.group(one.id).length, 0);

function newChild(task: Task, goal: Stack["goal"]): Stack {
  const { cloud, stack, resource, at } = task;
  return {
    ...stack,
    id: uuid(cloud.random),
    name: physicalName(task),
    rootId: stack.rootId,
    ownerId: stack.id,
    parentResource: resource.name,
    depth: stack.depth + 1,
    action: "INIT",
    status: "COMPLETE",
    reason: "",
    createdAtMs: at,
    updatedAtMs: null,
    deletedAtMs: null,
    goal,
    previous: null,
    direction: "forward",
    traversal: 0,
    deadlineMs: null,
    disableRollback: true,
    tags: null,
  };
}

/** The nested stack's state as the resource's. */
export function checkNested(task: Task): Progress {
  const { resource } = task;
  const child = childOf(task);
  const action = resource.work?.action ?? resource.action;
  if (action === "DELETE") {
    if (!child) return done;
    if (child.status === "FAILED") {
      return { kind: "failed", error: "", reason: nestedReason(resource.name, action, child.reason) };
    }
    return { kind: "waiting", untilMs: null };
  }
  if (!child) return { kind: "failed", error: "NotFound", reason: "the nested stack is gone" };
  switch (child.status) {
    case "IN_PROGRESS":
      return { kind: "waiting", untilMs: null };
    case "COMPLETE":
      return done;
    case "FAILED":
      return { kind: "failed", error: "", reason: nestedReason(resource.name, action, child.reason) };
    default:
      return child.status satisfies never;
  }
}

export function deleteNested(task: Pick<Task, "cloud" | "resource" | "at">): void {
  const child = childOf(task);
  if (!child) return;
  if (child.status === "IN_PROGRESS") cancelWork(task.cloud, child, task.at);
  child.direction = "backward";
  startAction(task.cloud, child, "DELETE", task.at);
}
