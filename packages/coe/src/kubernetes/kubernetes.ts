/**
 * Kubernetes (v1.8 to v1.23) under Docker, on two operating systems (bay-era sheet 7, 8.1, 8.2, 9):
 * `magnum_vm_atomic_k8s` on Fedora Atomic, whose image holds etcd, flannel and Kubernetes' programs, unless labels name
 * versions to take from container images; `magnum_vm_coreos_k8s` on CoreOS (today Flatcar, whose cloud-init knows
 * user data of many parts), whose image holds none of them.
 *
 * Where they differ from the era's, and why:
 * - etcd starts from the masters' addresses, not from a discovery service outside, unless the bay names one;
 *   workers ask the members themselves, so etcd needs no load balancer;
 * - load balancers are Octavia's, because Neutron's own are gone since 2019; single-master bays need none;
 * - nodes hold a credential of their own that only they use, not the token of whoever made the bay;
 * - a worker's reference in Heat is its server's id, which is what cluster-autoscaler looks for;
 * - the era's CoreOS template passed parameters it did not declare, so no such bay could be made; here both share one.
 */
import { z } from "zod";
import type { BaySpec, BayType, BayTypeInput, HeatParameter, SpecProblem, TemplateLoader } from "../bay-type.ts";
import { booleanLabel, networkLabel, textLabel } from "../label.ts";
import { urlOf } from "../network-address.ts";
import {
  checkContainerNetwork,
  flannelLabels,
  flannelParameters,
  loadBalancerParameters,
  needsFloatingIp,
  networkLabels,
} from "../network-labels.ts";
import { kubernetesNodeGroups } from "./node-groups.ts";
import { kubernetesUpgrade } from "./upgrade.ts";
import { serverLabels } from "../server-labels.ts";
import {
  checkDrivers,
  checkLabels,
  checkMasters,
  checkNetwork,
  checkTexts,
  parseLabels,
  unknownLabels,
} from "../spec-checks.ts";
import { defineStack } from "../stack-definition.ts";
import { listOutput, textOutput, workersOutput } from "../stack-outputs.ts";
import {
  credentialParameters,
  dockerParameters,
  endpointParameters,
  given,
  networkParameters,
  serverParameters,
} from "../stack-parameters.ts";

const labels = z.object({
  ...serverLabels,
  ...networkLabels,
  ...flannelLabels,
  kube_tag: textLabel.optional().describe("tag of the hyperkube image that Kubernetes' programs come from"),
  etcd_tag: textLabel.optional().describe("tag of the image that etcd comes from"),
  flannel_tag: textLabel.optional().describe("tag of the image that flannel comes from"),
  container_infra_prefix: textLabel.optional().describe("registry and path before the names of those images"),
  hyperkube_prefix: textLabel.optional().describe("the same for the hyperkube image alone"),
  service_cluster_ip_range: networkLabel.optional().describe("addresses of services"),
  admission_control_list: textLabel.optional().describe("admission plugins of the API server, comma-separated"),
  kube_allow_priv: booleanLabel.optional().describe("whether containers may be privileged"),
  kubeapi_options: textLabel.optional().describe("further arguments of kube-apiserver"),
  kubecontroller_options: textLabel.optional().describe("further arguments of kube-controller-manager"),
  kubescheduler_options: textLabel.optional().describe("further arguments of kube-scheduler"),
  kubelet_options: textLabel.optional().describe("further arguments of kubelet"),
  kubeproxy_options: textLabel.optional().describe("further arguments of kube-proxy"),
});
type Labels = z.infer<typeof labels>;

const VERSION_LABELS = ["kube_tag", "etcd_tag", "flannel_tag", "container_infra_prefix", "hyperkube_prefix"];

const BAY_WIDE_LABELS = [
  ...Object.keys(networkLabels),
  ...Object.keys(flannelLabels),
  "service_cluster_ip_range",
  "admission_control_list",
];

const DEFAULT_SERVICE_NETWORK = "10.254.0.0/16";

/** What differs between the operating systems. */
interface System {
  readonly name: string;
  readonly os: string;
  /** Tags of the container images that programs come from where no label says; absent: the programs of the nodes' image. */
  readonly tags: { readonly kube?: string; readonly etcd?: string; readonly flannel?: string };
}

const TEMPLATE = "kubernetes/kubecluster.yaml";

export function kubernetesAtomic(load: TemplateLoader): BayType {
  return kubernetes(load, { name: "magnum_vm_atomic_k8s", os: "fedora-atomic", tags: {} });
}

export function kubernetesCoreos(load: TemplateLoader): BayType {
  const tags = { kube: "v1.23.3-rancher1", etcd: "v3.4.6", flannel: "v0.15.1" };
  return kubernetes(load, { name: "magnum_vm_coreos_k8s", os: "coreos", tags });
}

function kubernetes(load: TemplateLoader, system: System): BayType {
  return {
    name: system.name,
    coe: "kubernetes",
    provides: [{ serverType: "vm", os: system.os, coe: "kubernetes" }],
    templatePath: TEMPLATE,
    labels,
    checkSpec: (spec) => checkSpec(spec, system),
    unknownLabels: (all) => unknownLabels(labels, all),
    stackFor: (input) =>
      defineStack(load, input, {
        template: TEMPLATE,
        parameters: allParameters(input, system),
        ...bootVolume(input.labels),
      }),
    readOutputs: (outputs, spec) => {
      const address = textOutput(outputs, "api_address");
      return {
        apiAddress: address && urlOf(spec.tlsDisabled ? "http" : "https", address, apiPort(spec)),
        nodeAddresses: listOutput(outputs, "kube_minions"),
        masterAddresses: listOutput(outputs, "kube_masters"),
        discoveryUrl: textOutput(outputs, "discovery_url"),
        workers: workersOutput(outputs, {
          refs: "refs_map",
          names: "kube_minion_names",
          addresses: "kube_minions_private",
        }),
      };
    },
    upgrade: kubernetesUpgrade({
      versionLabels: VERSION_LABELS,
      checkSpec: (spec) => checkSpec(spec, system),
      defaultTag: system.tags.kube,
      name: system.name,
    }),
    nodeGroups: kubernetesNodeGroups(load, {
      template: "kubernetes/kubeworkers.yaml",
      checkSpec: (spec) => checkSpec(spec, system),
      parametersFor: (input) => allParameters(input, system),
      bayWide: BAY_WIDE_LABELS,
      bootVolume,
    }),
    removalParameters: (workers) => ({ minions_to_remove: workers.map(({ index }) => index) }),
  };
}

function allParameters(input: BayTypeInput, system: System): Readonly<Record<string, HeatParameter>> {
  const values = parseLabels(labels, input.labels);
  return { ...parametersFor(input, values), ...imageParameters(values, system) };
}

function bootVolume(all: BaySpec["labels"]) {
  const values = parseLabels(labels, all);
  return { bootVolumeSize: values.boot_volume_size, bootVolumeType: values.boot_volume_type };
}

function apiPort(spec: Pick<BaySpec, "tlsDisabled" | "apiserverPort">): number {
  return spec.apiserverPort ?? (spec.tlsDisabled ? 8080 : 6443);
}

function checkSpec(spec: BaySpec, system: System): readonly SpecProblem[] {
  const { values, problems } = checkLabels(labels, spec.labels);
  return [
    ...problems,
    ...checkTexts(spec),
    ...checkMasters(spec),
    ...checkDrivers(spec, { network: ["flannel"], volume: ["cinder"] }),
    ...checkNetwork(spec, values?.fixed_subnet_cidr, needsFloatingIp(spec, values)),
    ...(values ? checkVersion(spec, values.kube_tag ?? system.tags.kube) : []),
    ...(values
      ? checkContainerNetwork(spec, values, {
          "labels.service_cluster_ip_range": values.service_cluster_ip_range ?? DEFAULT_SERVICE_NETWORK,
        })
      : []),
  ];
}

/**
 * Docker runs pods up to v1.23; an API without TLS ended with v1.19. Of a tag that does not read as a version, and of the
 * version in the nodes' image, nothing is known here: the node that cannot run it says so at boot.
 */
function checkVersion(spec: BaySpec, tag: string | undefined): readonly SpecProblem[] {
  const version = /^v?1\.([0-9]+)(?:\.|$)/.exec(tag ?? "");
  if (!version) return [];
  const minor = Number(version[1]);
  if (minor < 8 || minor > 23) {
    return [{ field: "labels.kube_tag", message: `kube_tag ${tag} is not a version from v1.8 to v1.23` }];
  }
  if (spec.tlsDisabled && minor >= 20) {
    return [{ field: "tls_disabled", message: `tls_disabled needs a kube_tag before v1.20; it is ${tag}` }];
  }
  return [];
}

/** A label that names a version makes nodes take it from an image, wherever the operating system would have its own. */
function imageParameters(values: Labels, { tags }: System): Readonly<Record<string, HeatParameter>> {
  const image = (prefix: string, name: string, tag: string | undefined): string | undefined =>
    tag === undefined ? undefined : `${prefix}${name}:${tag}`;
  const prefix = values.container_infra_prefix;
  return given({
    kube_image: image(
      values.hyperkube_prefix ?? prefix ?? "docker.io/rancher/",
      "hyperkube",
      values.kube_tag ?? tags.kube,
    ),
    etcd_image: image(prefix ?? "quay.io/coreos/", "etcd", values.etcd_tag ?? tags.etcd),
    flannel_image: image(prefix ?? "quay.io/coreos/", "flannel", values.flannel_tag ?? tags.flannel),
  });
}

function parametersFor(input: BayTypeInput, values: Labels): Readonly<Record<string, HeatParameter>> {
  return {
    ...serverParameters(input),
    ...networkParameters(input, values.fixed_subnet_cidr),
    ...dockerParameters(input),
    ...credentialParameters(input),
    ...endpointParameters(input),
    ...given({
      master_flavor: input.masterFlavorId,
      minion_flavor: input.flavorId,
      number_of_masters: input.masterCount,
      number_of_minions: input.nodeCount,
      minions_to_remove: input.workersToRemove.map(({ index }) => index),
      ...loadBalancerParameters(input, values),
      ...flannelParameters(values),
      availability_zone: values.availability_zone,
      docker_volume_type: values.docker_volume_type,
      tls_disabled: input.tlsDisabled,
      kubernetes_port: apiPort(input),
      loadbalancing_protocol: input.tlsDisabled ? "HTTP" : null,
      discovery_url: input.discoveryUrl,
      network_driver: input.networkDriver,
      volume_driver: input.volumeDriver,
      registry_enabled: input.registryEnabled,
      registry_region: input.regionName,
      portal_network_cidr: values.service_cluster_ip_range,
      kube_allow_priv: values.kube_allow_priv === undefined ? null : String(values.kube_allow_priv),
      admission_control_list: values.admission_control_list,
      kubeapi_options: values.kubeapi_options,
      kubecontroller_options: values.kubecontroller_options,
      kubescheduler_options: values.kubescheduler_options,
      kubelet_options: values.kubelet_options,
      kubeproxy_options: values.kubeproxy_options,
    }),
  };
}
