/** What the bay types read of a stack that is made, whatever type it is of: addresses, and the members of its groups. */
import type { CloudStack } from "./cloud.ts";
import { memberOutputs } from "./members.ts";

export function outputsOf(stack: CloudStack): Readonly<Record<string, unknown>> {
  const { parameters } = stack;
  const addresses = (count: unknown, network: number): string[] =>
    Array.from({ length: Number(count ?? 0) }, (_, index) => `10.0.${network}.${index}`);
  return {
    api_address: "10.0.0.5",
    network: "network-of-the-bay",
    kube_master_ip: "10.0.0.5",
    kube_masters_private: ["10.0.1.0"],
    worker_security_groups: ["workers"],
    discovery_url: "https://discovery.test/token",
    kube_masters: addresses(parameters["number_of_masters"], 1),
    kube_minions: addresses(parameters["number_of_minions"], 2),
    swarm_masters: addresses(parameters["number_of_masters"], 1),
    swarm_nodes: addresses(parameters["number_of_nodes"], 2),
    ...memberOutputs(stack),
  };
}
