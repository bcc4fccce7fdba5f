/**
 * Kubernetes of today on images of today (cluster sheet 7.4, 18): kubeadm writes the control plane, containerd runs pods,
 * flannel, calico or cilium is their network. On Ubuntu by cloud-init, on Fedora CoreOS and Flatcar by Ignition; the one
 * for Fedora CoreOS bears the name that clients know.
 *
 * What differs from the drivers of Magnum 15, and why: the bay's authority keeps its key, and nodes have their certificates
 * signed by us, so nothing is copied from master to master; etcd starts from the masters' addresses, not from a discovery
 * service; no node holds a credential for the cloud, so there is no cloud controller and no driver of Cinder volumes:
 * `volume_driver` is refused. API servers of today have no port without TLS: `tls_disabled` is refused.
 */
import { z } from "zod";
import type { BaySpec, BayType, BayTypeInput, HeatParameter, SpecProblem, TemplateLoader } from "../../bay-type.ts";
import { networkLabel, textLabel } from "../../label.ts";
import { urlOf } from "../../network-address.ts";
import {
  checkContainerNetwork,
  flannelBackend,
  flannelLabels,
  loadBalancerParameters,
  needsFloatingIp,
  networkLabels,
} from "../../network-labels.ts";
import { kubernetesNodeGroups } from "../node-groups.ts";
import { kubernetesUpgrade } from "../upgrade.ts";
import { serverLabels } from "../../server-labels.ts";
import {
  checkDrivers,
  checkLabels,
  checkMasters,
  checkNetwork,
  checkTexts,
  parseLabels,
  unknownLabels,
} from "../../spec-checks.ts";
import type { UserData } from "../../stack-definition.ts";
import { defineStack } from "../../stack-definition.ts";
import { listOutput, textOutput, workersOutput } from "../../stack-outputs.ts";
import {
  credentialParameters,
  dockerParameters,
  endpointParameters,
  given,
  networkParameters,
  serverParameters,
} from "../../stack-parameters.ts";
import {
  chartOf,
  checkDownloads,
  downloadLabels,
  downloadsOf,
  imagesOf,
  kubernetesVersion,
  networkDrivers,
} from "./downloads.ts";

/** How calico carries packets between nodes, as its old and its new labels say it. */
const ENCAPSULATIONS = { Off: "None", Always: "IPIP", CrossSubnet: "IPIPCrossSubnet" } as const;

const labels = z.object({
  ...serverLabels,
  ...networkLabels,
  ...flannelLabels,
  ...downloadLabels,
  calico_ipv4pool: networkLabel.optional().describe("addresses of pods, where calico is their network"),
  calico_ipv4pool_ipip: z
    .enum(["Off", "Always", "CrossSubnet"])
    .optional()
    .describe("whether calico wraps packets in IP; VXLAN where the label is not given"),
  service_cluster_ip_range: networkLabel.optional().describe("addresses of services"),
  admission_control_list: textLabel.optional().describe("further admission plugins of the API server, comma-separated"),
  kubeapi_options: textLabel.optional().describe("further arguments of kube-apiserver"),
  kubecontroller_options: textLabel.optional().describe("further arguments of kube-controller-manager"),
  kubescheduler_options: textLabel.optional().describe("further arguments of kube-scheduler"),
  kubelet_options: textLabel.optional().describe("further arguments of kubelet"),
});
type Labels = z.infer<typeof labels>;

const DEFAULT_PORT = 6443;
const DEFAULT_SERVICE_NETWORK = "10.254.0.0/16";
const DEFAULT_NETWORK_DRIVER = "flannel";
/** As the template has it. */
const IMAGE_REPOSITORY = "registry.k8s.io";

export interface KubeadmSystem {
  readonly name: string;
  /** The image's `os_distro`. */
  readonly os: string;
  readonly userData: UserData;
}

export function kubernetesByKubeadm(load: TemplateLoader, system: KubeadmSystem): BayType {
  return {
    name: system.name,
    coe: "kubernetes",
    provides: [{ serverType: "vm", os: system.os, coe: "kubernetes" }],
    templatePath: TEMPLATE,
    labels,
    checkSpec,
    unknownLabels: (all) => unknownLabels(labels, all),
    stackFor: (input) =>
      defineStack(load, input, {
        template: TEMPLATE,
        parameters: parametersFor(input, parseLabels(labels, input.labels)),
        ...bootVolume(input.labels),
        userData: system.userData,
      }),
    readOutputs: (outputs, spec) => {
      const address = textOutput(outputs, "api_address");
      const masterNames = listOutput(outputs, "kube_master_names");
      return {
        apiAddress: address && urlOf("https", address, spec.apiserverPort ?? DEFAULT_PORT),
        nodeAddresses: listOutput(outputs, "kube_minions"),
        masterAddresses: listOutput(outputs, "kube_masters"),
        ...(masterNames && { masterNames }),
        discoveryUrl: textOutput(outputs, "discovery_url"),
        workers: workersOutput(outputs, {
          refs: "refs_map",
          names: "kube_minion_names",
          addresses: "kube_minions_private",
        }),
      };
    },
    rotates: true,
    upgrade: kubernetesUpgrade({
      versionLabels: Object.keys(downloadLabels),
      checkSpec,
      defaultTag: kubernetesVersion({}),
      name: system.name,
      masters: { versionsOf },
    }),
    nodeGroups: kubernetesNodeGroups(load, {
      template: WORKERS_TEMPLATE,
      userData: system.userData,
      checkSpec,
      parametersFor: (input) => parametersFor(input, parseLabels(labels, input.labels)),
      bayWide: BAY_WIDE_LABELS,
      bootVolume,
      alsoForWorkers: ["portal_network_cidr"],
    }),
    removalParameters: (workers) => ({ minions_to_remove: workers.map(({ index }) => index) }),
  };
}

const TEMPLATE = "kubernetes/kubeadm/kubecluster.yaml";
const WORKERS_TEMPLATE = "kubernetes/kubeadm/kubeworkers.yaml";

/** Labels that speak of all nodes, or of what a bay has once. */
const BAY_WIDE_LABELS = [
  ...Object.keys(networkLabels),
  ...Object.keys(flannelLabels),
  "calico_ipv4pool",
  "calico_ipv4pool_ipip",
  "service_cluster_ip_range",
  "admission_control_list",
];

function bootVolume(all: BaySpec["labels"]) {
  const values = parseLabels(labels, all);
  return { bootVolumeSize: values.boot_volume_size, bootVolumeType: values.boot_volume_type };
}

function checkSpec(spec: BaySpec): readonly SpecProblem[] {
  const { values, problems } = checkLabels(labels, spec.labels);
  return [
    ...problems,
    ...checkTexts(spec),
    ...checkMasters(spec),
    ...checkDrivers(spec, { network: networkDrivers, volume: [] }),
    ...checkNetwork(spec, values?.fixed_subnet_cidr, needsFloatingIp(spec, values)),
    ...checkTls(spec),
    ...checkStorage(spec),
    ...(values ? checkDownloads(values) : []),
    ...(values
      ? checkContainerNetwork(
          spec,
          { ...values, flannel_network_cidr: podNetwork(spec, values) },
          { "labels.service_cluster_ip_range": values.service_cluster_ip_range ?? DEFAULT_SERVICE_NETWORK },
        )
      : []),
  ];
}

function checkTls({ tlsDisabled }: BaySpec): readonly SpecProblem[] {
  return tlsDisabled
    ? [{ field: "tls_disabled", message: "tls_disabled: Kubernetes has no API without TLS since v1.20" }]
    : [];
}

/** containerd takes overlay file systems; that is what clients that name Docker's driver by default mean too. */
function checkStorage({ dockerStorageDriver: driver }: BaySpec): readonly SpecProblem[] {
  if (driver === null || driver === "overlay2" || driver === "overlay") return [];
  const message = `docker_storage_driver ${driver} is not one this bay type can build: overlay2, overlay`;
  return [{ field: "docker_storage_driver", message }];
}

function podNetwork(spec: BaySpec, values: Labels): string | undefined {
  return spec.networkDriver === "calico"
    ? (values.calico_ipv4pool ?? values.flannel_network_cidr)
    : values.flannel_network_cidr;
}

/** What other versions change, by the names of the template's parameters, which are those of the scripts in lower case. */
function versionParameters(driver: string, values: Labels) {
  return {
    kube_tag: kubernetesVersion(values),
    downloads: downloadsOf(values),
    network_chart: chartOf(driver, values),
    ...imagesOf(values),
  };
}

/** The same, with the template's own defaults. */
function versionsOf(spec: Pick<BaySpec, "labels" | "networkDriver">): Readonly<Record<string, string>> {
  const given = versionParameters(spec.networkDriver ?? DEFAULT_NETWORK_DRIVER, parseLabels(labels, spec.labels));
  return Object.fromEntries(
    Object.entries({ ...given, kube_image_repository: given.kube_image_repository ?? IMAGE_REPOSITORY }).map(
      ([name, value]) => [name, value ?? ""],
    ),
  );
}

function parametersFor(input: BayTypeInput, values: Labels): Readonly<Record<string, HeatParameter>> {
  const driver = input.networkDriver ?? DEFAULT_NETWORK_DRIVER;
  const { docker_storage_driver: _driver, ...containers } = dockerParameters(input);
  return {
    ...serverParameters(input),
    ...networkParameters(input, values.fixed_subnet_cidr),
    ...containers,
    ...credentialParameters({ ...input, regionName: null }),
    ...endpointParameters(input),
    ...given({
      master_flavor: input.masterFlavorId,
      minion_flavor: input.flavorId,
      number_of_masters: input.masterCount,
      number_of_minions: input.nodeCount,
      minions_to_remove: input.workersToRemove.map(({ index }) => index),
      ...loadBalancerParameters(input, values),
      availability_zone: values.availability_zone,
      docker_volume_type: values.docker_volume_type,
      kubernetes_port: input.apiserverPort,
      ...versionParameters(driver, values),
      network_driver: driver,
      pod_cidr: podNetwork(input, values),
      pod_subnetlen: values.flannel_network_subnetlen,
      flannel_backend: flannelBackend(values),
      calico_encapsulation:
        values.calico_ipv4pool_ipip === undefined ? null : ENCAPSULATIONS[values.calico_ipv4pool_ipip],
      portal_network_cidr: values.service_cluster_ip_range,
      discovery_url: input.discoveryUrl,
      registry_enabled: input.registryEnabled,
      registry_region: input.regionName,
      admission_control_list: values.admission_control_list,
      kubeapi_options: values.kubeapi_options,
      kubecontroller_options: values.kubecontroller_options,
      kubescheduler_options: values.kubescheduler_options,
      kubelet_options: values.kubelet_options,
    }),
  };
}
