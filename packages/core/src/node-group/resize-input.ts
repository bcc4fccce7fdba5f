/**
 * What a resize is to do, as its operation carries it. A resize that comes while another goes on takes its place: counts
 * are absolute, so the newest holds; nodes that were to be removed still are (cluster sheet 27: an autoscaler sends
 * several, one node each).
 */
import { z } from "zod";
import type { BayStatus } from "../bay/bay.ts";
import type { JsonObject } from "../json.ts";
import type { OperationRequest } from "../operation/operation.ts";
import type { Operation } from "../operation/record.ts";

export interface ResizeWish {
  readonly nodeCount: number;
  /** Ids of servers, or indexes in the group. With the count unchanged these nodes are replaced. */
  readonly nodesToRemove: readonly string[];
  /** Whether Heat is to go back to what was when the update fails. */
  readonly rollback: boolean;
}

export const resizeInputSchema = z.object({
  nodeCount: z.number().int(),
  previousNodeCount: z.number().int(),
  rollback: z.boolean(),
  /** Must be there, or the resize fails and removes nothing. */
  nodesToRemove: z.array(z.string()).default([]),
  /** Those of a resize that this one took the place of: they may be gone already. */
  carriedNodes: z.array(z.string()).default([]),
});

/** Absent: something else goes on, which a resize must not cut short. */
export function resizeInput(
  state: { readonly nodeCount: number; readonly status: BayStatus },
  running: Operation | undefined,
  { nodeCount, nodesToRemove, rollback }: ResizeWish,
): JsonObject | undefined {
  const fresh = { nodeCount, rollback, nodesToRemove: [...nodesToRemove] };
  if (!running) return { ...fresh, previousNodeCount: state.nodeCount, carriedNodes: [] };
  if (running.kind !== "update") return undefined;
  const { previousNodeCount, nodesToRemove: named, carriedNodes } = resizeInputSchema.parse(running.input);
  return { ...fresh, previousNodeCount, carriedNodes: [...new Set([...carriedNodes, ...named])] };
}

/**
 * The upgrade that goes on, begun again under another id where it is: so it does the resize too. None: nodes are named,
 * or no upgrade goes on.
 */
export function upgradeAgain(
  running: Operation | undefined,
  { nodesToRemove }: ResizeWish,
  { id, nowMs }: { readonly id: string; readonly nowMs: number },
): OperationRequest | undefined {
  if (running?.kind !== "upgrade" || nodesToRemove.length > 0) return undefined;
  return { id, kind: "upgrade", nowMs, deadlineAtMs: running.deadlineAtMs, input: running.input };
}
