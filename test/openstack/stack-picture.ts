/**
 * A stack as Heat tells of it, with what differs from cloud to cloud and from run to run made alike: uuids, other ids,
 * addresses, the random ends of names. Two Heats that agree on a stack give equal pictures.
 */
import type { CloudSession } from "@jeroboam/core/openstack/session";
import { createHeat } from "@jeroboam/core/openstack/heat";
import { ask } from "./people.ts";

export interface StackPicture {
  readonly status: string;
  readonly reason: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  /** `path of names: type status`, of all resources, those of the stacks within too, in order. */
  readonly resources: readonly string[];
}

interface Resource {
  readonly resource_name: string;
  readonly resource_type: string;
  readonly resource_status: string;
  readonly resource_status_reason: string;
  readonly physical_resource_id: string;
  readonly links: readonly { readonly rel: string; readonly href: string }[];
}

export async function takePicture(session: CloudSession, stackId: string): Promise<StackPicture> {
  const found = await createHeat(session).findStack(stackId, { outputs: true });
  if (found.kind !== "found") throw new Error(`stack ${stackId} is ${found.kind}`);
  const { stack_name, id, stack_status, stack_status_reason, parameters, outputs } = found.value;
  const path = `/stacks/${stack_name}/${id}/resources`;
  const request = { method: "GET", path, query: { nested_depth: 6 } } as const;
  const { resources } = await ask<{ resources: readonly Resource[] }>(session, "orchestration", request);
  return {
    status: stack_status,
    reason: plain(stack_status_reason ?? ""),
    parameters: plainValues(parameters ?? {}),
    outputs: plainValues(Object.fromEntries((outputs ?? []).map((one) => [one.output_key, one.output_value]))),
    resources: linesOf(resources),
  };
}

function linesOf(resources: readonly Resource[]): readonly string[] {
  const stackOf = (resource: Resource): string =>
    resource.links
      .find(({ rel }) => rel === "stack")
      ?.href.split("/")
      .at(-1) ?? "";
  const owners = new Map(resources.map((resource) => [resource.physical_resource_id, resource]));
  const pathOf = (resource: Resource): string => {
    const owner = owners.get(stackOf(resource));
    return owner ? `${pathOf(owner)}.${resource.resource_name}` : resource.resource_name;
  };
  return resources
    .map((resource) => {
      const { resource_type: type, resource_status: status, resource_status_reason: reason } = resource;
      return `${pathOf(resource)}: ${type} ${status}${status.endsWith("_FAILED") ? `, ${plain(reason)}` : ""}`;
    })
    .sort();
}

function plainValues(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return JSON.parse(plain(JSON.stringify(values))) as Record<string, unknown>;
}

/** Addresses of networks (with a prefix length) stay: they are what was asked for. */
function plain(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<uuid>")
    .replaceAll(/(<uuid>(?:-[a-z0-9_]+)*?)-[a-z0-9]{12}\b/g, "$1-<random>")
    .replaceAll(/\b[0-9a-f]{32}\b/g, "<id>")
    .replaceAll(/https?:\/\/[a-z0-9.:]+/g, "<url>")
    .replaceAll(/\b(?:\d{1,3}\.){3}\d{1,3}\b(?!\/)/g, "<address>");
}
