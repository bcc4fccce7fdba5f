/**
 * What a group's nodes bear in their engine: labels and taints. A change of them is an operation. The group's record takes the
 * new ones first, together with what nodes may bear from before, so that whoever goes on, also after a failure, knows what is to
 * be taken away from them.
 */
import { z } from "zod";
import type { NodeGroupSpecification, NodeTaint } from "./node-group.ts";
import { nodeTaintSchema } from "./node-group.ts";

export type NodeMarks = Pick<NodeGroupSpecification, "nodeLabels" | "nodeTaints">;

/** What a change of marks is to do, as its operation carries it. */
export const marksInputSchema = z.object({
  nodeLabels: z.record(z.string(), z.string()),
  nodeTaints: z.array(nodeTaintSchema),
});

type StaleMarks = NonNullable<NodeGroupSpecification["staleMarks"]>;

export const NOTHING_STALE: StaleMarks = { labels: [], taints: [] };

/** A taint is what it keeps away, and how; its value is only said. */
export const isSameTaint = (
  one: Pick<NodeTaint, "key" | "effect">,
  other: Pick<NodeTaint, "key" | "effect">,
): boolean => one.key === other.key && one.effect === other.effect;

/** The marks taken by a specification, with all that nodes may bear and should not any more. */
export function takeMarks(
  { nodeLabels, nodeTaints, staleMarks = NOTHING_STALE }: Pick<NodeGroupSpecification, keyof NodeMarks | "staleMarks">,
  wanted: NodeMarks,
): NodeMarks & { readonly staleMarks: StaleMarks } {
  const labels = new Set([...staleMarks.labels, ...Object.keys(nodeLabels)]);
  const before = [...staleMarks.taints, ...nodeTaints.map(({ key, effect }) => ({ key, effect }))];
  const taints = before.filter((one, at) => before.findIndex((other) => isSameTaint(one, other)) === at);
  return {
    ...wanted,
    staleMarks: {
      labels: [...labels].filter((key) => !Object.hasOwn(wanted.nodeLabels, key)),
      taints: taints.filter((one) => !wanted.nodeTaints.some((other) => isSameTaint(one, other))),
    },
  };
}
