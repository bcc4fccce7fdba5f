/** Which nodes a resize removes: those that were named, found in what the stack says it has. */
import type { Member } from "@jeroboam/core/bay/bay-nodes";
import type { Refused } from "../ports.ts";

export interface NamedNodes {
  /** By server id or index; each must be there. */
  readonly nodesToRemove: readonly string[];
  /** By the same; one that is not there any more is no matter. */
  readonly carriedNodes: readonly string[];
}

/** One that is not there refuses all: another would be removed in its place (user asks G1, G3). */
export function chooseRemovals(
  members: readonly Member[],
  { nodesToRemove, carriedNodes }: NamedNodes,
): { readonly kind: "members"; readonly members: readonly Member[] } | Refused {
  const find = (node: string): Member | undefined =>
    members.find(({ index, serverId }) => index === node || serverId === node.toLowerCase());
  const unknown = nodesToRemove.filter((node) => find(node) === undefined);
  if (unknown.length > 0)
    return {
      kind: "refused",
      reason: `nodes to remove are none of the group's: ${unknown.join(", ")}; none was removed`,
    };
  const chosen = [...nodesToRemove, ...carriedNodes].flatMap((node) => find(node) ?? []);
  return { kind: "members", members: [...new Set(chosen)] };
}
