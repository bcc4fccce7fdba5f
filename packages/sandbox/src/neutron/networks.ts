/** Networks, subnets and ports: what may be made, which addresses are given out, what is still in use. */
import { pick, uuid } from "../ids.ts";
import type { Cloud } from "../cloud.ts";
import { isInRange, rangeOf, toIpNumber, toIpText } from "./addresses.ts";
import { badRequest, networkNotFound, neutronFault, portNotFound, subnetNotFound } from "./faults.ts";
import type { FixedIp, Network, Port, Subnet } from "./records.ts";

export interface NewNetwork {
  projectId: string;
  name: string;
  adminStateUp?: boolean;
  shared?: boolean;
  external?: boolean;
}

export function createNetwork(cloud: Cloud, wanted: NewNetwork, at: number): Network {
  const network: Network = {
    id: uuid(cloud.random),
    name: wanted.name,
    projectId: wanted.projectId,
    adminStateUp: wanted.adminStateUp ?? true,
    shared: wanted.shared ?? false,
    external: wanted.external ?? false,
    createdAtMs: at,
  };
  cloud.neutron.networks.put(network);
  return network;
}

/** Ports that Neutron itself made do not hold a network. */
export function deleteNetwork(cloud: Cloud, id: string): void {
  if (!cloud.neutron.networks.get(id)) throw networkNotFound(id);
  if (cloud.neutron.ports.group(id).length > 0) {
    throw neutronFault(
      409,
      "NetworkInUse",
      `Unable to complete operation on network ${id}. There are one or more ports still in use on the network.`,
    );
  }
  for (const subnet of cloud.neutron.subnets.group(id)) cloud.neutron.subnets.delete(subnet.id);
  cloud.neutron.networks.delete(id);
}

export interface NewSubnet {
  projectId: string;
  name: string;
  networkId: string;
  cidr: string;
  ipVersion?: 4 | 6;
  /** Null for no gateway; undefined for the first address. */
  gatewayIp?: string | null;
  enableDhcp?: boolean;
  dnsNameservers?: string[];
  hostRoutes?: { destination: string; nexthop: string }[];
  pools?: { start: string; end: string }[];
}

export function createSubnet(cloud: Cloud, wanted: NewSubnet): Subnet {
  const { networks, subnets } = cloud.neutron;
  if (!networks.get(wanted.networkId)) throw networkNotFound(wanted.networkId);
  const range = rangeOf(wanted.cidr);
  const ipVersion = wanted.ipVersion ?? 4;
  if (ipVersion === 4 && !range) {
    throw neutronFault(
      400,
      "HTTPBadRequest",
      `Invalid input for cidr. Reason: '${wanted.cidr}' is not a valid IP subnet.`,
    );
  }
  for (const other of subnets.group(wanted.networkId)) {
    const taken = rangeOf(other.cidr);
    if (range && taken && range.first <= taken.last && taken.first <= range.last) {
      throw badRequest(
        `Invalid input for operation: Requested subnet with cidr: ${wanted.cidr} for network: ${wanted.networkId} overlaps with another subnet.`,
      );
    }
  }
  const gatewayIp = wanted.gatewayIp === undefined && range ? toIpText(range.first + 1) : (wanted.gatewayIp ?? null);
  const subnet: Subnet = {
    id: uuid(cloud.random),
    name: wanted.name,
    projectId: wanted.projectId,
    networkId: wanted.networkId,
    cidr: wanted.cidr,
    ipVersion,
    gatewayIp,
    enableDhcp: wanted.enableDhcp ?? true,
    dnsNameservers: wanted.dnsNameservers ?? [],
    hostRoutes: wanted.hostRoutes ?? [],
    pools: wanted.pools ?? (range ? defaultPools(range.first, range.last, gatewayIp) : []),
  };
  subnets.put(subnet);
  return subnet;
}

/** All host addresses but the gateway's. */
function defaultPools(first: number, last: number, gatewayIp: string | null): { start: string; end: string }[] {
  const gateway = gatewayIp === null ? undefined : toIpNumber(gatewayIp);
  const pool = (from: number, to: number) => (from <= to ? [{ start: toIpText(from), end: toIpText(to) }] : []);
  if (gateway === undefined || gateway < first || gateway > last) return pool(first + 1, last - 1);
  return [...pool(first + 1, gateway - 1), ...pool(gateway + 1, last - 1)];
}

export function deleteSubnet(cloud: Cloud, id: string): void {
  const subnet = cloud.neutron.subnets.get(id);
  if (!subnet) throw subnetNotFound(id);
  const isUsed = cloud.neutron.ports
    .group(subnet.networkId)
    .some((port) => port.fixedIps.some((ip) => ip.subnetId === id));
  if (isUsed) {
    throw neutronFault(
      409,
      "SubnetInUse",
      `Unable to complete operation on subnet ${id}: One or more ports have an IP allocation from this subnet.`,
    );
  }
  cloud.neutron.subnets.delete(id);
}

export interface NewPort {
  projectId: string;
  name: string;
  networkId: string;
  /** What was asked for: a subnet, an address, both; empty for one address of the first subnet. */
  fixedIps?: { subnetId?: string; ipAddress?: string }[];
  macAddress?: string;
  deviceId?: string;
  deviceOwner?: string;
  securityGroupIds?: string[];
  allowedAddressPairs?: Port["allowedAddressPairs"];
  adminStateUp?: boolean;
}

export function createPort(cloud: Cloud, wanted: NewPort): Port {
  if (!cloud.neutron.networks.get(wanted.networkId)) throw networkNotFound(wanted.networkId);
  const port: Port = {
    id: uuid(cloud.random),
    name: wanted.name,
    projectId: wanted.projectId,
    networkId: wanted.networkId,
    macAddress:
      wanted.macAddress ?? `fa:16:3e:${pick(cloud.random, "0123456789abcdef", 6).replaceAll(/(..)(?=.)/g, "$1:")}`,
    fixedIps: allocate(cloud, wanted.networkId, wanted.fixedIps),
    deviceId: wanted.deviceId ?? "",
    deviceOwner: wanted.deviceOwner ?? "",
    securityGroupIds: wanted.securityGroupIds ?? [],
    allowedAddressPairs: wanted.allowedAddressPairs ?? [],
    adminStateUp: wanted.adminStateUp ?? true,
  };
  cloud.neutron.ports.put(port);
  return port;
}

/** The addresses for what was asked for, none of them taken. */
export function allocate(cloud: Cloud, networkId: string, wanted?: NewPort["fixedIps"]): FixedIp[] {
  const subnets = cloud.neutron.subnets.group(networkId).filter((subnet) => subnet.ipVersion === 4);
  const taken = new Set(
    cloud.neutron.ports.group(networkId).flatMap((port) => port.fixedIps.map((ip) => ip.ipAddress)),
  );
  if (wanted === undefined) {
    if (subnets.length === 0) return [];
    const ipAddress = freeAddress(subnets, taken, networkId);
    return [{ subnetId: subnetHolding(subnets, ipAddress)?.id ?? "", ipAddress }];
  }
  return wanted.map(({ subnetId, ipAddress }) => {
    const candidates = subnetId === undefined ? subnets : subnets.filter((subnet) => subnet.id === subnetId);
    if (candidates.length === 0) throw subnetNotFound(subnetId ?? networkId);
    const address = ipAddress ?? freeAddress(candidates, taken, networkId);
    const subnet = subnetHolding(candidates, address);
    if (!subnet) {
      throw badRequest(
        `Invalid input for operation: IP address ${address} is not a valid IP for any of the subnets on the specified network.`,
      );
    }
    if (taken.has(address)) {
      throw neutronFault(
        409,
        "IpAddressAlreadyAllocated",
        `IP address ${address} already allocated in subnet ${subnet.id}`,
      );
    }
    taken.add(address);
    return { subnetId: subnet.id, ipAddress: address };
  });
}

function subnetHolding(subnets: readonly Subnet[], address: string): Subnet | undefined {
  return subnets.find((subnet) => {
    const range = rangeOf(subnet.cidr);
    return range !== undefined && isInRange(address, range);
  });
}

function freeAddress(subnets: readonly Subnet[], taken: ReadonlySet<string>, networkId: string): string {
  for (const subnet of subnets) {
    for (const pool of subnet.pools) {
      const last = toIpNumber(pool.end) ?? 0;
      for (let value = toIpNumber(pool.start) ?? 1; value <= last; value += 1) {
        if (!taken.has(toIpText(value))) return toIpText(value);
      }
    }
  }
  throw neutronFault(409, "IpAddressGenerationFailure", `No more IP addresses available on network ${networkId}.`);
}

export function deletePort(cloud: Cloud, id: string): void {
  const port = cloud.neutron.ports.get(id);
  if (!port) throw portNotFound(id);
  if (port.deviceOwner.startsWith("network:router")) {
    throw neutronFault(
      409,
      "ServicePortInUse",
      `Port ${id} cannot be deleted directly via the port API: has device owner ${port.deviceOwner}.`,
    );
  }
  dropPort(cloud, port);
}

/** Takes the port away and frees the floating IPs that pointed to it. */
export function dropPort(cloud: Cloud, port: Port): void {
  for (const floating of cloud.neutron.floatingIps.values()) {
    if (floating.portId === port.id) {
      cloud.neutron.floatingIps.put({ ...floating, portId: null, fixedIpAddress: null, routerId: null });
    }
  }
  cloud.neutron.ports.delete(port.id);
}
