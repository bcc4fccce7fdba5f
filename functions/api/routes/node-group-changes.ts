/** Changes of node groups, of the default ones and of others, as the API takes them. */
import { isDeepStrictEqual } from "node:util";
import type { BayStatus } from "@jeroboam/core/bay/bay";
import { bayShape } from "@jeroboam/core/bay/bay";
import type { BayWithSpecification } from "@jeroboam/core/bay/find-bay";
import { isResizable } from "@jeroboam/core/bay/bay-status";
import { changeSpecification } from "@jeroboam/core/bay/specification-store";
import type { CountLimits } from "@jeroboam/core/bay/bay-nodes";
import { Rejected } from "@jeroboam/core/errors";
import type { Json } from "@jeroboam/core/json";
import type { ChangedNodeGroup } from "@jeroboam/core/node-group/change-node-group";
import type { NodeMarks } from "@jeroboam/core/node-group/node-marks";
import { NOTHING_STALE } from "@jeroboam/core/node-group/node-marks";
import { limitNodeGroup, markNodeGroup, resizeNodeGroup } from "@jeroboam/core/node-group/change-node-group";
import type { ListedNodeGroup } from "@jeroboam/core/node-group/list-node-groups";
import { isMasters } from "@jeroboam/core/node-group/list-node-groups";
import { nodeGroupKey, nodeGroupShape } from "@jeroboam/core/node-group/node-group";
import { isBegun } from "../idempotency.ts";
import type { ApiRequest } from "../route.ts";
import { invalid } from "../wire/attributes.ts";
import { nodeCount as countType } from "../wire/bay.ts";
import type { ResizeRequest } from "../wire/node-group.ts";
import { mostOf, readNodeMarks, requireCounts } from "../wire/node-group.ts";
import type { PatchOperation } from "../wire/patch.ts";
import { applyPatch } from "../wire/patch.ts";
import { acceptResize, notFound } from "./bay-requests.ts";

/** The group as it is from now on. */
export async function patchNodeGroup(
  request: ApiRequest,
  bay: BayWithSpecification,
  group: ListedNodeGroup,
  operations: readonly PatchOperation[],
): Promise<ListedNodeGroup> {
  const { ports } = request;
  if (await isChangeBegun(request, bay, group)) return group;
  const { countLimits, marks } = readPatched(group, operations);
  if (!isResizable(group.status)) throw refusedIn(group, group.status);
  requireCounts(group.nodeCount, countLimits);
  if (marks) return changeMarks(request, bay, group, { marks, countLimits });
  if (countLimits.min === group.limits.min && countLimits.max === group.limits.max) return group;
  if (group.own) {
    const { status, updatedAtMs } = requireAccepted(group, await limitNodeGroup(ports, group.own.group, countLimits));
    return { ...group, status, updatedAtMs, limits: countLimits };
  }
  const field = isMasters(group) ? "masterLimits" : "workerLimits";
  // The bay went meanwhile: its specification did too.
  if (!(await changeSpecification(ports.table, bay.record.state, () => ({ [field]: countLimits }))))
    throw notFound("Cluster", bay.record.state.uuid);
  return { ...group, limits: countLimits };
}

/** Of the two groups that every cluster has, nodes are made as their type makes them. */
async function changeMarks(
  { ports, keyed }: ApiRequest,
  bay: BayWithSpecification,
  group: ListedNodeGroup,
  change: { readonly marks: NodeMarks; readonly countLimits: CountLimits },
): Promise<ListedNodeGroup> {
  if (!group.own)
    throw new Rejected(409, `Node group ${group.name} takes no node_labels or node_taints: make a group of its own.`);
  const changed = requireAccepted(group, await markNodeGroup(ports, bay, group.own.group, change, keyed));
  return { ...group, ...changed, ...change.marks };
}

/** The limits as they are to be; labels and taints where the patch names others, or a change of them did not come to its end. */
function readPatched(
  group: ListedNodeGroup,
  operations: readonly PatchOperation[],
): { readonly countLimits: CountLimits; readonly marks: NodeMarks | undefined } {
  const document = {
    min_node_count: group.limits.min,
    max_node_count: group.limits.max,
    node_labels: { ...group.nodeLabels },
    node_taints: group.nodeTaints.map((taint) => ({ ...taint })),
  };
  const patched = applyPatch(document, operations);
  const countLimits = {
    min: readCount("min_node_count", patched["min_node_count"] ?? 0),
    max: patched["max_node_count"] === null ? null : readCount("max_node_count", patched["max_node_count"]),
  };
  if (!operations.some(({ attribute }) => attribute === "node_labels" || attribute === "node_taints"))
    return { countLimits, marks: undefined };
  const marks = readNodeMarks(patched["node_labels"] ?? {}, patched["node_taints"] ?? []);
  const { labels, taints } = group.own?.specification.staleMarks ?? NOTHING_STALE;
  const isSame = isDeepStrictEqual(marks, { nodeLabels: group.nodeLabels, nodeTaints: group.nodeTaints });
  return { countLimits, marks: isSame && labels.length + taints.length === 0 ? undefined : marks };
}

function readCount(attribute: string, value: Json | undefined): number {
  const read = typeof value === "boolean" ? undefined : countType(0).safeParse(value);
  if (read?.success) return read.data;
  throw invalid(attribute, value, read?.error.issues[0]?.message ?? "Value should be an integer");
}

/** Whether a request before, under the same key, has begun its work on the group. */
export function isChangeBegun(
  request: ApiRequest,
  { record }: BayWithSpecification,
  { own }: ListedNodeGroup,
): Promise<boolean> {
  if (!own) return isBegun(request, { shape: bayShape, key: record.key });
  const { projectId, bayUuid, uuid } = own.group;
  return isBegun(request, { shape: nodeGroupShape, key: nodeGroupKey(projectId, bayUuid, uuid) });
}

/** Has the group resized, and says why not (cluster sheet 8.7). */
export async function acceptGroupResize(
  request: ApiRequest,
  bay: BayWithSpecification,
  group: ListedNodeGroup,
  { nodeCount, nodesToRemove }: ResizeRequest,
): Promise<void> {
  if (await isChangeBegun(request, bay, group)) return;
  if (isMasters(group))
    throw new Rejected(400, `Clusters of type ${bay.specification.bayType} keep the masters that they were made with.`);
  const { min } = group.limits;
  const most = mostOf(group.limits);
  if (nodeCount < min || nodeCount > most)
    throw new Rejected(
      400,
      `node_count (${nodeCount}) is out of the limits of node group ${group.name}: from ${min} to ${most}.`,
    );
  requireKnown(group, nodesToRemove);
  const wish = { nodeCount, nodesToRemove, rollback: false };
  if (group.own)
    requireAccepted(group, await resizeNodeGroup(request.ports, bay, group.own.group, wish, request.keyed));
  else await acceptResize(request, bay, wish, "Cluster", "action");
}

/**
 * A node that is none of the group's would have another removed in its place (user asks G1, G3). While work goes on what
 * is known may be old: then the conductor looks.
 */
function requireKnown({ name, status, members }: ListedNodeGroup, nodesToRemove: readonly string[]): void {
  if (!members || status.endsWith("_IN_PROGRESS")) return;
  const unknown = nodesToRemove.filter(
    (node) => !members.some(({ index, serverId }) => index === node || serverId === node.toLowerCase()),
  );
  if (unknown.length > 0)
    throw new Rejected(400, `nodes_to_remove: none of node group ${name} are ${unknown.slice(0, 10).join(", ")}.`);
}

function requireAccepted(group: ListedNodeGroup, changed: ChangedNodeGroup) {
  switch (changed.kind) {
    case "accepted":
      return changed.group;
    case "refused":
      throw refusedIn(group, changed.status);
    case "absent":
      throw notFound("Nodegroup", group.uuid);
    default:
      return changed satisfies never;
  }
}

function refusedIn({ name }: ListedNodeGroup, status: BayStatus): Rejected {
  return new Rejected(409, `Node group ${name} cannot be changed while its status is ${status}.`);
}
