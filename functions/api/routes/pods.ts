/** /v1/pods (bay-era sheet 3.5). */
import { factsOfPod } from "@jeroboam/core/container/manifest-facts";
import { resourceShapes } from "@jeroboam/core/container/resource";
import { viewBriefPod, viewPod } from "../views/container-resources.ts";
import { manifestedRoutes } from "./manifested-routes.ts";

export const pods = manifestedRoutes({
  kind: "pod",
  collection: "pods",
  rules: "pod",
  noun: "Pod",
  shape: resourceShapes.pod,
  itemNeedsBay: true,
  listNeedsBay: false,
  view: viewPod,
  viewBrief: viewBriefPod,
  answer: "pod",
  answerBrief: "podBrief",
  factsOf: factsOfPod,
  begin: ({ name = null, labels = {}, images = [] }, { desc }) => ({
    name,
    labels,
    images,
    desc,
    status: "Pending",
    host: null,
  }),
  document: ({ desc }) => ({ desc }),
});
