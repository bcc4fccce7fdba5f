/**
 * Further groups of workers of a Kubernetes bay: each a stack of its own (kubeworkers.yaml), whose nodes are made as the
 * bay's own are, but for image, flavor, labels and taints, and join the bay's network and API.
 */
import type {
  BaySpec,
  BayTypeInput,
  HeatParameter,
  NodeGroupSpec,
  NodeGroupType,
  SpecProblem,
  TemplateLoader,
} from "../bay-type.ts";
import { groupNamePrefix, groupStackName, groupStackTags } from "../stack-name.ts";
import { listOutput, textOutput, workersOutput } from "../stack-outputs.ts";
import type { UserData } from "../stack-definition.ts";
import { defineStack } from "../stack-definition.ts";

type Parameters = Readonly<Record<string, HeatParameter>>;

/** What the Kubernetes bay types know of a bay with a group's labels. */
export interface WorkerKnowledge {
  /** The template of a group's stack. */
  readonly template: string;
  readonly userData?: UserData;
  /** Parameters of those that speak of masters which this type's workers are told all the same. */
  readonly alsoForWorkers?: readonly string[];
  checkSpec(spec: BaySpec): readonly SpecProblem[];
  parametersFor(input: BayTypeInput): Parameters;
  /** Labels that speak of the bay as a whole: all its nodes must agree in them. */
  readonly bayWide: readonly string[];
  bootVolume(labels: BaySpec["labels"]): {
    readonly bootVolumeSize: number | undefined;
    readonly bootVolumeType: string | undefined;
  };
}

/** Parameters that speak of masters and of what the bay's own stack makes. */
const NOT_FOR_WORKERS: ReadonlySet<string> = new Set([
  "admission_control_list",
  "bay_name",
  "calico_encapsulation",
  "container_infra_prefix",
  "discovery_url",
  "dns_nameserver",
  "download_mirror",
  "fixed_network_cidr",
  "flannel_backend",
  "flannel_network_subnetlen",
  "kube_image_repository",
  "kubeapi_options",
  "kubecontroller_options",
  "kubescheduler_options",
  "loadbalancing_protocol",
  "master_flavor",
  "master_lb_allowed_cidrs",
  "master_lb_enabled",
  "master_lb_floating_ip_enabled",
  "network_chart",
  "number_of_masters",
  "octavia_lb_algorithm",
  "octavia_provider",
  "pod_subnetlen",
  "portal_network_cidr",
]);

/** A label's value in Kubernetes: the group's name becomes one. */
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;

export function kubernetesNodeGroups(load: TemplateLoader, knowledge: WorkerKnowledge): NodeGroupType {
  return {
    checkGroup(group, bay) {
      const words = (["name", "role"] as const).filter((field) => !LABEL_VALUE.test(group[field]));
      const foreign = knowledge.bayWide.filter(
        (label) => Object.hasOwn(group.labels, label) && group.labels[label] !== bay.labels[label],
      );
      return [
        ...words.map((field) => ({ field, message: `${field} must be what a Kubernetes label's value may be` })),
        ...foreign.map((label) => ({ field: `labels.${label}`, message: `label ${label} is the whole cluster's` })),
        ...knowledge.checkSpec({ ...bay, ...asWorkers(group, bay) }),
      ];
    },

    stackFor(bay, group, bayOutputs) {
      const joins = joinParameters(bayOutputs);
      if (typeof joins === "string") return joins;
      const input: BayTypeInput = { ...bay, ...asWorkers(group, bay) };
      const { template, userData, alsoForWorkers = [] } = knowledge;
      const isForWorkers = (name: string): boolean => !NOT_FOR_WORKERS.has(name) || alsoForWorkers.includes(name);
      const inherited = Object.entries(knowledge.parametersFor(input)).filter(([name]) => isForWorkers(name));
      const definition = defineStack(load, input, {
        template,
        ...(userData && { userData }),
        parameters: { ...Object.fromEntries(inherited), ...joins, ...groupParameters(bay, group) },
        ...knowledge.bootVolume(input.labels),
      });
      const tags = groupStackTags({ bayUuid: bay.uuid, uuid: group.uuid });
      return { ...definition, name: groupStackName(group), tags };
    },

    readOutputs: (outputs) => ({
      nodeAddresses: listOutput(outputs, "kube_minions"),
      workers: workersOutput(outputs, {
        refs: "refs_map",
        names: "kube_minion_names",
        addresses: "kube_minions_private",
      }),
    }),

    scalingParameters: (group, workersToRemove) => ({
      ...markParameters(group),
      number_of_minions: group.nodeCount,
      minions_to_remove: workersToRemove.map(({ index }) => index),
    }),
  };
}

/** The group in a bay's words. Labels that it does not have are the bay's. */
function asWorkers(group: NodeGroupSpec, bay: Pick<BaySpec, "labels">) {
  const { nodeCount, imageId, flavorId, dockerVolumeSizeGb } = group;
  const labels = { ...bay.labels, ...group.labels };
  return { nodeCount, imageId, flavorId, dockerVolumeSizeGb, labels, workersToRemove: [] };
}

/** Where the bay is, as its stack says; a text where that stack says nothing of it. */
function joinParameters(outputs: Readonly<Record<string, unknown>>): Parameters | string {
  const network = textOutput(outputs, "network");
  const masters = listOutput(outputs, "kube_masters_private");
  const securityGroups = listOutput(outputs, "worker_security_groups");
  const apiAddress = textOutput(outputs, "kube_master_ip");
  if (network === null || apiAddress === null || !masters?.length || !securityGroups?.length)
    return "the cluster's own stack does not say how workers join it: it was made before node groups could";
  return {
    fixed_network: network,
    fixed_subnet: textOutput(outputs, "subnet") ?? "",
    security_groups: securityGroups,
    etcd_members: masters,
    kube_master_ip: apiAddress,
  };
}

function groupParameters(bay: BayTypeInput, group: NodeGroupSpec): Parameters {
  return { group_uuid: group.uuid, group_name: groupNamePrefix(bay, group), ...markParameters(group) };
}

/** What nodes register with. */
function markParameters(group: Pick<NodeGroupSpec, "name" | "role" | "nodeLabels" | "nodeTaints">): Parameters {
  const own = { "magnum.openstack.org/role": group.role, "magnum.openstack.org/nodegroup": group.name };
  const labels = Object.entries({ ...group.nodeLabels, ...own }).map(([name, value]) => `${name}=${value}`);
  const taints = group.nodeTaints.map(({ key, value, effect }) => `${key}=${value ?? ""}:${effect}`);
  return { node_labels: labels.join(","), node_taints: taints.join(",") };
}
