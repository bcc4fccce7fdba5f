import { describe, expect, test } from "vitest";
import type { BayTypeInput } from "../bay-type.ts";
import { fileTemplates } from "../file-templates.ts";
import { sampleBay } from "../sample-bay.ts";
import { kubernetesAtomic, kubernetesCoreos } from "./kubernetes.ts";

const bayType = kubernetesAtomic(fileTemplates());
const parametersOf = (overrides: Partial<BayTypeInput>) => bayType.stackFor(sampleBay(overrides)).parameters;
const problemsOf = (overrides: Partial<BayTypeInput>) => bayType.checkSpec(sampleBay(overrides));

describe("Heat parameters (bay-era sheet 7.1)", () => {
  test.each<[string, Partial<BayTypeInput>, unknown]>([
    ["ssh_key_name", { keypairId: "ops" }, "ops"],
    ["server_image", { imageId: "fedora-27-atomic" }, "fedora-27-atomic"],
    ["dns_nameserver", { dnsNameserver: "192.0.2.53" }, ["192.0.2.53"]],
    ["dns_nameserver", { dnsNameserver: "192.0.2.53, 192.0.2.54" }, ["192.0.2.53", "192.0.2.54"]],
    ["fixed_network_cidr", { fixedNetwork: "192.168.40.0/24" }, "192.168.40.0/24"],
    ["fixed_network_cidr", { labels: { fixed_subnet_cidr: "10.20.0.0/20" } }, "10.20.0.0/20"],
    ["fixed_network", { fixedNetwork: "lan" }, "lan"],
    ["fixed_subnet", { fixedNetwork: "lan", fixedSubnet: "lan-a" }, "lan-a"],
    ["http_proxy", { httpProxy: "http://proxy:3128" }, "http://proxy:3128"],
    ["https_proxy", { httpsProxy: "http://proxy:3128" }, "http://proxy:3128"],
    ["no_proxy", { noProxy: "192.0.2.0/24" }, "192.0.2.0/24"],
    ["external_network", { externalNetworkId: "ext-a" }, "ext-a"],
    ["bay_uuid", { uuid: "7b0c8a52-0000-4be0-8a55-0d6f4f6a2b02" }, "7b0c8a52-0000-4be0-8a55-0d6f4f6a2b02"],
    ["bay_name", { name: "Green Bay" }, "green-bay"],
    ["master_flavor", { masterFlavorId: "m1.large" }, "m1.large"],
    ["minion_flavor", { flavorId: "m1.tiny" }, "m1.tiny"],
    ["number_of_minions", { nodeCount: 7 }, 7],
    ["number_of_masters", { masterCount: 3, masterLbEnabled: true }, 3],
    ["docker_volume_size", { dockerVolumeSizeGb: 25 }, 25],
    ["docker_storage_driver", { dockerStorageDriver: "overlay2" }, "overlay2"],
    ["network_driver", { networkDriver: "flannel" }, "flannel"],
    ["volume_driver", { volumeDriver: "cinder" }, "cinder"],
    ["tls_disabled", { tlsDisabled: true }, true],
    ["discovery_url", { discoveryUrl: "https://discovery.example.org/1" }, "https://discovery.example.org/1"],
    ["auth_url", { authUrl: "https://keystone/v3" }, "https://keystone/v3"],
    ["magnum_url", { apiUrl: "https://container/v1" }, "https://container/v1"],
    ["region_name", { regionName: "RegionOne" }, "RegionOne"],
    ["registry_enabled", { registryEnabled: true }, true],
    ["insecure_registry", { insecureRegistry: "registry:5000" }, "registry:5000"],
    ["kubernetes_port", {}, 6443],
    ["kubernetes_port", { tlsDisabled: true }, 8080],
    ["kubernetes_port", { apiserverPort: 8443 }, 8443],
    ["loadbalancing_protocol", { tlsDisabled: true }, "HTTP"],
    ["master_lb_enabled", { masterLbEnabled: true }, true],
    ["master_lb_floating_ip_enabled", { floatingIpEnabled: false }, false],
    ["master_lb_floating_ip_enabled", { labels: { master_lb_floating_ip_enabled: "False" } }, false],
    ["floating_ip_enabled", { floatingIpEnabled: false }, false],
    ["wait_condition_timeout", { createTimeoutMinutes: 30 }, 1800],
    ["minions_to_remove", { workersToRemove: [{ index: "4", serverId: null }] }, ["4"]],
    ["trustee_user_id", {}, sampleBay().nodeCredential.userId],
    ["trustee_username", {}, sampleBay().nodeCredential.userName],
    ["trustee_domain_id", {}, sampleBay().nodeCredential.domainId],
    ["trustee_password", {}, sampleBay().nodeCredential.password],
    ["trust_id", {}, sampleBay().nodeCredential.trustId],
    [
      "trustee_project_id",
      { nodeCredential: { ...sampleBay().nodeCredential, trustId: null } },
      sampleBay().nodeCredential.projectId,
    ],
    ["portal_network_cidr", { labels: { service_cluster_ip_range: "10.250.0.0/16" } }, "10.250.0.0/16"],
    ["flannel_network_cidr", { labels: { flannel_network_cidr: "10.101.0.0/16" } }, "10.101.0.0/16"],
    ["flannel_network_subnetlen", { labels: { flannel_network_subnetlen: "26" } }, 26],
    ["flannel_backend", { labels: { flannel_backend: "host-gw" } }, "host-gw"],
    ["flannel_backend", { labels: { flannel_use_vxlan: "true" } }, "vxlan"],
    ["flannel_backend", { labels: { flannel_use_vxlan: "false" } }, "udp"],
    ["flannel_backend", { labels: { flannel_use_vxlan: "true", flannel_backend: "udp" } }, "udp"],
    ["kube_allow_priv", { labels: { kube_allow_priv: "No" } }, "false"],
    [
      "master_lb_allowed_cidrs",
      { labels: { master_lb_allowed_cidrs: "192.0.2.0/24 , 198.51.100.0/24" } },
      ["192.0.2.0/24", "198.51.100.0/24"],
    ],
    ["octavia_provider", { labels: { octavia_provider: "ovn" } }, "ovn"],
    ["octavia_lb_algorithm", { labels: { octavia_lb_algorithm: "SOURCE_IP_PORT" } }, "SOURCE_IP_PORT"],
    ["availability_zone", { labels: { availability_zone: "az1" } }, "az1"],
    ["docker_volume_type", { labels: { docker_volume_type: "ssd" } }, "ssd"],
    ["admission_control_list", { labels: { admission_control_list: "PodSecurityPolicy" } }, "PodSecurityPolicy"],
    ["kubeapi_options", { labels: { kubeapi_options: "--v=4" } }, "--v=4"],
    ["kubecontroller_options", { labels: { kubecontroller_options: "--v=4" } }, "--v=4"],
    ["kubescheduler_options", { labels: { kubescheduler_options: "--v=4" } }, "--v=4"],
    ["kubelet_options", { labels: { kubelet_options: "--v=4" } }, "--v=4"],
    ["kubeproxy_options", { labels: { kubeproxy_options: "--v=4" } }, "--v=4"],
  ])("%s from %o", (parameter, overrides, expected) => {
    expect(problemsOf(overrides)).toEqual([]);
    expect(parametersOf(overrides)[parameter]).toEqual(expected);
  });

  test.each([
    "ssh_key_name",
    "dns_nameserver",
    "fixed_network",
    "fixed_subnet",
    "http_proxy",
    "master_flavor",
    "minion_flavor",
    "docker_volume_size",
    "docker_storage_driver",
    "network_driver",
    "volume_driver",
    "discovery_url",
    "flannel_backend",
    "loadbalancing_protocol",
    "wait_condition_timeout",
  ])("%s is left to the template when the bay does not say", (parameter) => {
    expect(parametersOf({})).not.toHaveProperty(parameter);
  });

  test("a network of a name is joined, not made", () => {
    expect(parametersOf({ fixedNetwork: "lan" })).not.toHaveProperty("fixed_network_cidr");
    expect(parametersOf({ fixedNetwork: "192.168.40.0/24" })).not.toHaveProperty("fixed_network");
  });

  test("the stack has the bay's time limit, and none for 0 or null", () => {
    expect(bayType.stackFor(sampleBay({ createTimeoutMinutes: 30 })).timeoutMinutes).toBe(30);
    for (const createTimeoutMinutes of [0, null]) {
      expect(bayType.stackFor(sampleBay({ createTimeoutMinutes }))).not.toHaveProperty("timeoutMinutes");
    }
  });
});

describe("outputs (bay-era sheet 7.2)", () => {
  const complete = {
    api_address: "172.24.4.10",
    kube_minions: ["172.24.4.12"],
    kube_masters: ["172.24.4.11"],
    kube_minions_private: ["10.0.0.5"],
    kube_minion_names: ["blue-minion-0"],
    refs_map: { "0": "11111111-2222-4333-8444-555555555555" },
    discovery_url: "",
  };

  test("a finished bay has addresses, and workers under all their names", () => {
    expect(bayType.readOutputs(complete, { tlsDisabled: false, apiserverPort: null })).toEqual({
      apiAddress: "https://172.24.4.10:6443",
      nodeAddresses: ["172.24.4.12"],
      masterAddresses: ["172.24.4.11"],
      discoveryUrl: null,
      workers: [
        {
          index: "0",
          serverId: "11111111-2222-4333-8444-555555555555",
          name: "blue-minion-0",
          privateAddress: "10.0.0.5",
        },
      ],
    });
  });

  test("scheme and port follow the bay", () => {
    const read = (tlsDisabled: boolean, apiserverPort: number | null) =>
      bayType.readOutputs(complete, { tlsDisabled, apiserverPort }).apiAddress;
    expect(read(true, null)).toBe("http://172.24.4.10:8080");
    expect(read(false, 8443)).toBe("https://172.24.4.10:8443");
  });

  test("what a stack does not say stays null, never an address of None", () => {
    const nothing = { apiAddress: null, nodeAddresses: null, masterAddresses: null, discoveryUrl: null, workers: [] };
    expect(bayType.readOutputs({}, { tlsDisabled: false, apiserverPort: null })).toEqual(nothing);
    expect(bayType.readOutputs({ api_address: null }, { tlsDisabled: true, apiserverPort: null })).toEqual(nothing);
  });

  test("a scale-down names the workers by their index, which Heat never gives again", () => {
    const { workers } = bayType.readOutputs(complete, { tlsDisabled: false, apiserverPort: null });
    expect(bayType.removalParameters(workers)).toEqual({ minions_to_remove: ["0"] });
  });
});

describe("refuses", () => {
  test.each<[string, string, Partial<BayTypeInput>]>([
    ["several masters without a load balancer", "master_count", { masterCount: 3 }],
    ["a network driver it cannot build", "network_driver", { networkDriver: "calico" }],
    ["a volume driver it cannot build", "volume_driver", { volumeDriver: "rexray" }],
    ["devicemapper without room", "docker_volume_size", { dockerStorageDriver: "devicemapper" }],
    ["a subnet without its network", "fixed_subnet", { fixedSubnet: "lan-a" }],
    [
      "a load balancer in a network with no subnet named",
      "fixed_subnet",
      { fixedNetwork: "lan", masterLbEnabled: true },
    ],
    ["a network that is no network", "fixed_network", { fixedNetwork: "10.0.0.1/24" }],
    ["its own network without an external one", "external_network_id", { externalNetworkId: null }],
    [
      "floating IPs without an external network",
      "external_network_id",
      { externalNetworkId: null, fixedNetwork: "lan" },
    ],
    ["a name server that is no address", "dns_nameserver", { dnsNameserver: "dns.example.org" }],
    ["a proxy that would break out of a script", "http_proxy", { httpProxy: "http://x'; reboot; '" }],
    ["a proxy of two lines", "no_proxy", { noProxy: "a\nb" }],
    ["a label of a wrong type", "labels.flannel_network_subnetlen", { labels: { flannel_network_subnetlen: "many" } }],
    ["a label out of range", "labels.flannel_network_subnetlen", { labels: { flannel_network_subnetlen: "31" } }],
    ["a backend flannel has not", "labels.flannel_backend", { labels: { flannel_backend: "ipip" } }],
    ["a label that is no network", "labels.flannel_network_cidr", { labels: { flannel_network_cidr: "10.100.0.0" } }],
    ["options that would break out of a script", "labels.kubelet_options", { labels: { kubelet_options: "a' b" } }],
    ["pods and nodes in one network", "labels.flannel_network_cidr", { fixedNetwork: "10.100.4.0/24" }],
    [
      "pods and services in one network",
      "labels.flannel_network_cidr",
      { labels: { flannel_network_cidr: "10.254.0.0/16" } },
    ],
    ["more nodes than pods' networks", "labels.flannel_network_subnetlen", { nodeCount: 256 }],
  ])("%s", (_, field, overrides) => {
    const problems = problemsOf(overrides);
    expect(problems.map((problem) => problem.field)).toEqual([field]);
    expect(problems[0]?.message).toContain(field.replace("labels.", "").split("_")[0]);
  });

  test("everything that is wrong at once", () => {
    const fields = problemsOf({ masterCount: 3, networkDriver: "calico", labels: { boot_volume_size: "big" } }).map(
      (problem) => problem.field,
    );
    expect(fields.toSorted()).toEqual(["labels.boot_volume_size", "master_count", "network_driver"]);
  });

  test("not what it can build: an external network is not needed without floating IPs in an existing network", () => {
    expect(problemsOf({ externalNetworkId: null, fixedNetwork: "lan", floatingIpEnabled: false })).toEqual([]);
  });
});

describe("versions", () => {
  const coreos = kubernetesCoreos(fileTemplates());
  const coreosParameters = (overrides: Partial<BayTypeInput>) => coreos.stackFor(sampleBay(overrides)).parameters;

  test("Fedora Atomic has Kubernetes, etcd and flannel in its image", () => {
    for (const image of ["kube_image", "etcd_image", "flannel_image"])
      expect(parametersOf({})).not.toHaveProperty(image);
  });

  test("CoreOS has none of them", () => {
    expect(coreosParameters({})).toMatchObject({
      kube_image: "docker.io/rancher/hyperkube:v1.23.3-rancher1",
      etcd_image: "quay.io/coreos/etcd:v3.4.6",
      flannel_image: "quay.io/coreos/flannel:v0.15.1",
    });
  });

  test("a label chooses the version on either, and from which registry", () => {
    const labels = { kube_tag: "v1.19.9", container_infra_prefix: "registry:5000/" };
    expect(parametersOf({ labels })["kube_image"]).toBe("registry:5000/hyperkube:v1.19.9");
    expect(coreosParameters({ labels })["etcd_image"]).toBe("registry:5000/etcd:v3.4.6");
    const own = { ...labels, hyperkube_prefix: "quay.io/own/" };
    expect(parametersOf({ labels: own })["kube_image"]).toBe("quay.io/own/hyperkube:v1.19.9");
  });

  test("a tag that does not read as a version is taken as it is", () => {
    expect(problemsOf({ labels: { kube_tag: "stable" } })).toEqual([]);
    expect(parametersOf({ labels: { kube_tag: "stable" } })["kube_image"]).toBe("docker.io/rancher/hyperkube:stable");
  });

  test("one that Docker cannot run, or that has no API without TLS, is refused", () => {
    for (const kube_tag of ["v1.24.0", "v1.7.4", "1.31.4"]) {
      expect(problemsOf({ labels: { kube_tag } }).map((problem) => problem.field)).toEqual(["labels.kube_tag"]);
    }
    const insecure = { tlsDisabled: true, labels: { kube_tag: "v1.20.2" } };
    expect(problemsOf(insecure).map((problem) => problem.field)).toEqual(["tls_disabled"]);
    expect(coreos.checkSpec(sampleBay({ tlsDisabled: true })).map((problem) => problem.field)).toEqual([
      "tls_disabled",
    ]);
    expect(problemsOf({ tlsDisabled: true, labels: { kube_tag: "v1.19.9" } })).toEqual([]);
  });
});
