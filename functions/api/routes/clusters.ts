/**
 * /v1/clusters: bays as today's clients know them (cluster sheet 8): 202 with the uuid alone, and rows and statuses that
 * have changed before the reply. Administrators reach every project's.
 */
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import type { BayWithSpecification } from "@jeroboam/core/bay/find-bay";
import { reportHealth } from "@jeroboam/core/bay/report-health";
import { randomName } from "@jeroboam/core/bay-model/random-name";
import { Rejected } from "@jeroboam/core/errors";
import type { Json, JsonObject } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import type { Minor } from "../microversion.ts";
import { GATES } from "../microversion.ts";
import type { ApiRequest, Reply } from "../route.ts";
import { refuseArguments, requireRule } from "../route.ts";
import type { ShownBay } from "../views/bays.ts";
import { CLUSTER_SORT_KEYS, viewBriefCluster, viewCluster, viewFaults } from "../views/bays.ts";
import { invalid } from "../wire/attributes.ts";
import type { BayWish } from "../wire/bay.ts";
import { CLUSTER_PATCH, readClusterWish } from "../wire/bay.ts";
import { boolean } from "../wire/types.ts";
import { acceptBay, acceptResize, bayWarnings, readChanges } from "./bay-requests.ts";
import type { BayPatch } from "./bay-routes.ts";
import { bayRoutes } from "./bay-routes.ts";
import { describeQuery } from "../wire/reader.ts";
import type { QueryArguments } from "../wire/reader.ts";

const NOUN = "Cluster";
const CHANGES = {
  noun: "cluster",
  changeable: ["node_count", "health_status", "health_status_reason"],
  leastNodes: 0,
} as const;

export const clusters = bayRoutes({
  collection: "clusters",
  rules: "cluster",
  noun: NOUN,
  hasAllProjectsRules: true,
  nextOn: "full",
  sortKeys: CLUSTER_SORT_KEYS,
  view: ({ base, minor }, bay) => viewCluster(bay, base, minor),
  viewMore: viewFaults,
  viewBrief: ({ base, minor }, bay) => viewBriefCluster(bay, base, minor),
  answer: "cluster",
  answerBrief: "clusterBrief",
  readWish: readClusterWish,
  created: { 202: "accepted" },
  create,
  patch: CLUSTER_PATCH,
  readRollback: describeQuery([{ name: "rollback", schema: { type: "boolean" } }], readRollback),
  updated: { 202: "accepted" },
  update,
});

async function create(request: ApiRequest, wish: BayWish): Promise<Reply> {
  requireMoreThanZero(wish.nodeCount, request.minor);
  // Of an even number one more may fail than of the odd number below it: none (cluster sheet 8.3).
  if (wish.masterCount % 2 === 0) throw invalid("master_count", wish.masterCount, "Value should be odd");
  const missing = request.minor >= GATES.zeroNodes ? 404 : 400;
  const named = { ...wish, name: wish.name ?? randomName(request.ports.random, "cluster") };
  const bay = await acceptBay(request, named, { noun: "ClusterTemplate", missing, checksRootDisk: true });
  return { ...accepted(bay), headers: await bayWarnings(request, bay) };
}

export function accepted({ record }: Pick<ShownBay, "record">): Reply {
  return { status: 202, body: { uuid: record.state.uuid } };
}

export function requireMoreThanZero(nodeCount: number, minor: Minor): void {
  if (nodeCount === 0 && minor < GATES.zeroNodes)
    throw new Rejected(400, `Zero nodes need API version 1.${GATES.zeroNodes} or later; the request's is 1.${minor}.`);
}

function readRollback({ rollback, ...rest }: QueryArguments, minor: Minor): boolean {
  refuseArguments(minor >= GATES.rollback || rollback === undefined ? rest : { rollback });
  if (rollback === undefined) return false;
  const read = boolean.safeParse(rollback);
  if (!read.success) throw invalid("rollback", rollback, "Value should be a boolean");
  return read.data;
}

/** What may be patched: the count of nodes, which is work, and what an outside healer says, which is not. */
async function update(
  request: ApiRequest,
  bay: BayWithSpecification,
  { operations, rollback }: BayPatch,
): Promise<Reply> {
  const { nodeCount, changed } = readChanges(documentOf(bay, request), operations, CHANGES);
  if (nodeCount !== undefined) requireMoreThanZero(nodeCount, request.minor);
  const status = changed.get("health_status");
  const reason = changed.get("health_status_reason");
  const isReport = status !== undefined || reason !== undefined;
  if (isReport) requireRule(request, "cluster:update_health_status");
  const report = {
    healthStatus: status === undefined ? bay.record.state.healthStatus : readHealthStatus(status),
    healthStatusReason: reason === undefined ? bay.specification.healthStatusReason : readHealthReason(reason),
  };
  if (nodeCount !== undefined) await acceptResize(request, bay, { nodeCount, nodesToRemove: [], rollback }, NOUN);
  if (isReport) await reportHealth(request.ports, bay, report);
  return accepted(bay);
}

/** The attributes that a patch may name. */
function documentOf(bay: BayWithSpecification, { minor }: ApiRequest): JsonObject {
  const {
    merge_labels: _merge,
    labels_added: _a,
    labels_overridden: _o,
    labels_skipped: _s,
    ...rest
  } = viewCluster(bay, "", minor);
  // A patch speaks of the default workers alone, though the sum is what is shown (cluster sheet 8.6).
  return { ...rest, node_count: bay.record.state.nodeCount };
}

const HEALTH = ["HEALTHY", "UNHEALTHY", "UNKNOWN"] as const;

function readHealthStatus(value: Json): Bay["healthStatus"] {
  const found = HEALTH.find((word) => word === value);
  if (found === undefined && value !== null)
    throw invalid("health_status", value, `Value should be one of: ${HEALTH.join(", ")}`);
  return found ?? null;
}

function readHealthReason(value: Json): BaySpecification["healthStatusReason"] {
  if (value === null) return {};
  const entries = Object.entries(value);
  if (!entries.every((entry): entry is [string, string] => typeof entry[1] === "string"))
    throw invalid("health_status_reason", value, "Values should be text");
  if (Buffer.byteLength(JSON.stringify(value)) > limits.api.healthReasonBytes)
    throw invalid("health_status_reason", null, `Value should take at most ${limits.api.healthReasonBytes} bytes`);
  return Object.fromEntries(entries);
}
