import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { BayTypeInput } from "../../bay-type.ts";
import { fileTemplates } from "../../file-templates.ts";
import { SAMPLE_OUTPUTS, sampleBay, sampleBays, sampleGroup } from "../../sample-bay.ts";
import { kubernetesByKubeadm } from "./kubeadm.ts";

const ubuntu = kubernetesByKubeadm(fileTemplates(), { name: "k8s_ubuntu_v1", os: "ubuntu", userData: "cloud-init" });
const coreos = kubernetesByKubeadm(fileTemplates(), {
  name: "k8s_fedora_coreos_v1",
  os: "fedora-coreos",
  userData: "ignition",
});
const parametersOf = (overrides: Partial<BayTypeInput>) => ubuntu.stackFor(sampleBay(overrides)).parameters;
const problemsOf = (overrides: Partial<BayTypeInput>) => ubuntu.checkSpec(sampleBay(overrides));
const DIGEST = "a".repeat(64);

/** What nodes fetch, by name: address and checksum. */
function downloadsOf(labels: Record<string, string>) {
  const entries = String(parametersOf({ labels })["downloads"]).split(" ");
  return Object.fromEntries(
    entries.map((entry): [string, string[]] => [entry.split("|")[0] ?? "", entry.split("|").slice(1)]),
  );
}

describe("what nodes fetch", () => {
  test("every file has an https address, and a checksum or the https address of its publisher's", () => {
    for (const labels of [{}, { kube_tag: "v1.35.1", etcd_tag: "v3.5.26", runc_tag: "v1.3.3" }]) {
      const downloads = downloadsOf(labels);
      expect(Object.keys(downloads).sort()).toEqual(
        ["cni-plugins", "containerd", "etcd", "helm", "kubeadm", "kubectl", "kubelet", "runc"].sort(),
      );
      for (const [address, checksum] of Object.values(downloads)) {
        expect(address).toMatch(/^https:\/\/[a-z0-9.]+\/\S+$/);
        expect(checksum).toMatch(/^(sha256:[0-9a-f]{64}|https:\/\/[a-z0-9.]+\/\S+)$/);
      }
    }
  });

  test("a label names the version, and its checksum is its publisher's where none is known", () => {
    expect(downloadsOf({ kube_tag: "v1.35.1" })["kubelet"]).toEqual([
      "https://dl.k8s.io/release/v1.35.1/bin/linux/amd64/kubelet",
      "https://dl.k8s.io/release/v1.35.1/bin/linux/amd64/kubelet.sha256",
    ]);
  });

  test("a digest that a label gives goes before all others", () => {
    const labels = { download_digests: `kubelet=${DIGEST}, runc=${DIGEST}`, helm_client_sha256: DIGEST };
    for (const name of ["kubelet", "runc", "helm"]) expect(downloadsOf(labels)[name]?.[1]).toBe(`sha256:${DIGEST}`);
  });

  test("a mirror stands before host and path of everything, checksums and charts included", () => {
    const labels = { download_mirror: "https://mirror.example.org/all/", kube_tag: "v1.35.1" };
    for (const [address, checksum] of Object.values(downloadsOf(labels))) {
      for (const one of [address, checksum])
        expect(one).toMatch(/^(https:\/\/mirror\.example\.org\/all\/[a-z]|sha256:)/);
    }
    expect(parametersOf({ labels })["network_chart"]).toMatch(/^https:\/\/mirror\.example\.org\/all\/flannel-io/);
  });

  test("a prefix stands before all images", () => {
    const parameters = parametersOf({ labels: { container_infra_prefix: "registry:5000/infra/" } });
    expect(parameters["kube_image_repository"]).toBe("registry:5000/infra");
    expect(parameters["pause_image"]).toMatch(/^registry:5000\/infra\/pause:/);
    expect(parameters["registry_image"]).toMatch(/^registry:5000\/infra\/registry:/);
  });
});

test.each(["flannel", "calico", "cilium"])("the network of pods is %s where the bay asks for it", (networkDriver) => {
  const chart = String(parametersOf({ networkDriver })["network_chart"]).split("|");
  expect(chart[1]).toBe(networkDriver === "calico" ? "tigera-operator" : networkDriver);
  expect(chart[2]).toMatch(/^v?\d+\.\d+\.\d+$/);
  expect(problemsOf({ networkDriver })).toEqual([]);
});

test("calico's own label goes before flannel's for the addresses of pods", () => {
  const labels = { calico_ipv4pool: "10.102.0.0/16", flannel_network_cidr: "10.101.0.0/16" };
  expect(parametersOf({ networkDriver: "calico", labels })["pod_cidr"]).toBe("10.102.0.0/16");
  expect(parametersOf({ networkDriver: "flannel", labels })["pod_cidr"]).toBe("10.101.0.0/16");
});

test("the same stack is told to nodes as Ignition where they read that", () => {
  const { environment, files } = coreos.stackFor(sampleBay());
  expect(environment.resource_registry["Jeroboam::UserData"]).toBe("node/ignition-user-data.yaml");
  expect(files["node/prologue.sh"]).toMatch(/^H4sI/);
  expect(files["node/ignition-start.sh"]).toMatch(/^#!\/bin\/bash/);
  expect(ubuntu.stackFor(sampleBay()).environment.resource_registry["Jeroboam::UserData"]).toBe(
    "OS::Heat::MultipartMime",
  );
});

test("Magnum's names of the workers hold, as cluster-autoscaler reads them (cluster sheet 27)", () => {
  const { template, files } = ubuntu.stackFor(sampleBay());
  expect(template).toMatch(/^ {2}kube_minions:\n {4}type: OS::Heat::ResourceGroup/m);
  expect(template).toMatch(/^ {2}refs_map:/m);
  expect(files["kubernetes/kubeminion.yaml"]).toMatch(/^ {2}kube-minion:/m);
  expect(files["kubernetes/kubeminion.yaml"]).toMatch(/^ {2}node_config_deployment:/m);
});

describe("refuses", () => {
  test.each<[string, string, Partial<BayTypeInput>]>([
    ["an API without TLS", "tls_disabled", { tlsDisabled: true }],
    [
      "a version kubeadm's present form of configuration does not fit",
      "labels.kube_tag",
      { labels: { kube_tag: "v1.30.4" } },
    ],
    ["a version nobody has tried", "labels.kube_tag", { labels: { kube_tag: "v1.99.0" } }],
    ["a version without its v", "labels.kube_tag", { labels: { kube_tag: "1.34.4" } }],
    ["a tag that is no version", "labels.kube_tag", { labels: { kube_tag: "stable" } }],
    ["containerd of the old configuration", "labels.containerd_version", { labels: { containerd_version: "1.7.24" } }],
    [
      "an archive that nothing vouches for",
      "labels.containerd_tarball_sha256",
      { labels: { containerd_tarball_url: "https://files.example.org/c.tgz" } },
    ],
    [
      "an archive over plain HTTP",
      "labels.containerd_tarball_url",
      { labels: { containerd_tarball_url: "http://files.example.org/c.tgz", containerd_tarball_sha256: DIGEST } },
    ],
    [
      "a mirror over plain HTTP",
      "labels.download_mirror",
      { labels: { download_mirror: "http://mirror.example.org" } },
    ],
    ["a digest of what nobody fetches", "labels.download_digests", { labels: { download_digests: `k3s=${DIGEST}` } }],
    ["a digest that is none", "labels.download_digests", { labels: { download_digests: "kubelet=abc" } }],
    ["an image without a digest", "labels.image_digests", { labels: { image_digests: "pause:3.10" } }],
    ["volumes of the cloud, for which nodes have no credential", "volume_driver", { volumeDriver: "cinder" }],
    ["a network driver it cannot build", "network_driver", { networkDriver: "docker" }],
    ["a storage driver containerd has not", "docker_storage_driver", { dockerStorageDriver: "btrfs" }],
    ["several masters without a load balancer", "master_count", { masterCount: 3 }],
    ["options too long for user data", "labels.kubelet_options", { labels: { kubelet_options: "x".repeat(1001) } }],
    [
      "pods and services in one network",
      "labels.flannel_network_cidr",
      { networkDriver: "calico", labels: { calico_ipv4pool: "10.254.0.0/16" } },
    ],
  ])("%s", (_, field, overrides) => {
    expect(problemsOf(overrides).map((problem) => problem.field)).toEqual([field]);
  });

  test("not Docker's usual storage driver, which clients send unasked", () => {
    expect(problemsOf({ dockerStorageDriver: "overlay2" })).toEqual([]);
  });
});

describe("a group of workers", () => {
  test.each(
    [ubuntu, coreos].flatMap((type) => Object.entries(sampleBays(type)).map(([name, bay]) => ({ type, name, bay }))),
  )("passes declared parameters, and all required: $type.name, $name", ({ type, bay }) => {
    const stack = type.nodeGroups?.stackFor(bay, sampleGroup(), SAMPLE_OUTPUTS);
    if (typeof stack !== "object") throw new Error(String(stack));
    const declared = (parse(stack.template) as { parameters: Record<string, object> }).parameters;
    const required = Object.keys(declared).filter((name) => !("default" in (declared[name] ?? {})));
    expect(Object.keys(declared)).toEqual(expect.arrayContaining(Object.keys(stack.parameters)));
    expect(Object.keys(stack.parameters)).toEqual(expect.arrayContaining(required));
  });

  test("is told at its first boot just what the bay's own workers are", () => {
    const stack = ubuntu.nodeGroups?.stackFor(sampleBay(), sampleGroup(), SAMPLE_OUTPUTS);
    const bootOf = (template: string) => {
      const parts = parse(template) as { resources: { minion_boot: { properties: { parts: { config: unknown }[] } } } };
      return parts.resources.minion_boot.properties.parts[1]?.config;
    };
    if (typeof stack !== "object") throw new Error(String(stack));
    expect(bootOf(stack.template)).toEqual(bootOf(ubuntu.stackFor(sampleBay()).template));
  });
});
