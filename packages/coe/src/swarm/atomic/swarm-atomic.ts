/**
 * `magnum_vm_atomic_swarm`: classic Swarm on Fedora Atomic, the Docker API before many engines (bay-era sheet 7, 8.3, 9).
 *
 * Where it differs from the era's, and why: masters are as many as the bay says, where 1.1.0 ignored their number; etcd
 * starts from their addresses, without a discovery service outside, and speaks TLS wherever Docker does; Docker's own
 * ports are open to members of the bay only.
 */
import { z } from "zod";
import type { BaySpec, BayType, BayTypeInput, HeatParameter, SpecProblem, TemplateLoader } from "../../bay-type.ts";
import { booleanLabel, textLabel } from "../../label.ts";
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
  checkNoRegistry,
  checkTexts,
  parseLabels,
  unknownLabels,
} from "../../spec-checks.ts";
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

const labels = z.object({
  ...serverLabels,
  ...networkLabels,
  ...flannelLabels,
  swarm_version: textLabel.optional().describe("tag of the image of manager and agent"),
  container_infra_prefix: textLabel.optional().describe("registry and path before the name of that image"),
  swarm_strategy: z.enum(["spread", "binpack", "random"]).optional().describe("how a node is chosen for a container"),
  rexray_preempt: booleanLabel.optional().describe("whether a volume may be taken from a node that holds it"),
});
type Labels = z.infer<typeof labels>;

const DEFAULT_PORT = 2376;
/** Docker itself and etcd listen there on every master. */
const TAKEN_PORTS = [2375, 2379, 2380];

const TEMPLATE = "swarm/atomic/swarm.yaml";

export function swarmAtomic(load: TemplateLoader): BayType {
  return {
    name: "magnum_vm_atomic_swarm",
    coe: "swarm",
    provides: [{ serverType: "vm", os: "fedora-atomic", coe: "swarm" }],
    templatePath: TEMPLATE,
    labels,
    checkSpec,
    unknownLabels: (all) => unknownLabels(labels, all),
    stackFor(input) {
      const values = parseLabels(labels, input.labels);
      return defineStack(load, input, {
        template: TEMPLATE,
        parameters: parametersFor(input, values),
        bootVolumeSize: values.boot_volume_size,
        bootVolumeType: values.boot_volume_type,
      });
    },
    readOutputs: (outputs, spec) => {
      const address = textOutput(outputs, "api_address");
      return {
        apiAddress: address && urlOf(spec.tlsDisabled ? "tcp" : "https", address, spec.apiserverPort ?? DEFAULT_PORT),
        nodeAddresses: listOutput(outputs, "swarm_nodes"),
        masterAddresses: listOutput(outputs, "swarm_masters"),
        discoveryUrl: textOutput(outputs, "discovery_url"),
        workers: workersOutput(outputs, {
          refs: "refs_map",
          names: "swarm_node_names",
          addresses: "swarm_nodes_private",
        }),
      };
    },
    removalParameters: (workers) => ({ nodes_to_remove: workers.map(({ index }) => index) }),
  };
}

function checkSpec(spec: BaySpec): readonly SpecProblem[] {
  const { values, problems } = checkLabels(labels, spec.labels);
  const usesFlannel = spec.networkDriver === "flannel";
  return [
    ...problems,
    ...checkTexts(spec),
    ...checkMasters(spec),
    ...checkDrivers(spec, { network: ["docker", "flannel"], volume: ["rexray"] }),
    ...checkNetwork(spec, values?.fixed_subnet_cidr, needsFloatingIp(spec, values)),
    ...checkNoRegistry(spec),
    ...checkPort(spec),
    ...(values && usesFlannel ? checkContainerNetwork(spec, values, {}) : []),
  ];
}

function checkPort({ apiserverPort }: BaySpec): readonly SpecProblem[] {
  if (apiserverPort === null || !TAKEN_PORTS.includes(apiserverPort)) return [];
  return [{ field: "apiserver_port", message: `apiserver_port ${apiserverPort} is taken by Docker or etcd` }];
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
      node_flavor: input.flavorId,
      number_of_masters: input.masterCount,
      number_of_nodes: input.nodeCount,
      nodes_to_remove: input.workersToRemove.map(({ index }) => index),
      ...loadBalancerParameters(input, values),
      ...flannelParameters(values),
      availability_zone: values.availability_zone,
      docker_volume_type: values.docker_volume_type,
      tls_disabled: input.tlsDisabled,
      swarm_port: input.apiserverPort,
      swarm_image: swarmImage(values),
      swarm_strategy: values.swarm_strategy,
      discovery_url: input.discoveryUrl,
      network_driver: input.networkDriver,
      volume_driver: input.volumeDriver,
      rexray_preempt: values.rexray_preempt,
    }),
  };
}

function swarmImage({ swarm_version, container_infra_prefix }: Labels): string | undefined {
  if (swarm_version === undefined && container_infra_prefix === undefined) return undefined;
  return `${container_infra_prefix ?? "docker.io/library/"}swarm:${swarm_version ?? "1.2.9"}`;
}
