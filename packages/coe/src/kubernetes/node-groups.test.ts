/** Further groups of workers of a Kubernetes bay: their stack fits its template, and their nodes are the bay's own kind. */
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { BayType, NodeGroupType } from "../bay-type.ts";
import { fileTemplates } from "../file-templates.ts";
import { SAMPLE_OUTPUTS, sampleBay, sampleBays, sampleGroup } from "../sample-bay.ts";
import { kubernetesAtomic } from "./kubernetes.ts";

const bayType = kubernetesAtomic(fileTemplates());
const groups = requireGroups(bayType);

function requireGroups({ nodeGroups }: BayType): NodeGroupType {
  if (!nodeGroups) throw new Error("Kubernetes bays have node groups");
  return nodeGroups;
}

function stackOf(...[bay, group, outputs]: Partial<Parameters<typeof groups.stackFor>>) {
  const stack = groups.stackFor(bay ?? sampleBay(), group ?? sampleGroup(), outputs ?? SAMPLE_OUTPUTS);
  if (typeof stack === "string") throw new Error(stack);
  return stack;
}

interface Parts {
  readonly resources: Readonly<Record<string, { properties: { parts: { config: Record<string, unknown> }[] } }>>;
  readonly parameters: Readonly<Record<string, object>>;
}

describe("the stack of a group", () => {
  test.each(Object.entries(sampleBays(bayType)))("passes declared parameters, and all required: %s", (_, bay) => {
    const { template, parameters } = stackOf(bay);
    const declared = (parse(template) as Parts).parameters;
    const required = Object.keys(declared).filter((name) => !("default" in (declared[name] ?? {})));
    expect(Object.keys(declared)).toEqual(expect.arrayContaining(Object.keys(parameters)));
    expect(Object.keys(parameters)).toEqual(expect.arrayContaining(required));
  });

  test("is named from the group's uuid, marked with it, and found by the bay's tag", () => {
    const { name, parameters, tags } = stackOf();
    expect(name).toBe(`group-gpu-${sampleGroup().uuid}`);
    expect(parameters).toMatchObject({ group_uuid: sampleGroup().uuid, bay_uuid: sampleBay().uuid });
    expect(tags).toEqual(
      expect.arrayContaining([`jeroboam-bay-${sampleBay().uuid}`, `jeroboam-node-group-${sampleGroup().uuid}`]),
    );
  });

  test("joins the bay where the bay's stack says, with its own image, flavor, labels and taints", () => {
    expect(stackOf().parameters).toMatchObject({
      fixed_network: SAMPLE_OUTPUTS["network"],
      etcd_members: ["10.0.0.5", "10.0.0.6"],
      kube_master_ip: "10.0.0.5",
      minion_flavor: "g1.large",
      number_of_minions: 2,
      node_labels: "example.com/disk=ssd,magnum.openstack.org/role=worker,magnum.openstack.org/nodegroup=gpu",
      node_taints: "gpu=:NoSchedule",
    });
  });

  test("gives its servers names that no other group of the bay has, and that are DNS labels", () => {
    const long = "a".repeat(200);
    const prefix = stackOf(sampleBay({ name: long }), sampleGroup({ name: long })).parameters["group_name"];
    expect(prefix).toMatch(/^[a-z][a-z0-9-]{0,52}-8c1f3a60$/);
  });

  test("cannot join a bay whose stack does not say how", () => {
    const { network: _network, ...older } = SAMPLE_OUTPUTS;
    expect(groups.stackFor(sampleBay(), sampleGroup(), older)).toMatch(/made before node groups/);
  });

  test("labels that the group does not name are the bay's", () => {
    const bay = sampleBay({ labels: { kube_tag: "v1.20.4-rancher1", flannel_network_cidr: "10.8.0.0/16" } });
    expect(stackOf(bay).parameters).toMatchObject({
      kube_image: "docker.io/rancher/hyperkube:v1.20.4-rancher1",
      flannel_network_cidr: "10.8.0.0/16",
    });
  });
});

test("a group's nodes are told and run what the bay's own workers are", () => {
  const [own, groups] = [bayType.stackFor(sampleBay()).template, stackOf().template].map((text) => {
    const parts = (parse(text) as Parts).resources["minion_boot"]?.properties.parts ?? [];
    const told = parts[0]?.config["str_replace"] as { template: unknown; params: object };
    return { told: told.template, names: Object.keys(told.params), runs: parts[1]?.config };
  });
  expect(groups).toEqual(own);
});

describe("a group is refused", () => {
  const problems = (group: Partial<ReturnType<typeof sampleGroup>>) =>
    groups.checkGroup(sampleGroup(group), sampleBay()).map(({ field }) => field);

  test("when name or role can be no Kubernetes label, or a label is the whole bay's or wrong", () => {
    expect(problems({})).toEqual([]);
    expect(problems({ name: "a b", role: "-" })).toEqual(["name", "role"]);
    expect(problems({ labels: { flannel_network_cidr: "10.9.0.0/16" } })).toContain("labels.flannel_network_cidr");
    expect(problems({ labels: { boot_volume_size: "x" } })).toEqual(["labels.boot_volume_size"]);
  });
});
