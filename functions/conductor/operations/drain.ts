/**
 * Giving the work of nodes that go to others, before they go: asked of the bay's engine, node by node. It is a courtesy,
 * bounded in time: an engine that does not answer, or cannot, keeps no node from going, nor does work that does not leave.
 */
import type { Member } from "@jeroboam/core/bay/bay-nodes";
import type { JsonObject } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import type { Operation } from "@jeroboam/core/operation/record";
import type { ConductorPorts } from "../ports.ts";
import { openBay } from "./resources/bay-engine.ts";

export interface DrainedBay {
  readonly projectId: string;
  readonly bayUuid: string;
}

export type Draining =
  | { readonly kind: "drained" }
  /** Look again; the notes say since when. */
  | { readonly kind: "draining"; readonly afterMs: number; readonly notes: JsonObject };

export async function drainNodes(
  ports: ConductorPorts,
  bay: DrainedBay,
  members: readonly Member[],
  operation: Operation,
): Promise<Draining> {
  const names = members.flatMap(({ name }) => name ?? []);
  if (names.length === 0) return { kind: "drained" };
  const nowMs = ports.clock.nowMs();
  const mark = names.join(" ");
  const isBegun = operation.notes["draining"] === mark;
  const sinceMs = isBegun ? Number(operation.notes["drainingSinceMs"]) : nowMs;
  if (nowMs - sinceMs >= limits.nodeGroup.drainMs) return { kind: "drained" };
  const opened = await openBay(ports, bay);
  if (opened.kind !== "open") return { kind: "drained" };
  let left = 0;
  for (const name of names) {
    const drained = await opened.engine.drainNode(name);
    if (drained.kind === "draining") left += drained.left;
    if (drained.kind === "unreachable") return { kind: "drained" };
  }
  if (left === 0) return { kind: "drained" };
  return {
    kind: "draining",
    afterMs: limits.nodeGroup.drainLookMs,
    notes: { draining: mark, drainingSinceMs: sinceMs },
  };
}
