/** Labels about the networks of a bay, the Heat parameters they become, and what makes networks impossible together. */
import { z } from "zod";
import type { BaySpec, HeatParameter, SpecProblem } from "./bay-type.ts";
import { booleanLabel, integerLabel, listLabel, networkLabel, textLabel } from "./label.ts";
import { parseNetwork } from "./network-address.ts";
import { checkOverlap, ownNetwork } from "./spec-checks.ts";

/** For every COE. */
export const networkLabels = {
  fixed_subnet_cidr: networkLabel
    .optional()
    .describe("addresses of the nodes, where the bay gets a network of its own"),
  master_lb_floating_ip_enabled: booleanLabel.optional().describe("a floating IP for the load balancer of the API"),
  master_lb_allowed_cidrs: listLabel.optional().describe("networks that may reach the load balancer of the API"),
  octavia_provider: textLabel.optional().describe("provider of the load balancer"),
  octavia_lb_algorithm: textLabel.optional().describe("how the load balancer chooses a master"),
};
const networkSchema = z.object(networkLabels);
export type NetworkLabels = z.infer<typeof networkSchema>;

/** For COEs whose containers may share a network made by flannel. */
export const flannelLabels = {
  flannel_network_cidr: networkLabel.optional().describe("addresses of containers"),
  flannel_network_subnetlen: integerLabel(9, 28).optional().describe("length of the prefix that each node gets"),
  flannel_backend: z.enum(["udp", "vxlan", "host-gw"]).optional().describe("how flannel carries packets between nodes"),
  flannel_use_vxlan: booleanLabel.optional().describe("older way to choose flannel_backend: vxlan or udp"),
};
const flannelSchema = z.object(flannelLabels);
export type FlannelLabels = z.infer<typeof flannelSchema>;

const DEFAULT_CONTAINER_NETWORK = "10.100.0.0/16";
const DEFAULT_PREFIX_LENGTH = 24;

type Parameters = Readonly<Record<string, HeatParameter | undefined>>;

/** The load balancer has a floating IP where the nodes have one, unless the label says otherwise. */
export function loadBalancerParameters(spec: BaySpec, labels: NetworkLabels): Parameters {
  return {
    master_lb_enabled: spec.masterLbEnabled,
    master_lb_floating_ip_enabled: labels.master_lb_floating_ip_enabled ?? spec.floatingIpEnabled,
    master_lb_allowed_cidrs: labels.master_lb_allowed_cidrs,
    octavia_provider: labels.octavia_provider,
    octavia_lb_algorithm: labels.octavia_lb_algorithm,
  };
}

export function flannelParameters(labels: FlannelLabels): Parameters {
  return {
    flannel_network_cidr: labels.flannel_network_cidr,
    flannel_network_subnetlen: labels.flannel_network_subnetlen,
    flannel_backend: flannelBackend(labels),
  };
}

export function flannelBackend(labels: FlannelLabels): string | undefined {
  if (labels.flannel_backend !== undefined || labels.flannel_use_vxlan === undefined) return labels.flannel_backend;
  return labels.flannel_use_vxlan ? "vxlan" : "udp";
}

export function needsFloatingIp(spec: BaySpec, labels: NetworkLabels | undefined): boolean {
  return spec.floatingIpEnabled || (spec.masterLbEnabled && (labels?.master_lb_floating_ip_enabled ?? false));
}

/**
 * Nodes, containers and `others` (by the field that sets them) need networks apart, and the containers' must have a part
 * for each node.
 */
export function checkContainerNetwork(
  spec: BaySpec,
  labels: NetworkLabels & FlannelLabels,
  others: Readonly<Record<string, string>>,
): readonly SpecProblem[] {
  const containers = labels.flannel_network_cidr ?? DEFAULT_CONTAINER_NETWORK;
  const prefixLength = labels.flannel_network_subnetlen ?? DEFAULT_PREFIX_LENGTH;
  const problems = [
    ...checkOverlap({
      fixed_network: ownNetwork(spec, labels.fixed_subnet_cidr),
      ...others,
      "labels.flannel_network_cidr": containers,
    }),
  ];
  const nodes = spec.nodeCount + spec.masterCount;
  if (2 ** (prefixLength - (parseNetwork(containers)?.prefixLength ?? 0)) < nodes) {
    problems.push({
      field: "labels.flannel_network_subnetlen",
      message: `flannel_network_cidr ${containers} has no /${prefixLength} for each of ${nodes} nodes`,
    });
  }
  return problems;
}
