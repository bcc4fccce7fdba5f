/** A bay model and a bay's specification, complete, for tests to change what matters to them. */
import type { BayModel } from "@jeroboam/core/bay-model/bay-model";
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import type { NewNodeGroup } from "@jeroboam/core/node-group/create-node-group";

export const PROJECT = "p1";
export const MODEL_ID = "0b1c6a0e-3d1f-4f0e-9a77-5b8f5d2c1a01";

export function newModel(nowMs: number): BayModel {
  return {
    uuid: MODEL_ID,
    projectId: PROJECT,
    userId: "u1",
    name: "model",
    coe: "kubernetes",
    serverType: "vm",
    clusterDistro: "fedora-atomic",
    driver: null,
    imageId: "fedora-21-atomic-3",
    keypairId: "default",
    flavorId: null,
    masterFlavorId: null,
    dnsNameserver: null,
    externalNetworkId: "public",
    fixedNetwork: null,
    fixedSubnet: null,
    networkDriver: "flannel",
    volumeDriver: null,
    apiserverPort: null,
    dockerVolumeSizeGb: null,
    dockerStorageDriver: null,
    sshAuthorizedKey: null,
    httpProxy: null,
    httpsProxy: null,
    noProxy: null,
    registryEnabled: false,
    insecureRegistry: null,
    labels: {},
    tags: null,
    tlsDisabled: false,
    public: false,
    hidden: false,
    masterLbEnabled: false,
    floatingIpEnabled: true,
    createdAtMs: nowMs,
    updatedAtMs: null,
    deletingSinceMs: null,
  };
}

export function newSpecification(model: BayModel): Omit<BaySpecification, "delegation"> {
  return {
    model,
    bayType: "magnum_vm_atomic_k8s",
    keypairId: "default",
    sshPublicKey: null,
    flavorId: null,
    masterFlavorId: null,
    dockerVolumeSizeGb: null,
    labels: {},
    mergeLabels: false,
    fixedNetwork: null,
    fixedSubnet: null,
    floatingIpEnabled: true,
    masterLbEnabled: false,
    createTimeoutMinutes: 60,
    discoveryUrl: null,
    userName: "demo",
    projectName: "demo",
    apiAddress: null,
    nodeAddresses: [],
    masterAddresses: [],
    coeVersion: null,
    containerVersion: null,
    healthStatusReason: {},
    certificates: null,
    nodeCredential: null,
  };
}

export function newBay(changes: Partial<Bay>): Bay {
  return {
    uuid: "5d1f0a8e-2c3b-4d5e-8f60-718293a4b5c6",
    projectId: PROJECT,
    userId: "u1",
    name: "blue",
    bayModelId: MODEL_ID,
    status: "CREATE_IN_PROGRESS",
    statusReason: null,
    nodeCount: 1,
    masterCount: 1,
    stackId: null,
    healthStatus: null,
    createdAtMs: 0,
    updatedAtMs: null,
    ...changes,
  };
}

export function newNodeGroup(
  name: string,
  { labels, model }: Pick<BaySpecification, "labels" | "model">,
): NewNodeGroup {
  return {
    name,
    role: "worker",
    nodeCount: 2,
    limits: { min: 0, max: null },
    specification: {
      imageId: model.imageId,
      flavorId: null,
      dockerVolumeSizeGb: null,
      labels,
      nodeLabels: { team: "red" },
      nodeTaints: [{ key: "gpu", value: null, effect: "NoSchedule" }],
      nodeAddresses: [],
      members: [],
    },
  };
}
