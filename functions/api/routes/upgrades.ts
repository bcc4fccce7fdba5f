/**
 * Upgrades of clusters and of their node groups, checked before they are accepted (cluster sheet 8.8): what a driver would
 * find out later leaves the cluster as it is (user ask C7).
 */
import { baySpec } from "@jeroboam/coe/bay-input";
import type { UpgradeType } from "@jeroboam/coe/bay-type";
import { findBayModel } from "@jeroboam/core/bay-model/find-bay-model";
import type { BayModel } from "@jeroboam/core/bay-model/bay-model";
import type { BaySpecification } from "@jeroboam/core/bay/bay";
import { snapshotOf } from "@jeroboam/core/bay/bay";
import type { BayWithSpecification } from "@jeroboam/core/bay/find-bay";
import { upgradeBay, upgradeNodeGroup } from "@jeroboam/core/bay/upgrade-bay";
import { Rejected } from "@jeroboam/core/errors";
import { limits } from "@jeroboam/core/limits";
import type { Table } from "@jeroboam/core/table/table";
import type { ListedNodeGroup } from "@jeroboam/core/node-group/list-node-groups";
import { isMasters } from "@jeroboam/core/node-group/list-node-groups";
import type { UpgradeScope } from "@jeroboam/core/node-group/upgrade-input";
import { hasSameLabels, upgradedLabels } from "@jeroboam/core/node-group/upgrade-input";
import type { ApiRequest } from "../route.ts";
import type { UpgradeRequest } from "../wire/node-group.ts";
import { notFound } from "./bay-requests.ts";
import { requireReferences } from "./cloud-checks.ts";
import { isChangeBegun } from "./node-group-changes.ts";
import { requireBayType } from "./platform.ts";

/**
 * No group stands for the whole cluster, and so do the default ones where masters stay as they are; a default group that is
 * named for itself. Another group follows to what the cluster is.
 */
export async function acceptUpgrade(
  request: ApiRequest,
  bay: BayWithSpecification,
  group: ListedNodeGroup,
  { model: ident, maxBatchSize, group: named }: UpgradeRequest,
): Promise<void> {
  if (await isChangeBegun(request, bay, group)) return;
  const model = await requireModel(request.ports.table, bay.record.state.projectId, ident);
  const { own } = group;
  if (own && model.uuid !== bay.record.state.bayModelId)
    throw new Rejected(
      409,
      `Node group ${group.name} is upgraded to its cluster's own template, ${bay.record.state.bayModelId}: upgrade the cluster first.`,
    );
  const scope = scopeOf(bay, group, named !== null);
  await requireUpgradable(request, bay, model, scope);
  await requireReferences(request, { imageId: model.imageId });
  const wish = { bayModelId: model.uuid, maxBatchSize, scope };
  const outcome = own
    ? await upgradeNodeGroup(request.ports, bay, own.group, wish, request.keyed)
    : await upgradeBay(request.ports, bay, wish, request.keyed);
  if (outcome.kind === "absent") throw notFound("Cluster", request.ident);
  if (outcome.kind === "refused")
    throw new Rejected(400, `Cluster ${request.ident} cannot be upgraded while its status is ${outcome.status}.`);
}

function scopeOf({ specification }: BayWithSpecification, group: ListedNodeGroup, isNamed: boolean): UpgradeScope {
  if (group.own) return "workers";
  if (!specification.mastersFollow || !isNamed) return "bay";
  return isMasters(group) ? "masters" : "workers";
}

/** As the cluster's project sees it: an administrator's own templates are of no use to it. */
export async function requireModel(table: Table, projectId: string, ident: string): Promise<BayModel> {
  const found = await findBayModel(table, { projectId, allProjects: false }, ident);
  if (found.kind === "absent") throw new Rejected(404, `ClusterTemplate ${ident} could not be found.`);
  if (found.kind === "ambiguous") throw new Rejected(409, `Several are named ${ident}. Please use the uuid instead.`);
  return found.model.state;
}

/** Whether bays of its type are upgraded to such a model; what the model names is looked for by its caller. */
export async function requireUpgradable(
  request: Pick<ApiRequest, "ports">,
  { record: { state }, specification }: BayWithSpecification,
  model: BayModel,
  scope: UpgradeScope = "bay",
): Promise<void> {
  const upgrade = await requireUpgradeType(request, specification.bayType);
  const newer = (await requireBayType(request, model)).name;
  if (newer !== specification.bayType)
    throw new Rejected(
      409,
      `ClusterTemplate ${model.uuid} is of type ${newer}, the cluster of ${specification.bayType}.`,
    );
  const labels = upgradedLabels(specification.labels, model.labels, upgrade.versionLabels);
  const from = baySpec({ ...specification, ...state });
  const to = baySpec({ ...specification, ...state, labels, model: snapshotOf(model) });
  const ofMasters = scope === "workers" ? "workers" : "masters";
  const [problem] = upgrade.checkUpgrade(from, to, specification.mastersFollow ? ofMasters : "fixed-masters");
  if (problem) throw new Rejected(409, `Invalid template for upgrade. ${problem.field}: ${problem.message}`);
  if (specification.mastersFollow) requireMasters(specification, labels, scope);
}

/** No worker is made of versions that masters are still to come to. */
export function requireMastersThere({ mastersBehind = [], model }: BaySpecification): void {
  if (mastersBehind.length === 0) return;
  const named = mastersBehind.slice(0, limits.rotation.namedNodes).join(", ");
  throw new Rejected(
    409,
    `Masters are still to come to the versions of an earlier upgrade (${named}): upgrade the cluster to its own template, ${model.uuid}, first.`,
  );
}

/** Nothing goes before masters that were held up, and they must be able to ask what to come to. */
function requireMasters(
  specification: BaySpecification,
  labels: BaySpecification["labels"],
  scope: UpgradeScope,
): void {
  const { masterNames = [], mastersBehind = [], nodeCredential } = specification;
  const isSame = hasSameLabels(specification.labels, labels);
  if (scope === "workers" || !isSame) requireMastersThere(specification);
  const isNews = scope !== "workers" && (mastersBehind.length > 0 || !isSame);
  if (isNews && masterNames.length === 0)
    throw new Rejected(409, "The cluster's stack has not said yet what its masters are called: upgrade it later.");
  if (isNews && nodeCredential?.renewedBy !== undefined)
    throw new Rejected(
      409,
      "The credential of the cluster's nodes was renewed, and masters that ran then cannot ask any more which versions to " +
        "come to: its workers alone can be upgraded (nodegroup), to the versions that it has.",
    );
}

async function requireUpgradeType({ ports }: Pick<ApiRequest, "ports">, bayType: string): Promise<UpgradeType> {
  const upgrade = (await ports.bayTypes()).byName(bayType)?.upgrade;
  if (!upgrade) throw new Rejected(400, `Clusters of type ${bayType} cannot be upgraded: make a new one.`);
  return upgrade;
}
