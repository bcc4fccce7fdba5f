/** From a bay's record to what a bay type builds from: the one place where the two meet. */
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import { ownKeypair } from "@jeroboam/core/bay/bay";
import type { NodeGroup, NodeGroupSpecification } from "@jeroboam/core/node-group/node-group";
import type { BaySpec, BayTypeInput, NodeCredential, NodeGroupSpec } from "./bay-type.ts";

/** What the installation adds to every bay. */
export interface BaySettings {
  /** This service as nodes reach it, ending in /v1. */
  readonly apiUrl: string;
  /** Keystone as nodes reach it. */
  readonly authUrl: string;
  readonly regionName: string | null;
  /** PEM of the authorities behind the cloud's endpoints; null: those of the image. */
  readonly openstackCa: string | null;
  /** Nodes may use endpoints without TLS: for laboratories. */
  readonly plainHttpAllowed: boolean;
}

/** What the person asked for: the bay's own wishes over those of its model. */
export type RequestedBay = Pick<Bay, "name" | "nodeCount" | "masterCount"> &
  Pick<
    BaySpecification,
    | "createTimeoutMinutes"
    | "discoveryUrl"
    | "flavorId"
    | "masterFlavorId"
    | "keypairId"
    | "fixedNetwork"
    | "fixedSubnet"
    | "dockerVolumeSizeGb"
    | "labels"
    | "floatingIpEnabled"
    | "masterLbEnabled"
  > & { readonly model: BaySpecification["model"] };

export function baySpec(requested: RequestedBay): BaySpec {
  const { model } = requested;
  return {
    name: requested.name,
    nodeCount: requested.nodeCount,
    masterCount: requested.masterCount,
    createTimeoutMinutes: requested.createTimeoutMinutes,
    discoveryUrl: requested.discoveryUrl,
    imageId: model.imageId,
    flavorId: requested.flavorId,
    masterFlavorId: requested.masterFlavorId,
    keypairId: requested.keypairId,
    externalNetworkId: model.externalNetworkId,
    fixedNetwork: requested.fixedNetwork,
    fixedSubnet: requested.fixedSubnet,
    dnsNameserver: model.dnsNameserver,
    httpProxy: model.httpProxy,
    httpsProxy: model.httpsProxy,
    noProxy: model.noProxy,
    networkDriver: model.networkDriver,
    volumeDriver: model.volumeDriver,
    dockerVolumeSizeGb: requested.dockerVolumeSizeGb,
    dockerStorageDriver: model.dockerStorageDriver,
    apiserverPort: model.apiserverPort,
    tlsDisabled: model.tlsDisabled,
    labels: requested.labels,
    registryEnabled: model.registryEnabled,
    insecureRegistry: model.insecureRegistry,
    floatingIpEnabled: requested.floatingIpEnabled,
    masterLbEnabled: requested.masterLbEnabled,
  };
}

export function bayInput(
  bay: Bay,
  specification: BaySpecification,
  login: Omit<NodeCredential, "trustId" | "projectId">,
  settings: BaySettings,
  completionUrl: string | null = null,
): BayTypeInput {
  return {
    ...baySpec({ ...specification, name: bay.name, nodeCount: bay.nodeCount, masterCount: bay.masterCount }),
    keypairId: ownKeypair(bay, specification)?.name ?? specification.keypairId,
    ...settings,
    uuid: bay.uuid,
    nodeCredential: { ...login, trustId: null, projectId: bay.projectId },
    completionUrl,
    workersToRemove: [],
  };
}

/** What was asked for of a node group. */
export function groupSpec({
  group,
  specification,
}: {
  readonly group: Pick<NodeGroup, "uuid" | "name" | "role" | "nodeCount">;
  readonly specification: Omit<NodeGroupSpecification, "delegation">;
}): NodeGroupSpec {
  const { uuid, name, role, nodeCount } = group;
  const { imageId, flavorId, dockerVolumeSizeGb, labels, nodeLabels, nodeTaints } = specification;
  return { uuid, name, role, nodeCount, imageId, flavorId, dockerVolumeSizeGb, labels, nodeLabels, nodeTaints };
}
