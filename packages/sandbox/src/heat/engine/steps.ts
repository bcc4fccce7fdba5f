/**
 * One step of a stack at one moment: ends what is ready, begins what can begin. Called again and again until nothing moves; it holds no
 * state but that of the tables, so a restart goes on where the last answered request left it.
 */
import type { Cloud } from "../../cloud.ts";
import type { JsonMap } from "../../json.ts";
import { isEqual } from "../../json.ts";
import type { ResourceDefinition } from "../hot/template.ts";
import { dropTrust } from "../../keystone/trusts.ts";
import { limits } from "../../limits.ts";
import type { Action, Resource, Stack } from "../records.ts";
import type { Kind, Task } from "../resources/kind.ts";
import { beginNested, checkNested, deleteNested } from "./nested.ts";
import { planOf } from "./plan.ts";
import type { Plan } from "./plan.ts";
import { resolveMetadata, resolveProperties } from "./resolve.ts";
import { scopeOf, taskOf } from "./scope.ts";
import type { StackScope } from "./scope.ts";
import { deleteSignalProject } from "./signal-users.ts";
import { addResource, cancelWork, startAction } from "./start.ts";
import { failureReason, reasonOf, setResource, setStack } from "./states.ts";
import { filesOf } from "./templates.ts";
import { kindIn, kindOf } from "./types.ts";

/** Moves the stack on at that moment; whether anything changed. */
export function stepStack(cloud: Cloud, stack: Stack, at: number): boolean {
  if (stack.status !== "IN_PROGRESS") return false;
  return stack.direction === "forward" ? stepForward(cloud, stack, at) : stepBackward(cloud, stack, at);
}

const plans = new WeakMap<Stack["goal"], { traversal: number; plan: Plan }>();

/** The plan of the stack's goal, made once for each action. */
function planFor(cloud: Cloud, scope: StackScope): Plan {
  const { stack } = scope;
  const known = plans.get(stack.goal);
  if (known?.traversal === stack.traversal) return known.plan;
  const plan = planOf(scope, (name, type) => kindIn(cloud, stack, type, name));
  plans.set(stack.goal, { traversal: stack.traversal, plan });
  return plan;
}

const isSettled = (stack: Stack, resource: Resource | undefined): boolean =>
  resource !== undefined &&
  resource.traversal === stack.traversal &&
  resource.work === null &&
  resource.status === "COMPLETE";

/** Whether the action of now is still under way: a failure ends it, and may begin another in the same moment. */
function sameAction(stack: Stack): () => boolean {
  const { traversal } = stack;
  return () => stack.status === "IN_PROGRESS" && stack.traversal === traversal;
}

function stepForward(cloud: Cloud, stack: Stack, at: number): boolean {
  const isSame = sameAction(stack);
  let moved = endReady(cloud, stack, at);
  if (!isSame()) return true;
  const scope = scopeOf(cloud, stack, at);
  const plan = planFor(cloud, scope);
  let open = 0;
  for (const name of plan.order) {
    const resource = scope.current(name);
    if (isSettled(stack, resource)) continue;
    open += 1;
    if (resource?.work) continue;
    const required = [...(plan.requires.get(name) ?? [])];
    if (!required.every((other) => isSettled(stack, scope.current(other)))) continue;
    const definition = scope.definitions.get(name);
    if (!definition) throw new Error(`the plan names ${name}, which the template has not`);
    begin(cloud, scope, name, definition, required, at);
    moved = true;
    if (!isSame()) return true;
  }
  if (open > 0) return moved;
  return finishForward(cloud, stack, at) || moved;
}

/** All that the goal wants is there: what it no longer wants goes, then the stack is complete. */
function finishForward(cloud: Cloud, stack: Stack, at: number): boolean {
  const obsolete = cloud.heat.resources.group(stack.id).filter((one) => one.isObsolete);
  if (obsolete.length > 0) return removeNext(cloud, stack, obsolete, at);
  stack.previous = null;
  stack.deadlineMs = null;
  setStack(cloud, stack, stack.action, "COMPLETE", `Stack ${stack.action} completed successfully`, at);
  return true;
}

function stepBackward(cloud: Cloud, stack: Stack, at: number): boolean {
  const isSame = sameAction(stack);
  const moved = endReady(cloud, stack, at);
  if (!isSame()) return true;
  const left = cloud.heat.resources.group(stack.id);
  if (left.length > 0) return removeNext(cloud, stack, left, at) || moved;
  finishBackward(cloud, stack, at);
  return true;
}

function finishBackward(cloud: Cloud, stack: Stack, at: number): void {
  stack.deadlineMs = null;
  if (stack.rootId === stack.id) {
    deleteSignalProject(cloud, stack);
    giveBackTrust(cloud, stack);
  }
  setStack(cloud, stack, stack.action, "COMPLETE", `Stack ${stack.action} completed successfully`, at);
  if (stack.action !== "DELETE") return;
  if (stack.rootId === stack.id) {
    // The row stays to be asked for by id; what it was made from is not asked for any more.
    cloud.heat.stacks.put(Object.assign(stack, { deletedAtMs: at }));
    forgetDeleted(cloud);
    return;
  }
  for (const event of cloud.heat.events.group(stack.id)) cloud.heat.events.delete(event.id);
  cloud.heat.stacks.delete(stack.id);
}

function giveBackTrust(cloud: Cloud, stack: Stack): void {
  const trust = stack.trustId === null ? undefined : cloud.keystone.trusts.get(stack.trustId);
  if (trust) dropTrust(cloud, trust);
  stack.trustId = null;
}

/** Of the deleted stacks that can still be asked for by id, the oldest go. */
function forgetDeleted(cloud: Cloud): void {
  if (cloud.heat.stacks.size <= limits.deletedStacks) return;
  const deleted = [...cloud.heat.stacks.values()].filter((one) => one.deletedAtMs !== null);
  for (const stack of deleted.slice(0, Math.max(0, deleted.length - limits.deletedStacks))) {
    for (const event of cloud.heat.events.group(stack.id)) cloud.heat.events.delete(event.id);
    cloud.heat.stacks.delete(stack.id);
  }
}

/** Begins to delete those that nothing needs any more; whether one was begun or went at once. */
function removeNext(cloud: Cloud, stack: Stack, candidates: readonly Resource[], at: number): boolean {
  let moved = false;
  const isSame = sameAction(stack);
  for (const resource of candidates) {
    if (resource.work || !isSame()) continue;
    const isNeeded = candidates.some(
      (other) => other !== resource && other.name !== resource.name && other.requires.includes(resource.name),
    );
    if (isNeeded) continue;
    beginRemoval(cloud, stack, resource, at);
    moved = true;
  }
  return moved;
}

function beginRemoval(cloud: Cloud, stack: Stack, resource: Resource, at: number): void {
  if (resource.action === "INIT" || resource.isRetained) {
    cloud.heat.resources.delete(resource.id);
    return;
  }
  const { kind, task } = taskOf(cloud, stack, resource, at);
  startWork(cloud, kind, task, "DELETE");
  try {
    if (kind.nested) deleteNested(task);
    else kind.remove?.(task);
  } catch (error) {
    fail(cloud, stack, resource, reasonOf(error, resource.name), at);
  }
}

function startWork(cloud: Cloud, kind: Kind, task: Task, action: Action): void {
  const { resource, stack, at } = task;
  const what = { type: resource.type, name: resource.name, stack: stack.name, action };
  const durationMs = Math.max(cloud.knobs.settings.resourceMs, kind.durationMs?.(task, action) ?? 0);
  resource.work = {
    action,
    startedAtMs: at,
    readyAtMs: at + durationMs,
    fate: cloud.knobs.resourceFate(what) ?? null,
  };
  setResource(cloud, resource, { action, status: "IN_PROGRESS", reason: "state changed" }, at);
}

/** Ends each action whose time has come; whether one ended. */
function endReady(cloud: Cloud, stack: Stack, at: number): boolean {
  let moved = false;
  const isSame = sameAction(stack);
  for (const resource of cloud.heat.resources.group(stack.id)) {
    const { work } = resource;
    if (!work || (work.readyAtMs !== null && work.readyAtMs > at)) continue;
    moved = end(cloud, stack, resource, at) || moved;
    if (!isSame()) return true;
  }
  return moved;
}

function end(cloud: Cloud, stack: Stack, resource: Resource, at: number): boolean {
  const { work } = resource;
  if (!work) return false;
  if (work.fate?.kind === "hangs") return false;
  if (work.fate) {
    fail(cloud, stack, resource, failureReason("ResourceInError", resource.name, work.fate.reason), at);
    return true;
  }
  const { kind, task } = taskOf(cloud, stack, resource, at);
  const progress = kind.nested ? checkNested(task) : work.action === "DELETE" ? undefined : kind.check?.(task);
  switch (progress?.kind) {
    case undefined:
    case "done":
      complete(cloud, resource, work.action, at);
      return true;
    case "failed":
      fail(
        cloud,
        stack,
        resource,
        progress.error === "" ? progress.reason : failureReason(progress.error, resource.name, progress.reason),
        at,
      );
      return true;
    case "waiting":
      resource.work = { ...work, readyAtMs: progress.untilMs };
      cloud.heat.resources.put(resource);
      return false;
    default:
      return progress satisfies never;
  }
}

function complete(cloud: Cloud, resource: Resource, action: Action, at: number): void {
  resource.work = null;
  if (action === "DELETE") {
    setResource(cloud, resource, { action, status: "COMPLETE", reason: "state changed" }, at);
    cloud.heat.resources.delete(resource.id);
    return;
  }
  setResource(cloud, resource, { action, status: "COMPLETE", reason: "state changed" }, at);
}

/** A resource that fails ends its stack's action. */
function fail(cloud: Cloud, stack: Stack, resource: Resource, reason: string, at: number): void {
  const action = resource.work?.action ?? resource.action;
  resource.work = null;
  setResource(cloud, resource, { action, status: "FAILED", reason }, at);
  failStack(cloud, stack, `Resource ${action} failed: ${reason}`, at);
}

/** Ends the action of the stack and of all stacks in it; a root that wants it then goes back. */
export function failStack(cloud: Cloud, stack: Stack, reason: string, at: number): void {
  stack.deadlineMs = null;
  setStack(cloud, stack, stack.action, "FAILED", reason, at);
  cancelWork(cloud, stack, at);
  const mayGoBack = stack.action === "CREATE" || stack.action === "UPDATE";
  if (stack.rootId === stack.id && !stack.disableRollback && mayGoBack) rollBack(cloud, stack, at);
}

function rollBack(cloud: Cloud, stack: Stack, at: number): void {
  const isUpdate = stack.previous !== null;
  if (stack.previous) stack.goal = stack.previous;
  stack.previous = null;
  stack.direction = isUpdate ? "forward" : "backward";
  startAction(cloud, stack, "ROLLBACK", at);
}

/** Makes the resource as its definition wants it: creates it, changes it, replaces it, or leaves it as it is. */
function begin(
  cloud: Cloud,
  scope: StackScope,
  name: string,
  definition: ResourceDefinition,
  requires: string[],
  at: number,
): void {
  const { stack } = scope;
  const current = scope.current(name);
  let resource = current ?? addResource(cloud, stack, name, definition.type, at);
  const { kind, builtIn } = kindOf(stack.goal.environment, filesOf(cloud, stack), definition.type, name);
  let properties: JsonMap;
  try {
    properties = resolveProperties(cloud, scope, name, definition, kind);
  } catch (error) {
    resource.work = null;
    fail(
      cloud,
      stack,
      Object.assign(resource, { action: resource.action === "INIT" ? "CREATE" : "UPDATE" }),
      reasonOf(error, name),
      at,
    );
    return;
  }
  const change = resource.action === "INIT" ? "create" : changeOf(kind, resource, definition, properties);
  if (change === "replace") {
    resource.isObsolete = true;
    cloud.heat.resources.put(resource);
    resource = addResource(cloud, stack, name, definition.type, at);
  }
  resource.traversal = stack.traversal;
  resource.requires = requires;
  resource.builtIn = builtIn;
  resource.isRetained = definition.deletionPolicy === "Retain";
  if (change === "none") {
    cloud.heat.resources.put(resource);
    return;
  }
  const before = resource.properties;
  resource.properties = properties;
  if (resource.action === "INIT") resource.metadata = resolveMetadata(scope, name, definition);
  const { task } = taskOf(cloud, stack, resource, at);
  const action = change === "update" ? "UPDATE" : "CREATE";
  startWork(cloud, kind, task, action);
  try {
    runEffect(cloud, kind, task, definition, change === "update" ? before : null);
  } catch (error) {
    fail(cloud, stack, resource, reasonOf(error, name), at);
  }
}

function runEffect(cloud: Cloud, kind: Kind, task: Task, definition: ResourceDefinition, before: JsonMap | null): void {
  const { resource } = task;
  if (kind.nested) {
    beginNested(kind, task);
    return;
  }
  if (before === null) {
    const made = kind.create?.(task) ?? { physicalId: null };
    resource.physicalId = made.physicalId;
    resource.data = { ...resource.data, ...made.data };
    const readyAtMs = resource.work
      ? resource.work.startedAtMs + Math.max(cloud.knobs.settings.resourceMs, kind.durationMs?.(task, "CREATE") ?? 0)
      : null;
    if (resource.work) resource.work.readyAtMs = readyAtMs;
  } else if (kind.update?.(task, before) === "replace") {
    replaceInstead(cloud, task, definition);
    return;
  }
  cloud.heat.resources.put(resource);
}

/** The kind would not do it in place after all: the one that is there goes out of the goal, a new one is made. */
function replaceInstead(cloud: Cloud, task: Task, definition: ResourceDefinition): void {
  const { resource, stack, at } = task;
  resource.work = null;
  resource.isObsolete = true;
  setResource(cloud, resource, { action: "UPDATE", status: "COMPLETE", reason: "replaced" }, at);
  addResource(cloud, stack, resource.name, definition.type, at);
  begin(cloud, scopeOf(cloud, stack, at), resource.name, definition, resource.requires, at);
}

function changeOf(
  kind: Kind,
  resource: Resource,
  definition: ResourceDefinition,
  properties: JsonMap,
): "none" | "update" | "replace" {
  if (resource.type !== definition.type) return "replace";
  const isUnhealthy = resource.action === "CHECK" && resource.status === "FAILED";
  if (isUnhealthy || (resource.status === "FAILED" && kind.isRepairable !== true)) return "replace";
  const before = resource.properties ?? {};
  const changed = Object.keys(properties).filter((name) => !isEqual(before[name] ?? null, properties[name] ?? null));
  if (kind.alwaysChanges === true) return "replace";
  // A nested stack looks for itself what is to be done: its template may have changed behind equal properties.
  if (kind.nested) return "update";
  if (changed.length === 0) return "none";
  const isInPlace =
    kind.update !== undefined &&
    changed.every((name) => kind.takesAnything === true || kind.properties[name]?.updatable === true);
  return isInPlace ? "update" : "replace";
}
