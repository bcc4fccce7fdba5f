/** A bay with everything at its default, and a value for every option: for tests and for the check of the templates. */
import type { BayType, BayTypeInput, NodeGroupSpec } from "./bay-type.ts";

export function sampleBay(overrides: Partial<BayTypeInput> = {}): BayTypeInput {
  return {
    uuid: "5a1d7c52-90f4-4be0-8a55-0d6f4f6a2b02",
    name: "blue",
    nodeCount: 2,
    masterCount: 1,
    createTimeoutMinutes: null,
    discoveryUrl: null,
    imageId: "fedora-atomic-latest",
    flavorId: null,
    masterFlavorId: null,
    keypairId: null,
    externalNetworkId: "public",
    fixedNetwork: null,
    fixedSubnet: null,
    dnsNameserver: null,
    httpProxy: null,
    httpsProxy: null,
    noProxy: null,
    networkDriver: null,
    volumeDriver: null,
    dockerVolumeSizeGb: null,
    dockerStorageDriver: null,
    apiserverPort: null,
    tlsDisabled: false,
    labels: {},
    registryEnabled: false,
    insecureRegistry: null,
    floatingIpEnabled: true,
    masterLbEnabled: false,
    apiUrl: "https://container.example.org/v1",
    authUrl: "https://identity.example.org/v3",
    regionName: null,
    nodeCredential: {
      userId: "f4f5a2c1d3b64a1c9e7a8b6c5d4e3f2a",
      userName: "5a1d7c52-90f4-4be0-8a55-0d6f4f6a2b02",
      domainId: "9e8d7c6b5a4f4e3d2c1b0a9f8e7d6c5b",
      password: "q7Kf0wXv2Zb9LrTn",
      trustId: "0c3f5e7a9b1d4c6e8f0a2b4c6d8e0f1a",
      projectId: "1b2c3d4e5f60718293a4b5c6d7e8f901",
    },
    openstackCa: null,
    plainHttpAllowed: false,
    completionUrl: null,
    workersToRemove: [],
    ...overrides,
  };
}

type Variants = Readonly<Record<string, Partial<BayTypeInput>>>;

/** Bays that a type can build: each option alone and some together, by a name that says which. */
export function sampleBays(bayType: BayType): Readonly<Record<string, BayTypeInput>> {
  const variants = { ...commonVariants, ...ownVariants[bayType.name] };
  // What a type has no use for is not among its options.
  if (ownVariants[bayType.name] === kubeadmVariants) delete variants["devicemapper on a volume"];
  return Object.fromEntries(Object.entries(variants).map(([variant, overrides]) => [variant, sampleBay(overrides)]));
}

const commonVariants: Variants = {
  defaults: {},
  "no floating IPs": { floatingIpEnabled: false },
  "three masters": { masterCount: 3, masterLbEnabled: true },
  "three masters, no floating IPs": { masterCount: 3, masterLbEnabled: true, floatingIpEnabled: false },
  "load balancer before one master": { masterLbEnabled: true },
  "no workers": { nodeCount: 0 },
  "existing network": { fixedNetwork: "lan", floatingIpEnabled: false, externalNetworkId: null },
  "existing network and subnet, load balancer": {
    fixedNetwork: "lan",
    fixedSubnet: "lan-a",
    masterCount: 3,
    masterLbEnabled: true,
  },
  "network of a CIDR": { fixedNetwork: "192.168.40.0/24", dnsNameserver: "192.0.2.53, 192.0.2.54" },
  "volume for Docker": { dockerVolumeSizeGb: 20, dockerStorageDriver: "overlay2" },
  "devicemapper on a volume": { dockerVolumeSizeGb: 5, dockerStorageDriver: "devicemapper" },
  "key pair, flavors, timeout": {
    keypairId: "ops",
    flavorId: "m1.large",
    masterFlavorId: "m1.medium",
    createTimeoutMinutes: 30,
  },
  "proxies and an insecure registry": {
    httpProxy: "http://proxy.example.org:3128",
    httpsProxy: "http://proxy.example.org:3128",
    noProxy: "192.0.2.0/24",
    insecureRegistry: "registry.example.org:5000",
    regionName: "RegionOne",
  },
  "own authorities, role instead of trust": {
    completionUrl: "https://container.example.org/v1/callbacks/0123abcd-4567?proof=89ab_cdef-",
    openstackCa: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    nodeCredential: { ...sampleBay().nodeCredential, trustId: null },
  },
  "scale-down": { nodeCount: 1, workersToRemove: [{ index: "0", serverId: null }] },
};

const kubernetesVariants: Variants = {
  "no TLS": { tlsDisabled: true, labels: { kube_tag: "v1.19.9" } },
  registry: { registryEnabled: true, regionName: "RegionOne" },
  "Cinder volumes, discovery URL, port": {
    volumeDriver: "cinder",
    discoveryUrl: "https://discovery.example.org/0123abcd",
    apiserverPort: 8443,
  },
  "every label": {
    masterLbEnabled: true,
    dockerVolumeSizeGb: 10,
    labels: {
      kube_tag: "v1.22.2",
      etcd_tag: "v3.4.20",
      flannel_tag: "v0.14.0",
      container_infra_prefix: "registry.example.org/infra/",
      hyperkube_prefix: "registry.example.org/",
      fixed_subnet_cidr: "10.20.0.0/20",
      service_cluster_ip_range: "10.250.0.0/16",
      flannel_network_cidr: "10.101.0.0/16",
      flannel_network_subnetlen: "26",
      flannel_backend: "host-gw",
      master_lb_floating_ip_enabled: "False",
      master_lb_allowed_cidrs: "192.0.2.0/24, 198.51.100.0/24",
      octavia_provider: "ovn",
      octavia_lb_algorithm: "SOURCE_IP_PORT",
      availability_zone: "nova",
      boot_volume_size: "30",
      boot_volume_type: "ssd",
      docker_volume_type: "ssd",
      admission_control_list: "PodSecurityPolicy",
      kube_allow_priv: "false",
      kubeapi_options: "--v=2",
      kubecontroller_options: "--v=2",
      kubescheduler_options: "--v=2",
      kubelet_options: "--v=2",
      kubeproxy_options: "--v=2",
    },
  },
};

const DIGEST = "03b8fea715a7ef82eeaf518dee34c72670c57cc7bc40dc1320c04fbf4f15172f";

const kubeadmVariants: Variants = {
  registry: { registryEnabled: true, regionName: "RegionOne" },
  calico: {
    networkDriver: "calico",
    labels: { calico_ipv4pool: "10.102.0.0/16", calico_ipv4pool_ipip: "CrossSubnet" },
  },
  cilium: { networkDriver: "cilium" },
  "another version, checked by its publisher's checksums": { labels: { kube_tag: "v1.33.8", etcd_tag: "v3.5.26" } },
  "discovery URL, port": { discoveryUrl: "https://discovery.example.org/0123abcd", apiserverPort: 8443 },
  "longest texts": {
    httpProxy: "x".repeat(255),
    httpsProxy: "x".repeat(255),
    noProxy: "x".repeat(255),
    openstackCa: "-----BEGIN CERTIFICATE-----\n".repeat(150),
    labels: {
      download_digests: `kubelet=${DIGEST},`.repeat(13),
      image_digests: `registry.example.org/pause:3.10@sha256:${DIGEST},`.repeat(9),
      admission_control_list: "x".repeat(1000),
      kubeapi_options: "--v=2 ".repeat(166),
      kubecontroller_options: "--v=2 ".repeat(166),
      kubescheduler_options: "--v=2 ".repeat(166),
      kubelet_options: "--v=2 ".repeat(166),
    },
  },
  "every label": {
    masterLbEnabled: true,
    dockerVolumeSizeGb: 10,
    registryEnabled: true,
    insecureRegistry: "registry.example.org:5000",
    httpProxy: "http://proxy.example.org:3128",
    httpsProxy: "http://proxy.example.org:3128",
    noProxy: "192.0.2.0/24",
    labels: {
      kube_tag: "v1.33.8",
      etcd_tag: "v3.5.26",
      containerd_version: "2.2.3",
      containerd_tarball_url: "https://files.example.org/containerd.tar.gz",
      containerd_tarball_sha256: DIGEST,
      runc_tag: "v1.3.4",
      cni_plugins_tag: "v1.7.1",
      helm_client_tag: "v3.18.3",
      helm_client_sha256: DIGEST,
      flannel_tag: "v0.26.7",
      calico_tag: "v3.30.6",
      cilium_tag: "1.17.7",
      chart_sha256: DIGEST,
      download_digests: `kubelet=${DIGEST}, kubeadm=${DIGEST}, kubectl=${DIGEST}, etcd=${DIGEST}`,
      download_mirror: "https://mirror.example.org/downloads/",
      container_infra_prefix: "registry.example.org/infra/",
      image_digests: `registry.example.org/infra/kube-apiserver:v1.33.8@sha256:${DIGEST}`,
      fixed_subnet_cidr: "10.20.0.0/20",
      service_cluster_ip_range: "10.250.0.0/16",
      flannel_network_cidr: "10.101.0.0/16",
      flannel_network_subnetlen: "26",
      flannel_backend: "host-gw",
      master_lb_floating_ip_enabled: "False",
      master_lb_allowed_cidrs: "192.0.2.0/24, 198.51.100.0/24",
      octavia_provider: "ovn",
      octavia_lb_algorithm: "SOURCE_IP_PORT",
      availability_zone: "nova",
      boot_volume_size: "30",
      boot_volume_type: "ssd",
      docker_volume_type: "ssd",
      admission_control_list: "PodNodeSelector",
      kubeapi_options: "--v=2 --profiling=false",
      kubecontroller_options: "--v=2",
      kubescheduler_options: "--profiling=false",
      kubelet_options: "--v=2",
    },
  },
};

const swarmVariants: Variants = {
  "no TLS": { tlsDisabled: true },
  flannel: { networkDriver: "flannel", labels: { flannel_backend: "host-gw" } },
  "REX-Ray, discovery URL, port": {
    volumeDriver: "rexray",
    discoveryUrl: "https://discovery.example.org/0123abcd",
    apiserverPort: 3376,
    labels: { rexray_preempt: "true" },
  },
  "labels of Swarm, volumes of a type": {
    dockerVolumeSizeGb: 10,
    labels: {
      swarm_version: "1.2.8",
      container_infra_prefix: "registry.example.org/infra/",
      swarm_strategy: "binpack",
      boot_volume_size: "30",
      docker_volume_type: "ssd",
    },
  },
};

const swarmModeVariants: Variants = {
  "no TLS": { tlsDisabled: true },
  "port, boot volume": { apiserverPort: 3376, labels: { boot_volume_size: "30" } },
  "labels of swarm mode, volumes of a type": {
    dockerVolumeSizeGb: 10,
    labels: {
      docker_version: "28.5.1",
      containerd_version: "1.7.28",
      download_mirror: "https://mirror.example.org/downloads",
      container_networks: "10.128.0.0/16",
      docker_volume_type: "ssd",
    },
  },
};

const mesosVariants: Variants = {
  "REX-Ray": { volumeDriver: "rexray", regionName: "RegionOne", labels: { rexray_preempt: "true" } },
  "labels of Mesos": {
    dockerVolumeSizeGb: 10,
    labels: {
      executor_registration_timeout: "3mins",
      mesos_slave_isolation: "filesystem/posix,posix/cpu",
      mesos_slave_image_providers: "docker",
      mesos_slave_work_dir: "/var/lib/mesos",
      boot_volume_size: "30",
      docker_volume_type: "ssd",
    },
  },
};

const ownVariants: Readonly<Record<string, Variants>> = {
  magnum_vm_atomic_k8s: kubernetesVariants,
  magnum_vm_coreos_k8s: kubernetesVariants,
  k8s_fedora_coreos_v1: kubeadmVariants,
  k8s_flatcar_v1: kubeadmVariants,
  k8s_ubuntu_v1: kubeadmVariants,
  magnum_vm_atomic_swarm: swarmVariants,
  magnum_vm_ubuntu_mesos: mesosVariants,
  swarm_mode_ubuntu_v1: swarmModeVariants,
};

/** A group of workers besides the bay's own, with a value for everything. */
export function sampleGroup(overrides: Partial<NodeGroupSpec> = {}): NodeGroupSpec {
  return {
    uuid: "8c1f3a60-2b7d-4e11-9d0c-7b1a2f3e4d5c",
    name: "gpu",
    role: "worker",
    nodeCount: 2,
    imageId: "fedora-atomic-latest",
    flavorId: "g1.large",
    dockerVolumeSizeGb: null,
    labels: {},
    nodeLabels: { "example.com/disk": "ssd" },
    nodeTaints: [{ key: "gpu", value: null, effect: "NoSchedule" }],
    ...overrides,
  };
}

/** What a bay's stack says to those who join it. */
export const SAMPLE_OUTPUTS: Readonly<Record<string, unknown>> = {
  network: "8b0f2f3e-1d5e-4c39-9f3b-5d0b54d8a1c1",
  subnet: "c2a9a7f2-6c0a-4a4e-8d3f-17d2b7f0a2d2",
  worker_security_groups: ["base", "workers"],
  kube_master_ip: "10.0.0.5",
  kube_masters_private: ["10.0.0.5", "10.0.0.6"],
};
