import { describe, expect, test } from "vitest";
import type { BayTypeInput } from "../../bay-type.ts";
import { fileTemplates } from "../../file-templates.ts";
import { sampleBay } from "../../sample-bay.ts";
import { swarmAtomic } from "./swarm-atomic.ts";

const bayType = swarmAtomic(fileTemplates());
const parametersOf = (overrides: Partial<BayTypeInput>) => bayType.stackFor(sampleBay(overrides)).parameters;
const problemsOf = (overrides: Partial<BayTypeInput>) => bayType.checkSpec(sampleBay(overrides));

describe("Heat parameters (bay-era sheet 7.1)", () => {
  test.each<[string, Partial<BayTypeInput>, unknown]>([
    ["ssh_key_name", { keypairId: "ops" }, "ops"],
    ["server_image", { imageId: "fedora-27-atomic" }, "fedora-27-atomic"],
    ["dns_nameserver", { dnsNameserver: "192.0.2.53" }, ["192.0.2.53"]],
    ["fixed_network_cidr", { fixedNetwork: "192.168.40.0/24" }, "192.168.40.0/24"],
    ["http_proxy", { httpProxy: "http://proxy:3128" }, "http://proxy:3128"],
    ["https_proxy", { httpsProxy: "http://proxy:3128" }, "http://proxy:3128"],
    ["no_proxy", { noProxy: "192.0.2.0/24" }, "192.0.2.0/24"],
    ["external_network", { externalNetworkId: "ext-a" }, "ext-a"],
    ["bay_uuid", { uuid: "7b0c8a52-0000-4be0-8a55-0d6f4f6a2b02" }, "7b0c8a52-0000-4be0-8a55-0d6f4f6a2b02"],
    ["master_flavor", { masterFlavorId: "m1.large" }, "m1.large"],
    ["node_flavor", { flavorId: "m1.tiny" }, "m1.tiny"],
    ["number_of_nodes", { nodeCount: 7 }, 7],
    ["number_of_masters", { masterCount: 3, masterLbEnabled: true }, 3],
    ["nodes_to_remove", { workersToRemove: [{ index: "4", serverId: null }] }, ["4"]],
    ["docker_volume_size", { dockerVolumeSizeGb: 25 }, 25],
    ["network_driver", { networkDriver: "flannel" }, "flannel"],
    ["tls_disabled", { tlsDisabled: true }, true],
    ["discovery_url", { discoveryUrl: "https://discovery.example.org/1" }, "https://discovery.example.org/1"],
    ["magnum_url", { apiUrl: "https://container/v1" }, "https://container/v1"],
    ["auth_url", { authUrl: "https://keystone/v3" }, "https://keystone/v3"],
    ["trust_id", {}, sampleBay().nodeCredential.trustId],
    ["trustee_password", {}, sampleBay().nodeCredential.password],
    ["flannel_network_cidr", { labels: { flannel_network_cidr: "10.101.0.0/16" } }, "10.101.0.0/16"],
    ["flannel_network_subnetlen", { labels: { flannel_network_subnetlen: "26" } }, 26],
    ["flannel_backend", { labels: { flannel_use_vxlan: "true" } }, "vxlan"],
    ["volume_driver", { volumeDriver: "rexray" }, "rexray"],
    ["rexray_preempt", { labels: { rexray_preempt: "yes" } }, true],
    ["swarm_port", { apiserverPort: 3376 }, 3376],
    ["swarm_strategy", { labels: { swarm_strategy: "random" } }, "random"],
    ["swarm_image", { labels: { swarm_version: "1.2.8" } }, "docker.io/library/swarm:1.2.8"],
    ["swarm_image", { labels: { container_infra_prefix: "registry:5000/" } }, "registry:5000/swarm:1.2.9"],
  ])("%s from %o", (parameter, overrides, expected) => {
    expect(problemsOf(overrides)).toEqual([]);
    expect(parametersOf(overrides)[parameter]).toEqual(expected);
  });

  test("nothing of Kubernetes is passed", () => {
    expect(Object.keys(parametersOf({})).filter((name) => /kube|minion|portal/.test(name))).toEqual([]);
  });
});

describe("outputs (bay-era sheet 7.2)", () => {
  const complete = {
    api_address: "172.24.4.10",
    swarm_nodes: ["172.24.4.12"],
    swarm_masters: ["172.24.4.11"],
    swarm_nodes_private: ["10.0.0.5"],
    swarm_node_names: ["blue-node-0"],
    refs_map: { "0": "11111111-2222-4333-8444-555555555555" },
    discovery_url: "https://discovery.example.org/1",
  };

  test("a finished bay has addresses", () => {
    expect(bayType.readOutputs(complete, { tlsDisabled: false, apiserverPort: null })).toMatchObject({
      apiAddress: "https://172.24.4.10:2376",
      nodeAddresses: ["172.24.4.12"],
      masterAddresses: ["172.24.4.11"],
      discoveryUrl: "https://discovery.example.org/1",
      workers: [{ index: "0", name: "blue-node-0", privateAddress: "10.0.0.5" }],
    });
  });

  test("without TLS the scheme is tcp", () => {
    const { apiAddress } = bayType.readOutputs(complete, { tlsDisabled: true, apiserverPort: null });
    expect(apiAddress).toBe("tcp://172.24.4.10:2376");
  });

  test("what a stack does not say stays null", () => {
    expect(bayType.readOutputs({}, { tlsDisabled: true, apiserverPort: null }).apiAddress).toBeNull();
  });
});

describe("refuses", () => {
  test.each<[string, string, Partial<BayTypeInput>]>([
    ["several masters without a load balancer", "master_count", { masterCount: 3 }],
    ["a network driver it cannot build", "network_driver", { networkDriver: "calico" }],
    ["a volume driver it cannot build", "volume_driver", { volumeDriver: "cinder" }],
    ["a registry, which it has not", "registry_enabled", { registryEnabled: true }],
    ["a port that Docker has", "apiserver_port", { apiserverPort: 2375 }],
    ["a strategy that Swarm has not", "labels.swarm_strategy", { labels: { swarm_strategy: "best" } }],
    [
      "containers and nodes in one network",
      "labels.flannel_network_cidr",
      { networkDriver: "flannel", fixedNetwork: "10.100.4.0/24" },
    ],
  ])("%s", (_, field, overrides) => {
    expect(problemsOf(overrides).map((problem) => problem.field)).toEqual([field]);
  });

  test("no network of flannel's where flannel is not used", () => {
    expect(problemsOf({ fixedNetwork: "10.100.4.0/24" })).toEqual([]);
  });
});
