import { describe, expect, test } from "vitest";
import type { BayTypeInput } from "../../bay-type.ts";
import { fileTemplates } from "../../file-templates.ts";
import { sampleBay } from "../../sample-bay.ts";
import { swarmModeUbuntu } from "./swarm-mode.ts";

const bayType = swarmModeUbuntu(fileTemplates());
const parametersOf = (overrides: Partial<BayTypeInput>) => bayType.stackFor(sampleBay(overrides)).parameters;
const fieldsOf = (overrides: Partial<BayTypeInput>) =>
  bayType.checkSpec(sampleBay(overrides)).map((problem) => problem.field);

test("Docker is of one version, from its publisher by https, signed by a key of known fingerprint", () => {
  expect(parametersOf({})).toMatchObject({
    docker_version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    docker_repository: "https://download.docker.com/linux/ubuntu",
    docker_key_fingerprint: expect.stringMatching(/^[0-9A-F]{40}$/),
  });
});

test("labels name the version, and a mirror by host and path", () => {
  const labels = { docker_version: "28.5.1", download_mirror: "https://mirror.example.org/" };
  expect(parametersOf({ labels })).toMatchObject({
    docker_version: "28.5.1",
    docker_repository: "https://mirror.example.org/download.docker.com/linux/ubuntu",
  });
});

test("the API is the managers' Docker", () => {
  const outputs = { api_address: "172.24.4.10", swarm_nodes: ["172.24.4.12"], swarm_masters: ["172.24.4.11"] };
  const read = (tlsDisabled: boolean, apiserverPort: number | null) =>
    bayType.readOutputs(outputs, { tlsDisabled, apiserverPort });
  expect(read(false, null).apiAddress).toBe("https://172.24.4.10:2376");
  expect(read(true, 3376).apiAddress).toBe("tcp://172.24.4.10:3376");
  expect(read(false, null)).toMatchObject({ nodeAddresses: ["172.24.4.12"], masterAddresses: ["172.24.4.11"] });
});

describe("refuses", () => {
  test.each<[string, string, Partial<BayTypeInput>]>([
    ["a network driver it cannot build", "network_driver", { networkDriver: "flannel" }],
    ["volumes of the cloud, for which nodes have no credential", "volume_driver", { volumeDriver: "rexray" }],
    ["a registry", "registry_enabled", { registryEnabled: true }],
    ["a discovery service", "discovery_url", { discoveryUrl: "https://discovery.example.org/1" }],
    ["a port that managers need", "apiserver_port", { apiserverPort: 2377 }],
    ["a version that is none", "labels.docker_version", { labels: { docker_version: "latest" } }],
    [
      "a mirror over plain HTTP",
      "labels.download_mirror",
      { labels: { download_mirror: "http://mirror.example.org" } },
    ],
    [
      "containers in the nodes' network",
      "labels.container_networks",
      { labels: { container_networks: "10.0.0.0/16" } },
    ],
    ["room for no network", "labels.container_networks", { labels: { container_networks: "10.9.0.0/24" } }],
    ["several masters without a load balancer", "master_count", { masterCount: 3 }],
  ])("%s", (_, field, overrides) => {
    expect(fieldsOf(overrides)).toEqual([field]);
  });
});
