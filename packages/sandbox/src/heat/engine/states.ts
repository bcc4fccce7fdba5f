/** States of stacks and resources: set here and nowhere else, with an event for each. */
import { uuid } from "../../ids.ts";
import { limits } from "../../limits.ts";
import type { Cloud } from "../../cloud.ts";
import { Fault } from "../../http/fault.ts";
import { isMap } from "../../json.ts";
import { HeatError, joinPath } from "../faults.ts";
import type { Action, Event, Resource, Stack, Status } from "../records.ts";
import { ResourceError } from "../resources/kind.ts";

function addEvent(cloud: Cloud, event: Omit<Event, "id">): void {
  const { events } = cloud.heat;
  events.put({ ...event, id: uuid(cloud.random) });
  const kept = events.group(event.stackId);
  const [oldest] = kept;
  if (oldest && kept.length > limits.eventsPerStack) events.delete(oldest.id);
}

export function setStack(cloud: Cloud, stack: Stack, action: Action, status: Status, reason: string, at: number): void {
  Object.assign(stack, { action, status, reason });
  cloud.heat.stacks.put(stack);
  addEvent(cloud, {
    stackId: stack.id,
    resourceName: stack.name,
    resourceType: "OS::Heat::Stack",
    physicalId: stack.id,
    action,
    status,
    reason,
    atMs: at,
  });
}

export function setResource(
  cloud: Cloud,
  resource: Resource,
  state: { action: Action; status: Status; reason: string },
  at: number,
): void {
  Object.assign(resource, state, { updatedAtMs: at });
  cloud.heat.resources.put(resource);
  addEvent(cloud, {
    stackId: resource.stackId,
    resourceName: resource.name,
    resourceType: resource.type,
    physicalId: resource.physicalId ?? "",
    ...state,
    atMs: at,
  });
}

/** `Error: resources.name: why`, as heat's ResourceFailure reads. */
export const failureReason = (error: string, name: string, why: string): string =>
  `${error === "" ? "" : `${error}: `}${joinPath(["resources", name])}: ${why}`;

/** What an effect threw, as the reason of its resource; a bug of ours stays a bug. */
export function reasonOf(error: unknown, name: string): string {
  if (error instanceof ResourceError) return failureReason(error.error, name, error.message);
  if (error instanceof HeatError) return failureReason(error.type, name, error.message);
  if (error instanceof Fault) {
    const body = isMap(error.body) ? error.body["NeutronError"] : undefined;
    const type = isMap(body) && typeof body["type"] === "string" ? body["type"] : "Conflict";
    return failureReason(`${type}Client`, name, error.message);
  }
  throw error;
}

/**
 * The reason of a resource whose nested stack failed: the same words with the resource's own place in front. As heat's
 * ResourceFailure does, it takes a reason apart at its colons, and only one of the resource's own action: a node that
 * could not be created while its group was updated is told of as it stands.
 */
export function nestedReason(name: string, action: Action, reason: string): string {
  const place = joinPath(["resources", name]);
  if (!reason.includes(`Resource ${action} failed: `)) return `${place}: ${reason}`;
  const [, error = "", path = "", ...words] = reason.split(":").map((part) => part.trim());
  return words.length > 0 ? `${error}: ${place}.${path}: ${words.join(": ")}` : `${place}: ${reason}`;
}
