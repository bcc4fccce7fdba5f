/** Neutron's JSON. */
import type { Cloud } from "../cloud.ts";
import { toIso } from "../times.ts";
import type { FloatingIp, Network, Port, Router, SecurityGroup, SecurityGroupRule, Subnet } from "./records.ts";

const owner = (projectId: string) => ({ tenant_id: projectId, project_id: projectId });

export const networkView = (cloud: Cloud, one: Network) => ({
  id: one.id,
  name: one.name,
  ...owner(one.projectId),
  admin_state_up: one.adminStateUp,
  mtu: one.external ? 1500 : 1450,
  status: "ACTIVE",
  subnets: cloud.neutron.subnets.group(one.id).map((subnet) => subnet.id),
  shared: one.shared,
  "router:external": one.external,
  port_security_enabled: true,
  availability_zone_hints: [],
  availability_zones: ["nova"],
  description: "",
  qos_policy_id: null,
  tags: [],
  created_at: toIso(one.createdAtMs),
  updated_at: toIso(one.createdAtMs),
});

export const subnetView = (one: Subnet) => ({
  id: one.id,
  name: one.name,
  ...owner(one.projectId),
  network_id: one.networkId,
  ip_version: one.ipVersion,
  cidr: one.cidr,
  gateway_ip: one.gatewayIp,
  enable_dhcp: one.enableDhcp,
  dns_nameservers: one.dnsNameservers,
  allocation_pools: one.pools,
  host_routes: one.hostRoutes,
  ipv6_ra_mode: null,
  ipv6_address_mode: null,
  subnetpool_id: null,
  service_types: [],
  description: "",
  tags: [],
});

export const routerView = (cloud: Cloud, one: Router) => {
  const port = one.gateway ? cloud.neutron.ports.get(one.gateway.portId) : undefined;
  return {
    id: one.id,
    name: one.name,
    ...owner(one.projectId),
    admin_state_up: one.adminStateUp,
    status: "ACTIVE",
    external_gateway_info: one.gateway
      ? {
          network_id: one.gateway.networkId,
          enable_snat: true,
          external_fixed_ips: (port?.fixedIps ?? []).map((ip) => ({
            subnet_id: ip.subnetId,
            ip_address: ip.ipAddress,
          })),
        }
      : null,
    routes: [],
    distributed: false,
    ha: false,
    availability_zones: ["nova"],
    description: "",
    tags: [],
  };
};

export const portView = (one: Port) => ({
  id: one.id,
  name: one.name,
  ...owner(one.projectId),
  network_id: one.networkId,
  mac_address: one.macAddress,
  admin_state_up: one.adminStateUp,
  status: one.deviceId === "" ? "DOWN" : "ACTIVE",
  device_id: one.deviceId,
  device_owner: one.deviceOwner,
  fixed_ips: one.fixedIps.map((ip) => ({ subnet_id: ip.subnetId, ip_address: ip.ipAddress })),
  security_groups: one.securityGroupIds,
  allowed_address_pairs: one.allowedAddressPairs.map((pair) => ({
    ip_address: pair.ip_address,
    mac_address: pair.mac_address ?? one.macAddress,
  })),
  "binding:vnic_type": "normal",
  port_security_enabled: true,
  qos_policy_id: null,
  description: "",
  tags: [],
});

export const floatingIpView = (one: FloatingIp) => ({
  id: one.id,
  ...owner(one.projectId),
  floating_ip_address: one.address,
  floating_network_id: one.networkId,
  fixed_ip_address: one.fixedIpAddress,
  port_id: one.portId,
  router_id: one.routerId,
  status: one.portId === null ? "DOWN" : "ACTIVE",
  description: "",
  tags: [],
});

export const ruleView = (one: SecurityGroupRule) => ({
  id: one.id,
  ...owner(one.projectId),
  security_group_id: one.securityGroupId,
  direction: one.direction,
  ethertype: one.ethertype,
  protocol: one.protocol,
  port_range_min: one.portRangeMin,
  port_range_max: one.portRangeMax,
  remote_ip_prefix: one.remoteIpPrefix,
  remote_group_id: one.remoteGroupId,
  description: "",
});

export const securityGroupView = (cloud: Cloud, one: SecurityGroup) => ({
  id: one.id,
  name: one.name,
  ...owner(one.projectId),
  description: one.description,
  security_group_rules: cloud.neutron.rules.group(one.id).map(ruleView),
  stateful: true,
  tags: [],
});
