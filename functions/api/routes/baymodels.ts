/** /v1/baymodels: bay models as clients of 2015 know them (bay-era sheet 3.1). */
import { viewBayModel, viewBriefBayModel } from "../views/bay-models.ts";
import { BAY_MODEL, BAY_MODEL_PATCH, PATCHED_BAY_MODEL } from "../wire/bay-model.ts";
import { bayModelRoutes } from "./bay-model-routes.ts";

export const baymodels = bayModelRoutes({
  collection: "baymodels",
  rules: "baymodel",
  noun: "Baymodel",
  checksKeypair: true,
  checksRootDisk: false,
  hasAllProjectsRules: false,
  nextOn: "more",
  creation: BAY_MODEL,
  patched: PATCHED_BAY_MODEL,
  patch: BAY_MODEL_PATCH,
  nameFor: () => null,
  published: ["public"],
  viewer: ({ base }) => Promise.resolve((model) => viewBayModel(model, base)),
  answer: "baymodel",
  briefViewer: ({ base }) => Promise.resolve((model) => viewBriefBayModel(model, base)),
  answerBrief: "baymodelBrief",
});
