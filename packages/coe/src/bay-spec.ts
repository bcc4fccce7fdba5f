/** What a bay type is asked to build, from the bay's two items: its own values, and its model's for the rest. */
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import type { BaySpec } from "./bay-type.ts";

export function baySpecOf(
  bay: Pick<Bay, "name" | "nodeCount" | "masterCount">,
  specification: BaySpecification,
): BaySpec {
  const { model } = specification;
  return {
    name: bay.name,
    nodeCount: bay.nodeCount,
    masterCount: bay.masterCount,
    createTimeoutMinutes: specification.createTimeoutMinutes,
    discoveryUrl: specification.discoveryUrl,
    imageId: model.imageId,
    flavorId: specification.flavorId,
    masterFlavorId: specification.masterFlavorId,
    keypairId: specification.keypairId,
    externalNetworkId: model.externalNetworkId,
    fixedNetwork: specification.fixedNetwork,
    fixedSubnet: specification.fixedSubnet,
    dnsNameserver: model.dnsNameserver,
    httpProxy: model.httpProxy,
    httpsProxy: model.httpsProxy,
    noProxy: model.noProxy,
    networkDriver: model.networkDriver,
    volumeDriver: model.volumeDriver,
    dockerVolumeSizeGb: specification.dockerVolumeSizeGb,
    dockerStorageDriver: model.dockerStorageDriver,
    apiserverPort: model.apiserverPort,
    tlsDisabled: model.tlsDisabled,
    labels: specification.labels,
    registryEnabled: model.registryEnabled,
    insecureRegistry: model.insecureRegistry,
    floatingIpEnabled: specification.floatingIpEnabled,
    masterLbEnabled: specification.masterLbEnabled,
  };
}
