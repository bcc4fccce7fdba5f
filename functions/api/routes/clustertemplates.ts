/** /v1/clustertemplates: bay models as today's clients know them (cluster sheet 7). The list is always in full. */
import type { BayModel } from "@jeroboam/core/bay-model/bay-model";
import { randomName } from "@jeroboam/core/bay-model/random-name";
import type { ApiRequest } from "../route.ts";
import { viewClusterTemplate } from "../views/bay-models.ts";
import { CLUSTER_TEMPLATE, CLUSTER_TEMPLATE_PATCH } from "../wire/bay-model.ts";
import { bayModelRoutes } from "./bay-model-routes.ts";
import { bayTypeName } from "./platform.ts";

async function viewer({ base, ports }: ApiRequest): Promise<(model: BayModel) => object> {
  const bayTypes = await ports.bayTypes();
  return (model) => viewClusterTemplate(model, base, bayTypeName(bayTypes, model));
}

export const clustertemplates = bayModelRoutes({
  collection: "clustertemplates",
  rules: "clustertemplate",
  noun: "ClusterTemplate",
  checksKeypair: false,
  checksRootDisk: true,
  hasAllProjectsRules: true,
  nextOn: "full",
  creation: CLUSTER_TEMPLATE,
  patched: CLUSTER_TEMPLATE,
  patch: CLUSTER_TEMPLATE_PATCH,
  nameFor: ({ ports }) => randomName(ports.random, "template"),
  published: ["public", "hidden"],
  viewer,
  answer: "clustertemplate",
  briefViewer: viewer,
  answerBrief: "clustertemplate",
});
