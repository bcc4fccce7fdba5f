/** OS::Neutron::Net, Subnet, Router, RouterInterface, RouterGateway, Port, FloatingIP and FloatingIPAssociation. */
import type { Json, JsonMap } from "../../json.ts";
import { isEqual, toText } from "../../json.ts";
import {
  allocate,
  createNetwork,
  createPort,
  createSubnet,
  deleteNetwork,
  deletePort,
  deleteSubnet,
} from "../../neutron/networks.ts";
import {
  addInterface,
  associate,
  createFloatingIp,
  createRouter,
  deleteFloatingIp,
  deleteRouter,
  removeInterface,
  setGateway,
} from "../../neutron/routers.ts";
import { defaultGroup } from "../../neutron/security-groups.ts";
import { networkView, portView, routerView, subnetView, floatingIpView } from "../../neutron/views.ts";
import { idOf } from "./lookups.ts";
import type { Kind, Sibling, Task } from "./kind.ts";
import { ResourceError, list, map, optionalText, physicalName, text } from "./kind.ts";
import { schemas } from "./schemas/neutron.ts";

type Named = Parameters<typeof idOf>[2];

const ownerOf = ({ stack }: Task) => ({ projectId: stack.projectId, userId: stack.userId });

/** The id of what a property names; a failure of the resource when it is not there. */
function need(task: Task, kind: Named, value: Json | undefined): string {
  const id = idOf(task.cloud, ownerOf(task), kind, value);
  if (id === undefined) {
    throw new ResourceError("NotFound", `Unable to find ${kind} with name or id '${toText(value)}'`);
  }
  return id;
}

const nameOf = (task: Task): string => optionalText(task.properties["name"]) ?? physicalName(task);

/** The attribute of that name from what the API shows; `show` is all of it. */
function shown(view: object | undefined, name: string): Json | undefined {
  if (!view) return null;
  return name === "show" ? (view as JsonMap) : (view as JsonMap)[name];
}

const ofType = (siblings: readonly Sibling[], type: string): Sibling[] => siblings.filter((one) => one.type === type);
const names = (siblings: readonly Sibling[]): string[] => siblings.map((one) => one.name);

/** Whether two properties, resolved or not, speak of the same thing. */
const isSame = (a: Json | undefined, b: Json | undefined): boolean =>
  a !== undefined && b !== undefined && isEqual(a, b);

const networkIn = (one: Sibling): Json | undefined => one.properties["network"] ?? one.properties["network_id"];

const net: Kind = {
  ...schemas["OS::Neutron::Net"],
  className: "Net",
  create(task) {
    const { properties } = task;
    const made = createNetwork(
      task.cloud,
      {
        projectId: task.stack.projectId,
        name: nameOf(task),
        adminStateUp: properties["admin_state_up"] === true,
        shared: properties["shared"] === true,
        external: map(properties["value_specs"])["router:external"] === true,
      },
      task.at,
    );
    return { physicalId: made.id };
  },
  update(task) {
    const found = task.cloud.neutron.networks.get(task.resource.physicalId ?? "");
    if (!found) return "replace";
    task.cloud.neutron.networks.put({
      ...found,
      name: nameOf(task),
      adminStateUp: task.properties["admin_state_up"] === true,
    });
    return "updated";
  },
  remove: ({ cloud, resource }) => {
    if (cloud.neutron.networks.get(resource.physicalId ?? "")) deleteNetwork(cloud, resource.physicalId ?? "");
  },
  attribute({ cloud, resource }, name) {
    const found = cloud.neutron.networks.get(resource.physicalId ?? "");
    return shown(found && networkView(cloud, found), name);
  },
};

const subnet: Kind = {
  ...schemas["OS::Neutron::Subnet"],
  className: "Subnet",
  validate: (properties) =>
    optionalText(properties["cidr"]) === undefined && optionalText(properties["subnetpool"]) === undefined
      ? "At least one of the following properties must be specified: subnetpool, cidr."
      : undefined,
  create(task) {
    const { properties } = task;
    const gateway = properties["gateway_ip"];
    const made = createSubnet(task.cloud, {
      projectId: task.stack.projectId,
      name: nameOf(task),
      networkId: need(task, "network", properties["network"]),
      cidr: text(properties["cidr"]),
      ipVersion: properties["ip_version"] === 6 ? 6 : 4,
      enableDhcp: properties["enable_dhcp"] === true,
      dnsNameservers: list(properties["dns_nameservers"]).map(toText),
      hostRoutes: list(properties["host_routes"]).map((one) => ({
        destination: text(map(one)["destination"]),
        nexthop: text(map(one)["nexthop"]),
      })),
      ...(typeof gateway === "string" && { gatewayIp: gateway === "" ? null : gateway }),
      ...(properties["allocation_pools"] !== null && {
        pools: list(properties["allocation_pools"]).map((one) => ({
          start: text(map(one)["start"]),
          end: text(map(one)["end"]),
        })),
      }),
    });
    return { physicalId: made.id };
  },
  update(task) {
    const found = task.cloud.neutron.subnets.get(task.resource.physicalId ?? "");
    if (!found) return "replace";
    task.cloud.neutron.subnets.put({
      ...found,
      name: nameOf(task),
      enableDhcp: task.properties["enable_dhcp"] === true,
      dnsNameservers: list(task.properties["dns_nameservers"]).map(toText),
    });
    return "updated";
  },
  remove: ({ cloud, resource }) => {
    if (cloud.neutron.subnets.get(resource.physicalId ?? "")) deleteSubnet(cloud, resource.physicalId ?? "");
  },
  attribute({ cloud, resource }, name) {
    const found = cloud.neutron.subnets.get(resource.physicalId ?? "");
    return shown(found && subnetView(found), name);
  },
};

const externalOf = (task: Task): string | undefined => {
  const network = map(task.properties["external_gateway_info"])["network"];
  return network === undefined || network === null ? undefined : need(task, "network", network);
};

const router: Kind = {
  ...schemas["OS::Neutron::Router"],
  className: "Router",
  create(task) {
    const externalNetworkId = externalOf(task);
    const made = createRouter(task.cloud, {
      projectId: task.stack.projectId,
      name: nameOf(task),
      adminStateUp: task.properties["admin_state_up"] === true,
      ...(externalNetworkId !== undefined && { externalNetworkId }),
    });
    return { physicalId: made.id };
  },
  update(task) {
    const found = task.cloud.neutron.routers.get(task.resource.physicalId ?? "");
    if (!found) return "replace";
    setGateway(task.cloud, { ...found, name: nameOf(task) }, externalOf(task) ?? null);
    return "updated";
  },
  remove: ({ cloud, resource }) => {
    if (cloud.neutron.routers.get(resource.physicalId ?? "")) deleteRouter(cloud, resource.physicalId ?? "");
  },
  attribute({ cloud, resource }, name) {
    const found = cloud.neutron.routers.get(resource.physicalId ?? "");
    return shown(found && routerView(cloud, found), name);
  },
};

/** `subnet_id=…` or `port_id=…`: how an interface names what it joins. */
function joined(task: Task): { subnetId: string } | { portId: string } {
  const port = task.properties["port"];
  if (typeof port === "string" && port !== "") return { portId: need(task, "port", port) };
  return { subnetId: need(task, "subnet", task.properties["subnet"]) };
}

const routerInterface: Kind = {
  ...schemas["OS::Neutron::RouterInterface"],
  className: "RouterInterface",
  validate(properties) {
    const given = [properties["subnet"], properties["port"]].filter((one) => optionalText(one) !== undefined);
    if (given.length === 0) return "At least one of the following properties must be specified: subnet, port.";
    return given.length > 1 ? "Cannot define the following properties at the same time: subnet, port." : undefined;
  },
  create(task) {
    const by = joined(task);
    const routerId = need(task, "router", task.properties["router"]);
    addInterface(task.cloud, routerId, by);
    const label = "portId" in by ? `port_id=${by.portId}` : `subnet_id=${by.subnetId}`;
    return { physicalId: `${routerId}:${label}`, data: { routerId, ...by } };
  },
  remove({ cloud, resource }) {
    const { routerId, subnetId, portId } = resource.data;
    if (typeof routerId !== "string" || !cloud.neutron.routers.get(routerId)) return;
    const by = typeof portId === "string" ? { portId } : { subnetId: text(subnetId) };
    try {
      removeInterface(cloud, routerId, by);
    } catch (error) {
      // What somebody else took away already is away.
      if (!(error instanceof Error) || !error.message.includes("does not have an interface")) throw error;
    }
  },
};

const routerGateway: Kind = {
  ...schemas["OS::Neutron::RouterGateway"],
  className: "RouterGateway",
  leansOn: (_, siblings) => names(ofType(siblings, "OS::Neutron::RouterInterface")),
  create(task) {
    const routerId = need(task, "router", task.properties["router_id"]);
    const networkId = need(task, "network", task.properties["network"]);
    const found = task.cloud.neutron.routers.get(routerId);
    if (found) setGateway(task.cloud, found, networkId);
    return { physicalId: `${routerId}:${networkId}`, data: { routerId } };
  },
  remove({ cloud, resource }) {
    const found = cloud.neutron.routers.get(text(resource.data["routerId"]));
    if (found) setGateway(cloud, found, null);
  },
};

const groupsOf = (task: Task): string[] =>
  task.properties["security_groups"] === null
    ? [defaultGroup(task.cloud, task.stack.projectId).id]
    : list(task.properties["security_groups"]).map((one) => need(task, "security_group", one));

const fixedIpsOf = (task: Task) => {
  const given = list(task.properties["fixed_ips"]).map(map);
  if (given.length === 0) return undefined;
  return given.map((one) => {
    const subnetId =
      one["subnet"] === null || one["subnet"] === undefined ? undefined : need(task, "subnet", one["subnet"]);
    const ipAddress = optionalText(one["ip_address"]);
    return { ...(subnetId !== undefined && { subnetId }), ...(ipAddress !== undefined && { ipAddress }) };
  });
};

const pairsOf = (task: Task) =>
  list(task.properties["allowed_address_pairs"])
    .map(map)
    .map((one) => {
      const mac = optionalText(one["mac_address"]);
      return { ip_address: text(one["ip_address"]), ...(mac !== undefined && { mac_address: mac }) };
    });

const port: Kind = {
  ...schemas["OS::Neutron::Port"],
  className: "Port",
  /** The subnets of its network: without them it would get no address. */
  leansOn: (self, siblings) =>
    names(ofType(siblings, "OS::Neutron::Subnet").filter((one) => isSame(networkIn(one), networkIn(self)))),
  create(task) {
    const { properties } = task;
    const fixedIps = properties["no_fixed_ips"] === true ? [] : fixedIpsOf(task);
    const macAddress = optionalText(properties["mac_address"]);
    const made = createPort(task.cloud, {
      projectId: task.stack.projectId,
      name: nameOf(task),
      networkId: need(task, "network", properties["network"]),
      ...(fixedIps && { fixedIps }),
      ...(macAddress !== undefined && { macAddress }),
      deviceId: text(properties["device_id"]),
      deviceOwner: text(properties["device_owner"]),
      securityGroupIds: groupsOf(task),
      allowedAddressPairs: pairsOf(task),
      adminStateUp: properties["admin_state_up"] === true,
    });
    return { physicalId: made.id };
  },
  update(task, before) {
    const found = task.cloud.neutron.ports.get(task.resource.physicalId ?? "");
    if (!found) return "replace";
    const wanted = fixedIpsOf(task);
    const isMoved = !isEqual(before["fixed_ips"], task.properties["fixed_ips"]);
    task.cloud.neutron.ports.put({
      ...found,
      name: nameOf(task),
      securityGroupIds: groupsOf(task),
      allowedAddressPairs: pairsOf(task),
      ...(isMoved && wanted && { fixedIps: allocate(task.cloud, found.networkId, wanted) }),
    });
    return "updated";
  },
  remove: ({ cloud, resource }) => {
    if (cloud.neutron.ports.get(resource.physicalId ?? "")) deletePort(cloud, resource.physicalId ?? "");
  },
  attribute({ cloud, resource }, name) {
    const found = cloud.neutron.ports.get(resource.physicalId ?? "");
    if (!found) return null;
    switch (name) {
      case "subnets":
        return found.fixedIps.flatMap((ip) => {
          const of = cloud.neutron.subnets.get(ip.subnetId);
          return of ? [subnetView(of)] : [];
        });
      case "network": {
        const of = cloud.neutron.networks.get(found.networkId);
        return of ? networkView(cloud, of) : null;
      }
      default:
        return shown(portView(found), name);
    }
  },
};

/** The routers' interfaces and gateways that lead outside: an address can only be tied when they are there. */
const waysOut = (_: Sibling, siblings: readonly Sibling[]): string[] =>
  names([...ofType(siblings, "OS::Neutron::RouterInterface"), ...ofType(siblings, "OS::Neutron::RouterGateway")]);

const floatingIp: Kind = {
  ...schemas["OS::Neutron::FloatingIP"],
  className: "FloatingIP",
  leansOn: waysOut,
  create(task) {
    const { properties } = task;
    const address = optionalText(properties["floating_ip_address"]);
    const made = createFloatingIp(task.cloud, {
      projectId: task.stack.projectId,
      networkId: need(task, "network", properties["floating_network"]),
      ...(address !== undefined && { address }),
    });
    task.resource.physicalId = made.id;
    const portId = optionalText(properties["port_id"]);
    if (portId !== undefined) {
      associate(task.cloud, made.id, need(task, "port", portId), optionalText(properties["fixed_ip_address"]));
    }
    return { physicalId: made.id };
  },
  update(task) {
    const portId = optionalText(task.properties["port_id"]);
    const target = portId === undefined ? null : need(task, "port", portId);
    associate(task.cloud, task.resource.physicalId ?? "", target, optionalText(task.properties["fixed_ip_address"]));
    return "updated";
  },
  remove: ({ cloud, resource }) => {
    if (cloud.neutron.floatingIps.get(resource.physicalId ?? "")) deleteFloatingIp(cloud, resource.physicalId ?? "");
  },
  attribute({ cloud, resource }, name) {
    const found = cloud.neutron.floatingIps.get(resource.physicalId ?? "");
    return shown(found && floatingIpView(found), name);
  },
};

const floatingIpAssociation: Kind = {
  ...schemas["OS::Neutron::FloatingIPAssociation"],
  className: "FloatingIPAssociation",
  leansOn: waysOut,
  create(task) {
    const { properties, cloud } = task;
    const id = text(properties["floatingip_id"]);
    associate(cloud, id, need(task, "port", properties["port_id"]), optionalText(properties["fixed_ip_address"]));
    return { physicalId: `${id}:${text(properties["port_id"])}`, data: { floatingIpId: id } };
  },
  update(task) {
    const { properties, cloud } = task;
    associate(cloud, text(properties["floatingip_id"]), need(task, "port", properties["port_id"]));
    return "updated";
  },
  remove({ cloud, resource }) {
    const id = text(resource.data["floatingIpId"]);
    if (cloud.neutron.floatingIps.get(id)) associate(cloud, id, null);
  },
};

export const neutronKinds: Readonly<Record<string, Kind>> = {
  "OS::Neutron::Net": net,
  "OS::Neutron::Subnet": subnet,
  "OS::Neutron::Router": router,
  "OS::Neutron::RouterInterface": routerInterface,
  "OS::Neutron::RouterGateway": routerGateway,
  "OS::Neutron::Port": port,
  "OS::Neutron::FloatingIP": floatingIp,
  "OS::Neutron::FloatingIPAssociation": floatingIpAssociation,
};
