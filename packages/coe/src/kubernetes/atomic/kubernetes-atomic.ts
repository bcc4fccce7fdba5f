/**
 * `magnum_vm_atomic_k8s`: Kubernetes (v1.8 to v1.23) under Docker on Fedora Atomic, whose image holds etcd, flannel and
 * Kubernetes' programs (bay-era sheet 7, 8.1, 9).
 *
 * Where it differs from the era's, and why:
 * - etcd starts from the masters' addresses, not from a discovery service outside, unless the bay names one;
 *   workers ask the members themselves, so etcd needs no load balancer;
 * - load balancers are Octavia's, because Neutron's own are gone since 2019; single-master bays need none;
 * - nodes hold a credential of their own that only they use, not the token of whoever made the bay;
 * - a worker's reference in Heat is its server's id, which is what cluster-autoscaler looks for.
 */
import { z } from "zod";
import type { BaySpec, BayType, BayTypeInput, HeatParameter, SpecProblem, TemplateLoader } from "../../bay-type.ts";
import { booleanLabel, networkLabel, textLabel } from "../../label.ts";
import { urlOf } from "../../network-address.ts";
import {
  checkContainerNetwork,
  flannelLabels,
  flannelParameters,
  loadBalancerParameters,
  needsFloatingIp,
  networkLabels,
} from "../../network-labels.ts";
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
import { defineStack } from "../../stack-definition.ts";
import { listOutput, textOutput, workersOutput } from "../../stack-outputs.ts";
import {
  credentialParameters,
  dockerParameters,
  given,
  networkParameters,
  serverParameters,
} from "../../stack-parameters.ts";

const labels = z.object({
  ...serverLabels,
  ...networkLabels,
  ...flannelLabels,
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

const DEFAULT_SERVICE_NETWORK = "10.254.0.0/16";

export function kubernetesAtomic(load: TemplateLoader): BayType {
  return {
    name: "magnum_vm_atomic_k8s",
    coe: "kubernetes",
    provides: [{ serverType: "vm", os: "fedora-atomic", coe: "kubernetes" }],
    labels,
    checkSpec,
    unknownLabels: (all) => unknownLabels(labels, all),
    stackFor(input) {
      const values = parseLabels(labels, input.labels);
      return defineStack(load, input, {
        template: "kubernetes/atomic/kubecluster.yaml",
        parameters: parametersFor(input, values),
        bootVolumeSize: values.boot_volume_size,
        bootVolumeType: values.boot_volume_type,
      });
    },
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
    removalParameters: (workers) => ({ minions_to_remove: workers.map(({ index }) => index) }),
  };
}

function apiPort(spec: Pick<BaySpec, "tlsDisabled" | "apiserverPort">): number {
  return spec.apiserverPort ?? (spec.tlsDisabled ? 8080 : 6443);
}

function checkSpec(spec: BaySpec): readonly SpecProblem[] {
  const { values, problems } = checkLabels(labels, spec.labels);
  return [
    ...problems,
    ...checkTexts(spec),
    ...checkMasters(spec),
    ...checkDrivers(spec, { network: ["flannel"], volume: ["cinder"] }),
    ...checkNetwork(spec, values?.fixed_subnet_cidr, needsFloatingIp(spec, values)),
    ...(values
      ? checkContainerNetwork(spec, values, {
          "labels.service_cluster_ip_range": values.service_cluster_ip_range ?? DEFAULT_SERVICE_NETWORK,
        })
      : []),
  ];
}

function parametersFor(input: BayTypeInput, values: Labels): Readonly<Record<string, HeatParameter>> {
  return {
    ...serverParameters(input),
    ...networkParameters(input, values.fixed_subnet_cidr),
    ...dockerParameters(input),
    ...credentialParameters(input),
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
