/**
 * `swarm_mode_ubuntu_v1`: Docker's swarm mode on Ubuntu. Managers on the masters, which run containers too; Docker from
 * its publisher's signed packages, of one version, by https or from a mirror; networks of containers are Docker's own.
 *
 * A node joins with a word that managers tell to whoever has a certificate of the bay. Nodes have such certificates, so a
 * node can do what a manager can: Docker knows no lesser right. No node holds a credential for the cloud's volumes.
 */
import { z } from "zod";
import type { BaySpec, BayType, BayTypeInput, HeatParameter, SpecProblem, TemplateLoader } from "../../bay-type.ts";
import { httpsLabel, networkLabel } from "../../label.ts";
import { parseNetwork, urlOf } from "../../network-address.ts";
import { loadBalancerParameters, needsFloatingIp, networkLabels } from "../../network-labels.ts";
import { serverLabels } from "../../server-labels.ts";
import {
  checkDrivers,
  checkLabels,
  checkMasters,
  checkNetwork,
  checkNoRegistry,
  checkOverlap,
  checkTexts,
  ownNetwork,
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
import data from "./versions.json" with { type: "json" };

const versionLabel = z.string().regex(/^[0-9]+(\.[0-9]+){2}$/, "must be a version such as 28.5.2");

const labels = z.object({
  ...serverLabels,
  ...networkLabels,
  docker_version: versionLabel.optional().describe(`version of Docker; ${data.docker} where none is named`),
  containerd_version: versionLabel.optional().describe("version of the containerd.io package that goes with it"),
  download_mirror: httpsLabel
    .optional()
    .describe("https address below which Docker's packages are mirrored, by host and path"),
  container_networks: networkLabel.optional().describe("addresses that networks of containers are taken from"),
});
type Labels = z.infer<typeof labels>;

const DEFAULT_PORT = 2376;
/** Managers speak to each other there. */
const TAKEN_PORTS = [2377, 7946];
const DEFAULT_CONTAINER_NETWORKS = "10.100.0.0/16";
/** A network of containers takes 256 addresses; fewer than a few of them are no use. */
const CONTAINER_PREFIX_MOST = 22;

const TEMPLATE = "swarm/mode/swarm.yaml";

export function swarmModeUbuntu(load: TemplateLoader): BayType {
  return {
    name: "swarm_mode_ubuntu_v1",
    coe: "swarm-mode",
    provides: [{ serverType: "vm", os: "ubuntu", coe: "swarm-mode" }],
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
        discoveryUrl: null,
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
  return [
    ...problems,
    ...checkTexts(spec),
    ...checkMasters(spec),
    ...checkDrivers(spec, { network: ["docker"], volume: [] }),
    ...checkNetwork(spec, values?.fixed_subnet_cidr, needsFloatingIp(spec, values)),
    ...checkNoRegistry(spec),
    ...checkNoDiscovery(spec),
    ...checkPort(spec),
    ...(values ? checkContainerNetworks(spec, values) : []),
  ];
}

function checkNoDiscovery({ discoveryUrl }: BaySpec): readonly SpecProblem[] {
  if (discoveryUrl === null) return [];
  return [{ field: "discovery_url", message: "discovery_url: managers of swarm mode find each other without one" }];
}

function checkPort({ apiserverPort }: BaySpec): readonly SpecProblem[] {
  if (apiserverPort === null || !TAKEN_PORTS.includes(apiserverPort)) return [];
  return [{ field: "apiserver_port", message: `apiserver_port ${apiserverPort} is taken by the managers themselves` }];
}

function checkContainerNetworks(spec: BaySpec, values: Labels): readonly SpecProblem[] {
  const networks = values.container_networks ?? DEFAULT_CONTAINER_NETWORKS;
  const field = "labels.container_networks";
  const problems = [...checkOverlap({ fixed_network: ownNetwork(spec, values.fixed_subnet_cidr), [field]: networks })];
  if ((parseNetwork(networks)?.prefixLength ?? 0) > CONTAINER_PREFIX_MOST) {
    problems.push({ field, message: `container_networks ${networks} is smaller than a /${CONTAINER_PREFIX_MOST}` });
  }
  return problems;
}

function parametersFor(input: BayTypeInput, values: Labels): Readonly<Record<string, HeatParameter>> {
  return {
    ...serverParameters(input),
    ...networkParameters(input, values.fixed_subnet_cidr),
    ...dockerParameters(input),
    ...credentialParameters({ ...input, regionName: null }),
    ...endpointParameters(input),
    ...given({
      master_flavor: input.masterFlavorId,
      node_flavor: input.flavorId,
      number_of_masters: input.masterCount,
      number_of_nodes: input.nodeCount,
      nodes_to_remove: input.workersToRemove.map(({ index }) => index),
      ...loadBalancerParameters(input, values),
      availability_zone: values.availability_zone,
      docker_volume_type: values.docker_volume_type,
      tls_disabled: input.tlsDisabled,
      swarm_port: input.apiserverPort,
      docker_version: values.docker_version ?? data.docker,
      containerd_version: values.containerd_version ?? data.containerd,
      docker_repository: repositoryOf(values),
      docker_key_fingerprint: data.fingerprint,
      container_networks: values.container_networks,
    }),
  };
}

function repositoryOf({ download_mirror: mirror }: Labels): string {
  return mirror === undefined
    ? data.repository
    : `${mirror.replace(/\/+$/, "")}/${data.repository.replace("https://", "")}`;
}
