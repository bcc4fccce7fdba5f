/** What Neutron keeps. */
import type { JsonMap } from "../json.ts";
import type { Database, Table } from "../state/database.ts";

interface Owned {
  id: string;
  name: string;
  projectId: string;
}

export interface Network extends Owned {
  adminStateUp: boolean;
  shared: boolean;
  external: boolean;
  createdAtMs: number;
}

export interface Subnet extends Owned {
  networkId: string;
  cidr: string;
  ipVersion: 4 | 6;
  gatewayIp: string | null;
  enableDhcp: boolean;
  dnsNameservers: string[];
  hostRoutes: { destination: string; nexthop: string }[];
  pools: { start: string; end: string }[];
}

export interface Router extends Owned {
  adminStateUp: boolean;
  gateway: { networkId: string; portId: string; ipAddress: string } | null;
}

export interface FixedIp {
  subnetId: string;
  ipAddress: string;
}

export interface Port extends Owned {
  networkId: string;
  macAddress: string;
  fixedIps: FixedIp[];
  deviceId: string;
  deviceOwner: string;
  securityGroupIds: string[];
  allowedAddressPairs: { ip_address: string; mac_address?: string }[];
  adminStateUp: boolean;
}

export interface FloatingIp {
  id: string;
  projectId: string;
  networkId: string;
  address: string;
  portId: string | null;
  fixedIpAddress: string | null;
  routerId: string | null;
}

export interface SecurityGroup extends Owned {
  description: string;
}

export interface SecurityGroupRule {
  id: string;
  projectId: string;
  securityGroupId: string;
  direction: string;
  ethertype: string;
  protocol: string | null;
  portRangeMin: number | null;
  portRangeMax: number | null;
  remoteIpPrefix: string | null;
  remoteGroupId: string | null;
}

/** A part of a load balancer, of Neutron's (v1, v2) or Octavia's; `data` holds what only its kind has. */
export interface Balancer extends Owned {
  kind: "load_balancer" | "listener" | "pool" | "member" | "health_monitor";
  data: JsonMap;
}

export interface NeutronTables {
  networks: Table<Network>;
  /** Grouped by network. */
  subnets: Table<Subnet>;
  routers: Table<Router>;
  /** Grouped by network. */
  ports: Table<Port>;
  floatingIps: Table<FloatingIp>;
  securityGroups: Table<SecurityGroup>;
  /** Grouped by security group. */
  rules: Table<SecurityGroupRule>;
  balancers: Table<Balancer>;
}

export const openNeutronTables = (database: Database): NeutronTables => ({
  networks: database.table("neutron.networks"),
  subnets: database.table("neutron.subnets", (one: Subnet) => one.networkId),
  routers: database.table("neutron.routers"),
  ports: database.table("neutron.ports", (one: Port) => one.networkId),
  floatingIps: database.table("neutron.floating-ips"),
  securityGroups: database.table("neutron.security-groups"),
  rules: database.table("neutron.rules", (one: SecurityGroupRule) => one.securityGroupId),
  balancers: database.table("neutron.balancers"),
});
