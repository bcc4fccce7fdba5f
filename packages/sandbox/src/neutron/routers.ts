/** Routers, their interfaces and gateways, and floating IPs, which need a way from the port to the outside. */
import { uuid } from "../ids.ts";
import type { Cloud } from "../cloud.ts";
import { badRequest, networkNotFound, neutronFault, portNotFound, routerNotFound, subnetNotFound } from "./faults.ts";
import { createPort, dropPort } from "./networks.ts";
import type { FloatingIp, Port, Router } from "./records.ts";

interface NewRouter {
  projectId: string;
  name: string;
  adminStateUp?: boolean;
  externalNetworkId?: string;
}

export function createRouter(cloud: Cloud, wanted: NewRouter): Router {
  const router: Router = {
    id: uuid(cloud.random),
    name: wanted.name,
    projectId: wanted.projectId,
    adminStateUp: wanted.adminStateUp ?? true,
    gateway: null,
  };
  if (wanted.externalNetworkId !== undefined) return setGateway(cloud, router, wanted.externalNetworkId);
  cloud.neutron.routers.put(router);
  return router;
}

/** Gives the router a gateway on an external network, or none. */
export function setGateway(cloud: Cloud, router: Router, networkId: string | null): Router {
  if (router.gateway?.networkId === networkId) return router;
  if (networkId !== null) checkExternal(cloud, networkId);
  if (router.gateway) {
    refuseWhileFloating(cloud, router, (floating) => floating.routerId === router.id);
    const old = cloud.neutron.ports.get(router.gateway.portId);
    if (old) dropPort(cloud, old);
  }
  const next: Router = { ...router, gateway: null };
  if (networkId !== null) {
    const port = createPort(cloud, {
      projectId: "",
      name: "",
      networkId,
      deviceId: router.id,
      deviceOwner: "network:router_gateway",
    });
    next.gateway = { networkId, portId: port.id, ipAddress: port.fixedIps[0]?.ipAddress ?? "" };
  }
  cloud.neutron.routers.put(next);
  return next;
}

function checkExternal(cloud: Cloud, networkId: string): void {
  const network = cloud.neutron.networks.get(networkId);
  if (!network) throw networkNotFound(networkId);
  if (!network.external) throw badRequest(`Network ${networkId} is not an external network`);
}

function refuseWhileFloating(cloud: Cloud, router: Router, isHeld: (floating: FloatingIp) => boolean): void {
  if (![...cloud.neutron.floatingIps.values()].some(isHeld)) return;
  throw neutronFault(
    409,
    "RouterExternalGatewayInUseByFloatingIp",
    `Gateway cannot be updated for router ${router.id}, since a gateway to external network is required by one or more floating IPs.`,
  );
}

export function deleteRouter(cloud: Cloud, id: string): void {
  const router = cloud.neutron.routers.get(id);
  if (!router) throw routerNotFound(id);
  if (interfacesOf(cloud, id).length > 0) throw neutronFault(409, "RouterInUse", `Router ${id} still has ports`);
  setGateway(cloud, router, null);
  cloud.neutron.routers.delete(id);
}

export const interfacesOf = (cloud: Cloud, routerId: string): Port[] =>
  [...cloud.neutron.ports.values()].filter(
    (port) => port.deviceId === routerId && port.deviceOwner === "network:router_interface",
  );

/** Joins the router to a subnet by its gateway address, or by a port made before. */
export function addInterface(cloud: Cloud, routerId: string, by: { subnetId: string } | { portId: string }): Port {
  const router = cloud.neutron.routers.get(routerId);
  if (!router) throw routerNotFound(routerId);
  if ("portId" in by) {
    const port = cloud.neutron.ports.get(by.portId);
    if (!port) throw portNotFound(by.portId);
    if (port.deviceId !== "") {
      throw neutronFault(
        409,
        "PortInUse",
        `Unable to complete operation on port ${port.id} for network ${port.networkId}. Port already has an attached device ${port.deviceId}.`,
      );
    }
    const joined = { ...port, deviceId: routerId, deviceOwner: "network:router_interface" };
    cloud.neutron.ports.put(joined);
    return joined;
  }
  const subnet = cloud.neutron.subnets.get(by.subnetId);
  if (!subnet) throw subnetNotFound(by.subnetId);
  if (subnet.gatewayIp === null) throw badRequest("Subnet for router interface must have a gateway IP");
  if (interfacesOf(cloud, routerId).some((port) => port.fixedIps.some((ip) => ip.subnetId === subnet.id))) {
    throw badRequest(`Router already has a port on subnet ${subnet.id}`);
  }
  return createPort(cloud, {
    projectId: router.projectId,
    name: "",
    networkId: subnet.networkId,
    fixedIps: [{ subnetId: subnet.id, ipAddress: subnet.gatewayIp }],
    deviceId: routerId,
    deviceOwner: "network:router_interface",
  });
}

export function removeInterface(cloud: Cloud, routerId: string, by: { subnetId: string } | { portId: string }): void {
  const port = interfacesOf(cloud, routerId).find((one) =>
    "portId" in by ? one.id === by.portId : one.fixedIps.some((ip) => ip.subnetId === by.subnetId),
  );
  if (!port) {
    throw neutronFault(404, "RouterInterfaceNotFound", `Router ${routerId} does not have an interface with that id`);
  }
  const subnetIds = new Set(port.fixedIps.map((ip) => ip.subnetId));
  const isServed = (floating: FloatingIp): boolean => {
    const target = floating.portId === null ? undefined : cloud.neutron.ports.get(floating.portId);
    return floating.routerId === routerId && (target?.fixedIps.some((ip) => subnetIds.has(ip.subnetId)) ?? false);
  };
  if ([...cloud.neutron.floatingIps.values()].some(isServed)) {
    throw neutronFault(
      409,
      "RouterInterfaceInUseByFloatingIP",
      `Router interface for subnet ${[...subnetIds][0]} on router ${routerId} cannot be deleted, as it is required by one or more floating IPs.`,
    );
  }
  dropPort(cloud, port);
}

export function createFloatingIp(
  cloud: Cloud,
  wanted: { projectId: string; networkId: string; address?: string },
): FloatingIp {
  checkExternal(cloud, wanted.networkId);
  const holder = createPort(cloud, {
    projectId: "",
    name: "",
    networkId: wanted.networkId,
    ...(wanted.address !== undefined && { fixedIps: [{ ipAddress: wanted.address }] }),
    deviceOwner: "network:floatingip",
  });
  const floating: FloatingIp = {
    id: uuid(cloud.random),
    projectId: wanted.projectId,
    networkId: wanted.networkId,
    address: holder.fixedIps[0]?.ipAddress ?? "",
    portId: null,
    fixedIpAddress: null,
    routerId: null,
  };
  cloud.neutron.ports.put({ ...holder, deviceId: floating.id });
  cloud.neutron.floatingIps.put(floating);
  return floating;
}

/** Points the address to a port; refused when no router leads from its subnet to the address's network. */
export function associate(cloud: Cloud, id: string, portId: string | null, fixedIpAddress?: string): FloatingIp {
  const floating = cloud.neutron.floatingIps.get(id);
  if (!floating) throw neutronFault(404, "FloatingIPNotFound", `Floating IP ${id} could not be found`);
  if (portId === null) {
    const free = { ...floating, portId: null, fixedIpAddress: null, routerId: null };
    cloud.neutron.floatingIps.put(free);
    return free;
  }
  const port = cloud.neutron.ports.get(portId);
  if (!port) throw portNotFound(portId);
  const fixed = port.fixedIps.find((ip) => fixedIpAddress === undefined || ip.ipAddress === fixedIpAddress);
  if (!fixed) throw badRequest(`Cannot add floating IP to port ${portId} that has no fixed IPv4 addresses.`);
  const router = routerBetween(cloud, fixed.subnetId, floating.networkId);
  if (!router) {
    throw neutronFault(
      404,
      "ExternalGatewayForFloatingIPNotFound",
      `External network ${floating.networkId} is not reachable from subnet ${fixed.subnetId}. Therefore, cannot associate Port ${portId} with a Floating IP.`,
    );
  }
  const tied = { ...floating, portId, fixedIpAddress: fixed.ipAddress, routerId: router.id };
  cloud.neutron.floatingIps.put(tied);
  return tied;
}

function routerBetween(cloud: Cloud, subnetId: string, externalNetworkId: string): Router | undefined {
  const subnet = cloud.neutron.subnets.get(subnetId);
  if (!subnet) return undefined;
  for (const port of cloud.neutron.ports.group(subnet.networkId)) {
    if (port.deviceOwner !== "network:router_interface" || !port.fixedIps.some((ip) => ip.subnetId === subnetId)) {
      continue;
    }
    const router = cloud.neutron.routers.get(port.deviceId);
    if (router?.gateway?.networkId === externalNetworkId) return router;
  }
  return undefined;
}

export function deleteFloatingIp(cloud: Cloud, id: string): void {
  const floating = cloud.neutron.floatingIps.get(id);
  if (!floating) throw neutronFault(404, "FloatingIPNotFound", `Floating IP ${id} could not be found`);
  for (const port of cloud.neutron.ports.group(floating.networkId)) if (port.deviceId === id) dropPort(cloud, port);
  cloud.neutron.floatingIps.delete(id);
}
