/** Signals to resources: from nodes, by REST, and those that the sandbox's own nodes send. */
import type { Cloud } from "../../cloud.ts";
import type { JsonMap } from "../../json.ts";
import { HeatError } from "../faults.ts";
import type { Resource, Stack } from "../records.ts";
import { ResourceError } from "../resources/kind.ts";
import { scopeOf, taskOf } from "./scope.ts";
import { setResource } from "./states.ts";

/** Delivers a signal; throws what Heat answers to one that it does not take. What waits for it is woken by the caller. */
export function sendSignal(cloud: Cloud, stack: Stack, resource: Resource, details: JsonMap | null, at: number): void {
  const { kind, task } = taskOf(cloud, stack, resource, at);
  if (!kind.signal) {
    throw new HeatError(
      "ResourceActionNotSupported",
      `Signal resource during ${resource.action} is not supported for resource.`,
    );
  }
  if (resource.action === "DELETE" || resource.action === "INIT") {
    throw new HeatError(
      "ResourceActionNotSupported",
      `Signal resource during ${resource.action} is not supported for resource.`,
    );
  }
  let words: string;
  try {
    words = kind.signal(task, details);
  } catch (error) {
    if (error instanceof ResourceError) throw new HeatError("ValueError", error.message);
    throw error;
  }
  const { action, status } = resource;
  setResource(cloud, resource, { action, status, reason: words === "" ? resource.reason : `Signal: ${words}` }, at);
  wake(cloud, stack, at);
}

/** Lets what waits for signals in the stack be looked at now. */
function wake(cloud: Cloud, stack: Stack, at: number): void {
  for (const resource of cloud.heat.resources.group(stack.id)) {
    if (!resource.work || resource.work.readyAtMs === null) continue;
    const { kind } = taskOf(cloud, stack, resource, at);
    if (kind.waitsForSignals !== true) continue;
    resource.work = { ...resource.work, readyAtMs: Math.min(resource.work.readyAtMs, at) };
    cloud.heat.resources.put(resource);
  }
}

/** The resource of that name that the stack means now, or the one with that physical id. */
export function findResource(cloud: Cloud, stack: Stack, nameOrId: string): Resource {
  const found =
    scopeOf(cloud, stack, cloud.clock.now()).current(nameOrId) ??
    cloud.heat.resources.group(stack.id).find((one) => one.physicalId === nameOrId && !one.isObsolete);
  if (!found) {
    throw new HeatError("ResourceNotFound", `The Resource (${nameOrId}) could not be found in Stack ${stack.name}.`);
  }
  return found;
}
