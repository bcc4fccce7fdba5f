/** /v1/clusters/{cluster}/actions: what is done to a cluster as it runs (cluster sheet 8.7, 8.8). */
import { Rejected } from "@jeroboam/core/errors";
import { DEFAULT_WORKER } from "@jeroboam/core/node-group/default-groups";
import { GATES } from "../microversion.ts";
import type { Route } from "../route.ts";
import { defineRoute } from "../route.ts";
import { readResize, readUpgrade } from "../wire/node-group.ts";
import { requireBay } from "./bay-routes.ts";
import { accepted, requireMoreThanZero } from "./clusters.ts";
import { acceptGroupResize } from "./node-group-changes.ts";
import { acceptUpgrade } from "./upgrades.ts";
import { requireNodeGroup } from "./node-groups.ts";
import { describeBody } from "../wire/reader.ts";

const PATH = "/v1/clusters/:ident/actions";

export const clusterActions: readonly Route[] = [
  defineRoute({
    method: "POST",
    path: `${PATH}/resize`,
    since: GATES.resize,
    rule: "cluster:resize",
    body: describeBody(readResize.form, (given, { minor }) => {
      const resize = readResize(given);
      requireMoreThanZero(resize.nodeCount, minor);
      return resize;
    }),
    find: (request, scope) => requireBay({ noun: "Cluster" }, request, scope),
    answers: { 202: "accepted" },
    async run(request, { body, target: { bay } }) {
      await acceptGroupResize(request, bay, requireNodeGroup(bay, body.group ?? DEFAULT_WORKER), body);
      return accepted(bay);
    },
  }),
  defineRoute({
    method: "POST",
    path: `${PATH}/upgrade`,
    since: GATES.resize,
    rule: "cluster:upgrade",
    allProjectsRule: "cluster:upgrade_all_projects",
    body: describeBody(readUpgrade.form, (given, { minor }) => {
      if (minor < GATES.upgrade)
        throw new Rejected(400, `Upgrades need API version 1.${GATES.upgrade} or later; the request's is 1.${minor}.`);
      return readUpgrade(given);
    }),
    find: (request, scope) => requireBay({ noun: "Cluster" }, request, scope),
    answers: { 202: "accepted" },
    async run(request, { body, target: { bay } }) {
      await acceptUpgrade(request, bay, requireNodeGroup(bay, body.group ?? DEFAULT_WORKER), body);
      return accepted(bay);
    },
  }),
];
