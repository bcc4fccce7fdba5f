/** The addresses by which nodes reach the resources that wait for them. */
import type { Cloud } from "../../cloud.ts";
import { hashSecret } from "../../keystone/directory.ts";
import { toIso } from "../../times.ts";
import type { Resource, Stack } from "../records.ts";

interface Place {
  readonly cloud: Cloud;
  readonly stack: Stack;
  readonly resource: Resource;
  readonly at: number;
}

/** POST here with the token of a stack user (Heat's own signals). */
export const signalUrl = ({ cloud, stack, resource }: Omit<Place, "at">, projectId: string): string =>
  `${cloud.options.publicUrl}/orchestration/v1/${projectId}/stacks/${stack.name}/${stack.id}/resources/${resource.name}/signal`;

const arn = ({ stack, resource }: { stack: Stack; resource: Resource }): string =>
  encodeURIComponent(
    `arn:openstack:heat::${stack.projectId}:stacks/${stack.name}/${stack.id}/resources/${resource.name}`,
  );

/** PUT here without a token: the address itself is signed (CloudFormation's wait conditions). */
export function waitUrl(place: Place): string {
  const { cloud, resource } = place;
  const path = `/waitcondition/${arn(place)}`;
  const query = new URLSearchParams({
    Timestamp: toIso(place.at),
    SignatureMethod: "HmacSHA256",
    AWSAccessKeyId: resource.id.replaceAll("-", ""),
    SignatureVersion: "2",
    Signature: waitSignature(place, path),
  });
  return `${cloud.options.publicUrl}/orchestration-cfn/v1${path}?${query.toString()}`;
}

/** Made of the handle's own id, which nobody else is told. */
export const waitSignature = ({ resource }: { resource: Resource }, path: string): string =>
  hashSecret(`${resource.id} ${path}`).slice(0, 44);

/** The stack and resource that each address in a text leads to. */
export function placesIn(text: string): { stackId: string; resource: string }[] {
  const found = [
    ...text.matchAll(/stacks(?:\/|%2F)[^/%\s]+(?:\/|%2F)([0-9a-f-]{36})(?:\/|%2F)resources(?:\/|%2F)([^/%\s?'"]+)/gi),
  ];
  return found.map(([, stackId = "", resource = ""]) => ({ stackId, resource: decodeURIComponent(resource) }));
}
