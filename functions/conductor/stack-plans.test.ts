import { createBayTypes } from "@jeroboam/coe/bay-types";
import { seedBayTypes } from "@jeroboam/coe/seed-bay-types";
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import type { NodeGroupWithSpecification } from "@jeroboam/core/node-group/node-group";
import { expect, test } from "vitest";
import { createStackPlans } from "./stack-plans.ts";

const settings = {
  apiUrl: "https://magnum.example/v1",
  authUrl: "https://keystone.example/v3",
  regionName: null,
  openstackCa: null,
  plainHttpAllowed: false,
};
const plans = createStackPlans(createBayTypes(seedBayTypes(() => ({ template: "", files: {} }))), settings);

const bay: Bay = {
  uuid: "5d1f0a8e-2c3b-4d5e-8f60-718293a4b5c6",
  projectId: "p1",
  userId: "u1",
  name: "blue",
  bayModelId: "m1",
  status: "CREATE_IN_PROGRESS",
  statusReason: null,
  nodeCount: 1,
  masterCount: 1,
  stackId: null,
  healthStatus: null,
  createdAtMs: 0,
  updatedAtMs: null,
};

const specification = {
  bayType: "magnum_vm_atomic_k8s",
  labels: {},
  createTimeoutMinutes: 60,
  delegation: { kind: "service", projectId: "p1" },
  model: { imageId: "image", externalNetworkId: "public", apiserverPort: null, tlsDisabled: false, labels: {} },
} as unknown as BaySpecification;

test("the nodes of a new stack are told where to say that they are set up; a resize tells them nothing new", () => {
  const login = { userId: "n", domainId: "d", userName: "node", password: "x" };
  const { parameters } = plans.plan(bay, specification, login, "token.of.it");
  expect(parameters["completion_url"]).toBe("https://magnum.example/v1/callbacks/token.of.it");
  expect(plans.planScaling(bay, specification, []).parameters).not.toHaveProperty("completion_url");
});

test.each([
  ["service", "service", "jeroboam-bay-5d1f0a8e-2c3b-4d5e-8f60-718293a4b5c6"],
  ["service", "trust", "ops"],
  ["trust", "trust", "ops"],
  ["trust", "service", "key pair ops is of the cluster's owner"],
])("a bay built by %s: the nodes of a group built by %s get %s", (bayKind, groupKind, expected) => {
  const by = (kind: string) => ({ kind, projectId: "p1" });
  const built = { ...specification, keypairId: "ops", sshPublicKey: "ssh-rsa A", delegation: by(bayKind) };
  const outputs = { network: "n", subnet: "s", kube_masters_private: ["10.0.0.5"], worker_security_groups: ["g"] };
  const parent = { bay, specification: built as BaySpecification, outputs: { ...outputs, kube_master_ip: "10.0.0.5" } };
  const own = {
    group: { uuid: "6a1d2c3b-4d5e-4f60-8718-293a4b5c6d7e", name: "gpu", role: "worker", nodeCount: 1 },
    specification: { imageId: "image", labels: {}, nodeLabels: {}, nodeTaints: [], delegation: by(groupKind) },
  } as unknown as NodeGroupWithSpecification;
  const login = { userId: "n", domainId: "d", userName: "node", password: "x" };
  const plan = plans.nodeGroups.plan(parent, own, login);
  const seen = "kind" in plan ? plan.reason : plan.parameters["ssh_key_name"];
  expect(seen).toContain(expected);
});

test("masters are told by one parameter; then the stack is of the newer versions, and its masters' image is what it was", () => {
  const login = { userId: "n", domainId: "d", userName: "node", password: "x" };
  expect(plans.planMasterUpgrade(bay, "u.1").parameters).toEqual({ master_upgrade: "u.1" });
  const newer = {
    ...specification,
    bayType: "k8s_ubuntu_v1",
    labels: { kube_tag: "v1.35.1" },
    model: { ...specification.model, imageId: "newer" },
  };
  const stack = {
    id: "s",
    name: "blue",
    action: "UPDATE",
    progress: "COMPLETE",
    seen: "1",
    reason: "",
    tags: [],
    parameters: { server_image: "image", master_upgrade: "u.0" },
    outputs: { refs_map: { 0: "server" }, kube_minion_names: ["blue-minion-0"], kube_minions_private: ["10.0.0.9"] },
  } as const;
  const { parameters } = plans.planUpgrade(bay, newer, login, stack);
  expect(parameters).toMatchObject({ kube_tag: "v1.35.1", minion_image: "newer", pinned_images: { 0: "image" } });
  expect(parameters["downloads"]).toContain("/v1.35.1/bin/linux/amd64/kubelet|");
  for (const name of ["server_image", "master_upgrade"]) expect(parameters).not.toHaveProperty(name);
});
