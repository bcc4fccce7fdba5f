/**
 * /v1/stats: how many clusters there are, and nodes in them (cluster sheet 14): of one project, or, for an administrator
 * who names none, of all. Bays count: they are the same.
 */
import { countBays } from "@jeroboam/core/bay/count-bays";
import { Rejected } from "@jeroboam/core/errors";
import type { Route } from "../route.ts";
import { defineRoute, refuseArguments, requireRule } from "../route.ts";
import { invalid } from "../wire/attributes.ts";
import { describeQuery } from "../wire/reader.ts";
import type { QueryArguments, QueryParameter } from "../wire/reader.ts";

/** The project that is named, if any: an empty one is none. */
function readQuery({ project_id: projectId, type, ...rest }: QueryArguments): string | undefined {
  refuseArguments(rest);
  if (type !== undefined && type.toLowerCase() !== "cluster")
    throw invalid("type", type, "Value should be one of: cluster");
  return projectId === "" ? undefined : projectId;
}

const PARAMETERS: readonly QueryParameter[] = [
  { name: "project_id", schema: { type: "string" } },
  { name: "type", schema: { type: "string", enum: ["cluster"] } },
];

export const stats: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/v1/stats",
    rule: "stats:get_all",
    query: describeQuery(PARAMETERS, readQuery),
    answers: { 200: "stats" },
    async run(request, { query: named }) {
      const { ports, caller } = request;
      const isAdmin = ports.policy.isAdmin(caller);
      if (named !== undefined) requireRule(request, "stats:get_all", { projectId: named, userId: caller.userId });
      const scope = { projectId: named ?? caller.projectId, allProjects: named === undefined && isAdmin };
      const counted = await countBays(ports.table, scope);
      if (counted.kind === "too-many")
        throw new Rejected(400, "There are more clusters than are counted at once; name a project_id");
      return { status: 200, body: { clusters: counted.bays, nodes: counted.nodes } };
    },
  }),
];
