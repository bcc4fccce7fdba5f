/** /v1/rcs: replication controllers (bay-era sheet 3.7). Their lists are of one bay; `replicas` is how many pods there are. */
import { factsOfReplicationController } from "@jeroboam/core/container/manifest-facts";
import { resourceShapes } from "@jeroboam/core/container/resource";
import { viewBriefReplicationController, viewReplicationController } from "../views/container-resources.ts";
import { manifestedRoutes } from "./manifested-routes.ts";

export const rcs = manifestedRoutes({
  kind: "rc",
  collection: "rcs",
  rules: "rc",
  noun: "ReplicationController",
  shape: resourceShapes.rc,
  itemNeedsBay: true,
  listNeedsBay: true,
  view: viewReplicationController,
  viewBrief: viewBriefReplicationController,
  answer: "rc",
  answerBrief: "rcBrief",
  factsOf: factsOfReplicationController,
  begin: ({ name = null, labels = {}, images = [], replicas = 1 }) => ({
    name,
    labels,
    images,
    replicas,
    status: null,
  }),
  document: () => ({}),
});
