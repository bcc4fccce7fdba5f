/** What callers see of nodes (bay-era sheet 3.3). */
import type { Node } from "@jeroboam/core/container/node";
import { itemLinks } from "../links.ts";
import { wireTime } from "../wire/time.ts";

export function viewBriefNode({ uuid, type, imageId, ironicNodeId }: Node, base: string): object {
  return { uuid, type, image_id: imageId, ironic_node_id: ironicNodeId, links: itemLinks(base, "nodes", uuid) };
}

export function viewNode(node: Node, base: string): object {
  const { createdAtMs, updatedAtMs } = node;
  return { ...viewBriefNode(node, base), created_at: wireTime(createdAtMs), updated_at: wireTime(updatedAtMs) };
}
