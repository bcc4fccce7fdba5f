/** Where the functions stand: outside any VPC, or in one from which private OpenStack endpoints can be reached. */
import type { Settings } from "./settings.ts";

/** Lambda makes and removes the interfaces by which a function stands in a VPC; these actions know no resource. */
const INTERFACE_ACTIONS = [
  "ec2:CreateNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:DeleteNetworkInterface",
  "ec2:AssignPrivateIpAddresses",
  "ec2:UnassignPrivateIpAddresses",
];

export function createNetwork({ network }: Settings) {
  switch (network.kind) {
    case "public":
      return { vpc: undefined, permissions: [] };
    case "existing": {
      const { subnetIds, securityGroupIds } = network;
      const vpc = { privateSubnets: [...subnetIds], securityGroups: [...securityGroupIds] };
      return { vpc, permissions: [{ actions: INTERFACE_ACTIONS, resources: ["*"] }] };
    }
    case "new": {
      const made = new sst.aws.Vpc("Network", { nat: "managed" });
      // What the functions call besides OpenStack: the table by a gateway, which costs nothing.
      new aws.ec2.VpcEndpoint("TableEndpoint", {
        vpcId: made.id,
        serviceName: $interpolate`com.amazonaws.${aws.getRegionOutput().region}.dynamodb`,
        routeTableIds: made.nodes.privateRouteTables.apply((tables) => tables.map((table) => table.id)),
      });
      const vpc = { privateSubnets: made.privateSubnets, securityGroups: made.securityGroups };
      return { vpc, permissions: [{ actions: INTERFACE_ACTIONS, resources: ["*"] }] };
    }
    default:
      return network satisfies never;
  }
}

export type Network = ReturnType<typeof createNetwork>;
