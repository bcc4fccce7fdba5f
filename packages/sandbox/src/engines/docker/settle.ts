/** What becomes of a swarm by itself: containers go with their node's server, and the node is forgotten a while later. */
import { dropContainer, listContainers } from "./containers.ts";
import type { Place } from "./containers.ts";

/** How long the managers know a node that is not heard of (the agents' `--ttl`). */
const FORGOTTEN_AFTER_MS = 180_000;

/** Tells when the next thing happens. */
export function settleDocker(place: Place, at: number): number | null {
  const { nodes } = place.cloud.engines;
  let next: number | null = null;
  for (const node of nodes.group(place.engine.id)) {
    if (node.lostAtMs === null) continue;
    for (const one of listContainers(place)) if (one.nodeId === node.id) dropContainer(place, one);
    const forgottenAt = node.lostAtMs + FORGOTTEN_AFTER_MS;
    if (forgottenAt <= at) nodes.delete(node.id);
    else next = Math.min(next ?? forgottenAt, forgottenAt);
  }
  return next;
}
