import { describe, expect, test } from "vitest";
import type { BayTypeInput } from "../../bay-type.ts";
import { fileTemplates } from "../../file-templates.ts";
import { sampleBay } from "../../sample-bay.ts";
import { mesosUbuntu } from "./mesos-ubuntu.ts";

const bayType = mesosUbuntu(fileTemplates());
const parametersOf = (overrides: Partial<BayTypeInput>) => bayType.stackFor(sampleBay(overrides)).parameters;
const problemsOf = (overrides: Partial<BayTypeInput>) => bayType.checkSpec(sampleBay(overrides));

describe("Heat parameters (bay-era sheet 7.1)", () => {
  test.each<[string, Partial<BayTypeInput>, unknown]>([
    ["ssh_key_name", { keypairId: "ops" }, "ops"],
    ["server_image", { imageId: "ubuntu-mesos" }, "ubuntu-mesos"],
    ["dns_nameserver", { dnsNameserver: "192.0.2.53" }, ["192.0.2.53"]],
    ["fixed_network_cidr", { fixedNetwork: "192.168.40.0/24" }, "192.168.40.0/24"],
    ["http_proxy", { httpProxy: "http://proxy:3128" }, "http://proxy:3128"],
    ["https_proxy", { httpsProxy: "http://proxy:3128" }, "http://proxy:3128"],
    ["no_proxy", { noProxy: "192.0.2.0/24" }, "192.0.2.0/24"],
    ["external_network", { externalNetworkId: "ext-a" }, "ext-a"],
    ["master_flavor", { masterFlavorId: "m1.large" }, "m1.large"],
    ["slave_flavor", { flavorId: "m1.tiny" }, "m1.tiny"],
    ["number_of_slaves", { nodeCount: 7 }, 7],
    ["number_of_masters", { masterCount: 3, masterLbEnabled: true }, 3],
    ["slaves_to_remove", { workersToRemove: [{ index: "4", serverId: null }] }, ["4"]],
    ["docker_volume_size", { dockerVolumeSizeGb: 25 }, 25],
    ["cluster_name", { name: "Green Bay" }, "Green Bay"],
    ["cluster_name", { name: "it's" }, "it-s"],
    ["volume_driver", { volumeDriver: "rexray" }, "rexray"],
    ["region_name", { volumeDriver: "rexray", regionName: "RegionOne" }, "RegionOne"],
    ["trust_id", { volumeDriver: "rexray" }, sampleBay().nodeCredential.trustId],
    ["rexray_preempt", { labels: { rexray_preempt: "yes" } }, true],
    ["executor_registration_timeout", { labels: { executor_registration_timeout: "3mins" } }, "3mins"],
    ["mesos_slave_isolation", { labels: { mesos_slave_isolation: "cgroups/cpu" } }, "cgroups/cpu"],
    ["mesos_slave_image_providers", { labels: { mesos_slave_image_providers: "docker" } }, "docker"],
    ["mesos_slave_work_dir", { labels: { mesos_slave_work_dir: "/srv" } }, "/srv"],
  ])("%s from %o", (parameter, overrides, expected) => {
    expect(problemsOf(overrides)).toEqual([]);
    expect(parametersOf(overrides)[parameter]).toEqual(expected);
  });

  test("nodes get no credential unless something on them needs it", () => {
    const secrets = (overrides: Partial<BayTypeInput>) =>
      Object.keys(parametersOf(overrides)).filter((name) => /trust/.test(name));
    expect(secrets({})).toEqual([]);
    expect(secrets({ volumeDriver: "rexray" }).toSorted()).toEqual(["trust_id", "trustee_password", "trustee_user_id"]);
  });
});

describe("outputs (bay-era sheet 7.2)", () => {
  test("the address is bare: it serves Mesos and Marathon", () => {
    const outputs = {
      api_address: "172.24.4.10",
      mesos_slaves: ["172.24.4.12"],
      mesos_master: ["172.24.4.11"],
      mesos_slaves_private: ["10.0.0.5"],
      mesos_slave_names: ["blue-slave-0"],
      refs_map: { "0": "11111111-2222-4333-8444-555555555555" },
    };
    expect(bayType.readOutputs(outputs, { tlsDisabled: false, apiserverPort: null })).toMatchObject({
      apiAddress: "172.24.4.10",
      nodeAddresses: ["172.24.4.12"],
      masterAddresses: ["172.24.4.11"],
      workers: [{ index: "0", name: "blue-slave-0", privateAddress: "10.0.0.5" }],
    });
  });
});

describe("refuses", () => {
  test.each<[string, string, Partial<BayTypeInput>]>([
    ["several masters without a load balancer", "master_count", { masterCount: 3 }],
    ["a network driver it cannot build", "network_driver", { networkDriver: "flannel" }],
    ["a volume driver it cannot build", "volume_driver", { volumeDriver: "cinder" }],
    ["a registry, which it has not", "registry_enabled", { registryEnabled: true }],
    ["a time without unit", "labels.executor_registration_timeout", { labels: { executor_registration_timeout: "5" } }],
  ])("%s", (_, field, overrides) => {
    expect(problemsOf(overrides).map((problem) => problem.field)).toEqual([field]);
  });
});
