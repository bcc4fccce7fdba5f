/**
 * /v1/bays: bays as clients of 2015 know them (bay-era sheet 3.2): 201, 200 and 204 although conductors do the work after.
 * The reply to a patch shows the status as it is from then on, where the era's servers showed the one before.
 */
import type { BayWithSpecification } from "@jeroboam/core/bay/find-bay";
import type { JsonObject } from "@jeroboam/core/json";
import { refuseArguments } from "../route.ts";
import { BAY_SORT_KEYS, viewBay, viewBriefBay } from "../views/bays.ts";
import { BAY_PATCH, readBayWish } from "../wire/bay.ts";
import { acceptBay, acceptResize, bayWarnings, readChanges } from "./bay-requests.ts";
import { bayRoutes } from "./bay-routes.ts";
import { describeQuery } from "../wire/reader.ts";

const CHANGES = { noun: "bay", changeable: ["node_count"], leastNodes: 1 } as const;

/** The attributes that a patch may name. */
function documentOf(bay: BayWithSpecification): JsonObject {
  const { links: _links, stack_id: _stack, ...rest } = viewBay(bay, "");
  // As for a cluster: a patch speaks of the bay's own workers.
  return { ...rest, node_count: bay.record.state.nodeCount };
}

export const bays = bayRoutes({
  collection: "bays",
  rules: "bay",
  noun: "Bay",
  hasAllProjectsRules: false,
  nextOn: "more",
  sortKeys: BAY_SORT_KEYS,
  view: ({ base }, bay) => viewBay(bay, base),
  viewBrief: ({ base }, bay) => viewBriefBay(bay, base),
  answer: "bay",
  answerBrief: "bayBrief",
  readWish: readBayWish,
  created: { 201: "bay" },
  async create(request, wish) {
    const bay = await acceptBay(request, wish, { noun: "Baymodel", missing: 400, checksRootDisk: false });
    const location = `${request.base}/v1/bays/${bay.record.state.uuid}`;
    const headers = { Location: location, ...(await bayWarnings(request, bay)) };
    return { status: 201, body: viewBay(bay, request.base), headers };
  },
  patch: BAY_PATCH,
  readRollback: describeQuery([], (given) => {
    refuseArguments(given);
    return false;
  }),
  updated: { 200: "bay" },
  async update(request, bay, { operations, rollback }) {
    const { nodeCount } = readChanges(documentOf(bay), operations, CHANGES);
    if (nodeCount === undefined) return { status: 200, body: viewBay(bay, request.base) };
    const state = await acceptResize(request, bay, { nodeCount, nodesToRemove: [], rollback }, "Bay");
    return { status: 200, body: viewBay({ ...bay, record: { ...bay.record, state } }, request.base) };
  },
});
