/**
 * POST …/actions/retry and …/actions/abandon, of bays and clusters (ours, additive): for administrators, about what is
 * stuck. What each does stands with the use-case (repair-bay.ts) and in docs/api.md.
 */
import { bayShape } from "@jeroboam/core/bay/bay";
import { abandonBay, retryBay } from "@jeroboam/core/bay/repair-bay";
import { Rejected } from "@jeroboam/core/errors";
import type { Scope } from "@jeroboam/core/identity/scope";
import { isBegun } from "../idempotency.ts";
import type { ApiRequest, Reply, Route } from "../route.ts";
import { defineRoute } from "../route.ts";
import { notFound } from "./bay-requests.ts";
import type { BayTarget } from "./bay-routes.ts";

export interface Repairs {
  /** Of the collection. */
  readonly path: string;
  /** In rules. */
  readonly rules: "bay" | "cluster";
  /** In texts. */
  readonly noun: string;
}

type Find = (request: ApiRequest, scope: Scope) => Promise<BayTarget>;

export function bayRepairRoutes({ path, rules, noun }: Repairs, find: Find): readonly Route[] {
  const action = (name: "retry" | "abandon", run: (request: ApiRequest, target: BayTarget) => Promise<void>): Route =>
    defineRoute({
      method: "POST",
      path: `${path}/:ident/actions/${name}`,
      rule: `${rules}:${name}`,
      allProjectsRule: `${rules}:${name}`,
      find,
      answers: { 202: "accepted" },
      async run(request, { target }): Promise<Reply> {
        if (!(await isBegun(request, { shape: bayShape, key: target.bay.record.key }))) await run(request, target);
        return { status: 202, body: { uuid: target.bay.record.state.uuid } };
      },
    });
  return [
    action("retry", async (request, { bay }) => {
      const retried = await retryBay(request.ports, bay, request.keyed);
      if (retried.kind === "absent") throw notFound(noun, request.ident);
      if (retried.kind === "refused")
        throw new Rejected(400, `${noun} ${request.ident} has nothing to try again: its status is ${retried.status}.`);
    }),
    action("abandon", async (request, { bay }) => {
      if ((await abandonBay(request.ports, bay.record, request.keyed)).kind === "absent")
        throw notFound(noun, request.ident);
    }),
  ];
}
