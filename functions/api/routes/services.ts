/** /v1/services: what the client calls coe-services (bay-era sheet 3.6). */
import { factsOfService } from "@jeroboam/core/container/manifest-facts";
import { resourceShapes } from "@jeroboam/core/container/resource";
import { viewBriefService, viewService } from "../views/container-resources.ts";
import { manifestedRoutes } from "./manifested-routes.ts";

export const services = manifestedRoutes({
  kind: "service",
  collection: "services",
  rules: "service",
  noun: "Service",
  shape: resourceShapes.service,
  itemNeedsBay: true,
  listNeedsBay: false,
  view: viewService,
  viewBrief: viewBriefService,
  answer: "service",
  answerBrief: "serviceBrief",
  factsOf: factsOfService,
  begin: ({ name = null, labels = {}, selector = null, ports = [] }) => ({
    name,
    labels,
    selector,
    ports,
    ip: null,
    status: null,
  }),
  document: () => ({}),
});
