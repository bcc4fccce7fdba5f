/** The simulated nodes: what their user data tells them to signal, and when they are up. */
import type { Cloud } from "../../cloud.ts";
import type { Server } from "../../nova/records.ts";
import type { Resource } from "../records.ts";
import type { Task } from "../resources/kind.ts";
import { placesIn } from "./signal-urls.ts";

/** How much of encoded user data is looked into. */
const MAX_DECODED_BYTES = 1_000_000;

/** The text and what is encoded in it: parts of a MIME message and data URLs in base64, percent signs. */
export function decoded(userData: string): string {
  const encoded = [
    ...userData.matchAll(/;base64,([A-Za-z0-9+/=%]+)/g),
    ...userData.matchAll(/Content-Transfer-Encoding: base64\r?\n(?:[\w-]+:[^\n]*\n)*\r?\n([A-Za-z0-9+/=\r\n]+)/gi),
  ];
  const texts = encoded.map(([, body = ""]) => Buffer.from(decodeURIComponentOr(body), "base64").toString("utf8"));
  return [userData, decodeURIComponentOr(userData), ...texts].join("\n").slice(0, MAX_DECODED_BYTES * 4);
}

function decodeURIComponentOr(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoded: it stands for itself.
    return text;
  }
}

/** The ids of the stacks whose resources a text tells to signal. */
export const stackIdsIn = (text: string): string[] => placesIn(text).map(({ stackId }) => stackId);

/** The handles that the server's user data tells it to signal. */
export function handlesOf(cloud: Cloud, server: Server): Resource[] {
  const found = new Map<string, Resource>();
  for (const place of placesIn(decoded(server.userData))) {
    for (const resource of cloud.heat.resources.group(place.stackId)) {
      if (resource.name === place.resource && resource.data["isHandle"] === true) found.set(resource.id, resource);
    }
  }
  return [...found.values()];
}

/** Marks the handles that the server will signal, so that nothing else signals in its place. */
export function nameHandles(cloud: Cloud, server: Server): void {
  for (const handle of handlesOf(cloud, server)) {
    handle.data = { ...handle.data, isNamed: true };
    cloud.heat.resources.put(handle);
  }
}

/**
 * When the last of the servers is up that the resource comes after in its stack; the usual boot time after its own start when there are none;
 * null when one of them never boots.
 */
export function bootOfRequired({ cloud, stack, resource, at }: Task): number | null {
  const siblings = new Map(cloud.heat.resources.group(stack.id).map((one) => [one.name, one]));
  const open = [...resource.requires];
  const seen = new Set<string>();
  let last: number | undefined;
  for (let name = open.shift(); name !== undefined; name = open.shift()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const sibling = siblings.get(name);
    open.push(...(sibling?.requires ?? []));
    const server = sibling?.physicalId ? cloud.nova.servers.get(sibling.physicalId) : undefined;
    if (!server) continue;
    if (server.bootedAtMs === null) return null;
    last = Math.max(last ?? 0, server.bootedAtMs);
  }
  return last ?? (resource.work?.startedAtMs ?? at) + cloud.knobs.settings.bootMs;
}
