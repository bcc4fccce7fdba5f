/**
 * Who may do what, said once more and apart from the policy's own text: a class for each rule, and what comes of each
 * class for everybody. A rule that fits no class is a member's to use, which fails for one that is not.
 */
import type { Route } from "@jeroboam/api/route";
import { nameOf } from "./requests.ts";
import type { Who } from "./identities.ts";

/** `in`: served. `absent`: as if there were no such thing. `refused`: 403 by a rule's name. `unknown`: 401. */
export type Verdict = "in" | "absent" | "refused" | "unknown";

type PolicyClass = "reads" | "changes" | "administers" | "own-user";

const CLASSES: readonly (readonly [RegExp, PolicyClass])[] = [
  [/^certificate:(?:create|get)$/, "own-user"],
  [/^quota:(?:create|update|delete|get_all)$/, "administers"],
  [/^(?:magnum-service|reconciliation):/, "administers"],
  [/:(?:retry|abandon)$/, "administers"],
  [/:(?:get|get_all|detail|deliveries|logs)$/, "reads"],
];

const OF_OWN_PROJECT: Readonly<Record<PolicyClass, Readonly<Record<"owner" | "member" | "reader" | "node", Verdict>>>> =
  {
    reads: { owner: "in", member: "in", reader: "in", node: "refused" },
    changes: { owner: "in", member: "in", reader: "refused", node: "refused" },
    administers: { owner: "refused", member: "refused", reader: "refused", node: "refused" },
    "own-user": { owner: "in", member: "refused", reader: "refused", node: "in" },
  };

/** What administrators do in every project (cluster sheet 22, and ours); all else of other projects is absent to them. */
const IN_EVERY_PROJECT: ReadonlySet<string> = new Set([
  "GET /v1/clusters/:ident",
  "GET /v1/clusters/:ident/events",
  "PATCH /v1/clusters/:ident",
  "DELETE /v1/clusters/:ident",
  "GET /v1/clustertemplates/:ident",
  "PATCH /v1/clustertemplates/:ident",
  "DELETE /v1/clustertemplates/:ident",
  "GET /v1/clusters/:ident/nodegroups",
  "GET /v1/clusters/:ident/nodegroups/:group",
  "POST /v1/clusters/:ident/actions/upgrade",
  "POST /v1/clusters/:ident/actions/retry",
  "POST /v1/clusters/:ident/actions/abandon",
  "POST /v1/bays/:ident/actions/retry",
  "POST /v1/bays/:ident/actions/abandon",
]);

/** Named by a project, not by a record: another's is refused, as Magnum has it (cluster sheet 13), and so is any other. */
const BY_PROJECT = /^\/v1\/quotas\/:ident\/:resource$/;

/** What an allowed request is answered by, where that is no success: what is not there, or is not said in full. */
export const ALLOWED_STATUS: Readonly<Record<string, number>> = {
  "GET /v1/quotas/:ident": 400,
  "PATCH /v1/quotas/:ident": 400,
  "DELETE /v1/quotas/:ident": 400,
  "GET /v1/federations/:ident": 404,
  "PATCH /v1/federations/:ident": 404,
  "DELETE /v1/federations/:ident": 404,
  "POST /v1/federations": 400,
  // Nodes of its bay's type could not follow.
  "PATCH /v1/certificates/:ident": 400,
  // Nobody is to come to other versions.
  "GET /v1/certificates/:ident/nodes/:node": 404,
};

/** `refers`: the request names a record of project a, in its path or its body. */
export function expectedVerdict(who: Who, route: Route, refers: boolean): Verdict {
  if (who === "nobody" || who === "expired" || who === "revoked") return "unknown";
  if (who === "credential") return nameOf(route) === "GET /v1/bays" ? "in" : "unknown";
  const [rule = ""] = route.rules;
  const policyClass = CLASSES.find(([names]) => names.test(rule))?.[1] ?? "changes";
  if (who !== "foreign" && who !== "admin") return OF_OWN_PROJECT[policyClass][who];
  if (who === "admin") {
    const reaches = !refers || BY_PROJECT.test(route.path) || IN_EVERY_PROJECT.has(nameOf(route));
    return reaches ? "in" : "absent";
  }
  if (BY_PROJECT.test(route.path)) return "refused";
  if (refers) return "absent";
  return policyClass === "administers" ? "refused" : "in";
}
