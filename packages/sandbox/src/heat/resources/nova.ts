/** OS::Nova::Server, KeyPair and ServerGroup. */
import { secret, uuid } from "../../ids.ts";
import {
  addressesOf,
  createKeyPair,
  createServer,
  deleteServer,
  findFlavor,
  findImages,
  keyPairOf,
  statusOf,
} from "../../nova/compute.ts";
import type { NewServer } from "../../nova/compute.ts";
import type { Server } from "../../nova/records.ts";
import { defaultGroup } from "../../neutron/security-groups.ts";
import { changed } from "../../engines/bays.ts";
import { nameHandles } from "../engine/nodes.ts";
import type { Json, JsonMap } from "../../json.ts";
import { isEqual, isMap, toText } from "../../json.ts";
import { idOf } from "./lookups.ts";
import type { Kind, Sibling, Task } from "./kind.ts";
import { ResourceError, done, list, map, optionalText, physicalName, text } from "./kind.ts";
import { schemas } from "./schemas/nova.ts";

/** Heat `max_server_name_length`. */
const MAX_SERVER_NAME = 53;

/** Heat cuts long names in the middle: two letters, a dash, and the end. */
const shortened = (name: string): string =>
  name.length <= MAX_SERVER_NAME ? name : `${name.slice(0, 2)}-${name.slice(-(MAX_SERVER_NAME - 3))}`;

const serverOf = ({ cloud, resource }: Task): Server | undefined => cloud.nova.servers.get(resource.physicalId ?? "");

/** The texts of configurations that user data names by id; other user data stands for itself. */
function userDataOf({ cloud, properties }: Task): string {
  const given = text(properties["user_data"]);
  const config = cloud.heat.configs.get(given);
  return config === undefined
    ? given
    : typeof config.config === "string"
      ? config.config
      : JSON.stringify(config.config);
}

function interfacesOf(task: Task): NewServer["interfaces"] {
  const { cloud, stack, properties } = task;
  const owner = { projectId: stack.projectId, userId: stack.userId };
  const groups = list(properties["security_groups"]).map((one) => {
    const id = idOf(cloud, owner, "security_group", one);
    if (id === undefined) {
      throw new ResourceError("NotFound", `security_group with name or id '${toText(one)}' could not be found`);
    }
    return id;
  });
  const securityGroupIds = groups.length > 0 ? groups : [defaultGroup(cloud, stack.projectId).id];
  const networks = list(properties["networks"]).map(map);
  if (networks.length === 0) return defaultInterface(task, securityGroupIds);
  return networks.map((one) => {
    const portId = idOf(cloud, owner, "port", one["port"]);
    if (portId !== undefined) return { portId };
    const subnetId = idOf(cloud, owner, "subnet", one["subnet"]);
    const named = idOf(cloud, owner, "network", one["network"]);
    const networkId = named ?? (subnetId === undefined ? undefined : cloud.neutron.subnets.get(subnetId)?.networkId);
    if (networkId === undefined) throw new ResourceError("NotFound", "Network could not be found for the server");
    const ipAddress = optionalText(one["fixed_ip"]);
    return {
      networkId,
      securityGroupIds,
      ...(subnetId !== undefined && { subnetId }),
      ...(ipAddress !== undefined && { ipAddress }),
    };
  });
}

/** Without networks Nova takes the project's only one, and refuses when there are several. */
function defaultInterface({ cloud, stack }: Task, securityGroupIds: string[]): NewServer["interfaces"] {
  const own = [...cloud.neutron.networks.values()].filter(
    (one) =>
      !one.external &&
      (one.projectId === stack.projectId || one.shared) &&
      cloud.neutron.subnets.group(one.id).length > 0,
  );
  if (own.length > 1) {
    throw new ResourceError(
      "Conflict",
      "Multiple possible networks found, use a Network ID to be more specific. (HTTP 409)",
    );
  }
  return own.map((network) => ({ networkId: network.id, securityGroupIds }));
}

function makeServer(task: Task): Server {
  const { cloud, stack, properties, at } = task;
  const flavor = findFlavor(cloud, text(properties["flavor"]));
  if (!flavor) throw new ResourceError("NotFound", `The Flavor (${text(properties["flavor"])}) could not be found.`);
  const images = findImages(cloud, text(properties["image"]), stack.projectId);
  const group = map(properties["scheduler_hints"])["group"];
  const server = createServer(
    cloud,
    {
      name: optionalText(properties["name"]) ?? shortened(physicalName(task)),
      projectId: stack.projectId,
      userId: stack.userId,
      flavorId: flavor.id,
      imageId: images[0]?.id ?? null,
      keyName: optionalText(properties["key_name"]) ?? null,
      metadata: map(properties["metadata"]),
      tags: list(properties["tags"]).map(toText),
      userData: userDataOf(task),
      securityGroupNames: list(properties["security_groups"]).map(toText),
      serverGroupId: typeof group === "string" ? group : null,
      stackName: stack.name,
      interfaces: interfacesOf(task),
      fault: null,
    },
    at,
  );
  nameHandles(cloud, server);
  return server;
}

/** The server's first address of all its networks, as Heat gives it. */
function addressMap(task: Task): JsonMap {
  const server = serverOf(task);
  if (!server) return {};
  const found = [...addressesOf(task.cloud, server)].map(([network, addresses]): [string, Json] => [
    network,
    addresses.map((one) => ({
      addr: one.address,
      version: 4,
      "OS-EXT-IPS:type": one.type,
      "OS-EXT-IPS-MAC:mac_addr": one.macAddress,
      port: server.portIds[0] ?? null,
    })),
  ]);
  return Object.fromEntries(found);
}

/** Addresses by network name and, as Heat does, by network id too. */
function networksAttribute(task: Task): JsonMap {
  const server = serverOf(task);
  const networks: JsonMap = {};
  if (!server) return networks;
  for (const [name, addresses] of addressesOf(task.cloud, server)) {
    networks[name] = addresses.map((one) => one.address);
    for (const portId of server.portIds) {
      const port = task.cloud.neutron.ports.get(portId);
      if (port && task.cloud.neutron.networks.get(port.networkId)?.name === name) {
        networks[port.networkId] = addresses.map((one) => one.address);
      }
    }
  }
  return networks;
}

/** Ports, and subnets of the networks that it is put on, come first without being named. */
function leansOn(self: Sibling, siblings: readonly Sibling[]): string[] {
  const wanted = list(self.properties["networks"]).map((one) => map(one)["network"] ?? map(one)["uuid"]);
  return siblings
    .filter((one) => one.type === "OS::Neutron::Subnet")
    .filter((one) =>
      wanted.some(
        (network) =>
          network !== undefined && isEqual(network, one.properties["network"] ?? one.properties["network_id"]),
      ),
    )
    .map((one) => one.name);
}

const server: Kind = {
  ...schemas["OS::Nova::Server"],
  className: "Server",
  leansOn,
  validate(properties) {
    const hasVolume =
      list(properties["block_device_mapping"]).length + list(properties["block_device_mapping_v2"]).length > 0;
    if (optionalText(properties["image"]) === undefined && !hasVolume) {
      return "Neither image nor bootable volume is specified for instance %s";
    }
    for (const one of list(properties["networks"]).map(map)) {
      if (!["network", "port", "subnet", "allocate_network"].some((key) => optionalText(one[key]) !== undefined)) {
        return 'One of the properties "network", "port", "allocate_network" or "subnet" should be set for the specified network of server "%s".';
      }
    }
    return undefined;
  },
  create: (task) => ({ physicalId: makeServer(task).id }),
  durationMs: ({ cloud }, action) => (action === "DELETE" ? 0 : cloud.knobs.settings.serverMs),
  check(task) {
    const found = serverOf(task);
    if (!found) return { kind: "failed", error: "NotFound", reason: "the server is gone" };
    const status = statusOf(found, task.at);
    if (status === "BUILD") return { kind: "waiting", untilMs: found.builtAtMs };
    if (status === "ACTIVE") return done;
    return {
      kind: "failed",
      error: "ResourceInError",
      reason: `Went to status ERROR due to "Message: ${found.fault ?? "unknown"}, Code: 500"`,
    };
  },
  update(task, before) {
    const { cloud, properties } = task;
    const found = serverOf(task);
    if (!found) return "replace";
    const isChanged = (name: string): boolean => !isEqual(before[name], properties[name]);
    if (isChanged("image") && properties["image_update_policy"] === "REPLACE") return "replace";
    if (isChanged("flavor") && properties["flavor_update_policy"] === "REPLACE") return "replace";
    if (isChanged("user_data") && properties["user_data_update_policy"] === "REPLACE") return "replace";
    if (isChanged("networks") && !isEqual(portsIn(before), portsIn(properties))) return "replace";
    if (isChanged("metadata")) changed(cloud);
    cloud.nova.servers.put({
      ...found,
      name: optionalText(properties["name"]) ?? found.name,
      metadata: map(properties["metadata"]),
      tags: list(properties["tags"]).map(toText),
      flavorId: findFlavor(cloud, text(properties["flavor"]))?.id ?? found.flavorId,
      imageId: findImages(cloud, text(properties["image"]), found.projectId)[0]?.id ?? found.imageId,
    });
    return "updated";
  },
  remove(task) {
    const found = serverOf(task);
    if (found) deleteServer(task.cloud, found);
  },
  attribute(task, name) {
    const found = serverOf(task);
    if (!found) return null;
    const [first] = [...addressesOf(task.cloud, found).values()].flat();
    switch (name) {
      case "name":
        return found.name;
      case "first_address":
        return first?.address ?? "";
      case "networks":
        return networksAttribute(task);
      case "addresses":
        return addressMap(task);
      case "instance_name":
        return `instance-${found.id.slice(0, 8)}`;
      case "accessIPv4":
      case "accessIPv6":
        return "";
      case "tags":
        return found.tags;
      case "show":
        return {
          id: found.id,
          name: found.name,
          status: statusOf(found, task.at),
          metadata: found.metadata,
          addresses: addressMap(task),
        };
      default:
        return null;
    }
  },
};

const portsIn = (properties: JsonMap): Json =>
  list(properties["networks"]).map((one) => (isMap(one) ? (one["port"] ?? null) : null));

const keyPair: Kind = {
  ...schemas["OS::Nova::KeyPair"],
  className: "KeyPair",
  create({ cloud, stack, properties, at }) {
    const name = text(properties["name"]);
    if (keyPairOf(cloud, stack.userId, name)) {
      throw new ResourceError("Conflict", `Key pair '${name}' already exists. (HTTP 409)`);
    }
    const given = optionalText(properties["public_key"]);
    const made = createKeyPair(
      cloud,
      stack.userId,
      name,
      given ?? `ssh-rsa ${secret(cloud.random, 372)} Generated-by-Nova`,
      at,
    );
    const isKept = given === undefined && properties["save_private_key"] === true;
    return {
      physicalId: name,
      data: {
        publicKey: made.publicKey,
        privateKey: isKept
          ? `-----BEGIN SANDBOX KEY-----\n${secret(cloud.random, 64)}\n-----END SANDBOX KEY-----\n`
          : "",
      },
    };
  },
  remove({ cloud, stack, resource }) {
    cloud.nova.keyPairs.delete(`${stack.userId}/${resource.physicalId ?? ""}`);
  },
  attribute({ resource }, name) {
    if (name === "public_key") return resource.data["publicKey"] ?? "";
    return name === "private_key" ? (resource.data["privateKey"] ?? "") : undefined;
  },
};

const serverGroup: Kind = {
  ...schemas["OS::Nova::ServerGroup"],
  className: "ServerGroup",
  create(task) {
    const { cloud, stack, properties } = task;
    const group = {
      id: uuid(cloud.random),
      name: optionalText(properties["name"]) ?? physicalName(task),
      projectId: stack.projectId,
      userId: stack.userId,
      policies: list(properties["policies"]).map(toText),
    };
    cloud.nova.serverGroups.put(group);
    return { physicalId: group.id };
  },
  remove: ({ cloud, resource }) => cloud.nova.serverGroups.delete(resource.physicalId ?? ""),
};

export const novaKinds: Readonly<Record<string, Kind>> = {
  "OS::Nova::Server": server,
  "OS::Nova::KeyPair": keyPair,
  "OS::Nova::ServerGroup": serverGroup,
};
