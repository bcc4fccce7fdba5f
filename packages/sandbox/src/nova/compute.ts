/** Servers, key pairs, server groups and volumes: making and removing them. */
import { createHash } from "node:crypto";
import { uuid } from "../ids.ts";
import type { Cloud } from "../cloud.ts";
import { leaveBay } from "../engines/bays.ts";
import type { JsonMap } from "../json.ts";
import { createPort, dropPort } from "../neutron/networks.ts";
import type { Image } from "../glance/records.ts";
import type { Flavor, KeyPair, Server } from "./records.ts";

export const findFlavor = (cloud: Cloud, idOrName: string): Flavor | undefined =>
  cloud.nova.flavors.get(idOrName) ?? [...cloud.nova.flavors.values()].find((one) => one.name === idOrName);

const isVisible = (image: Image, projectId: string): boolean =>
  image.visibility !== "private" || image.ownerId === projectId;

/** All images of that id or name that the project may use: names may be ambiguous. */
export function findImages(cloud: Cloud, idOrName: string, projectId: string): Image[] {
  const byId = cloud.glance.images.get(idOrName);
  if (byId && isVisible(byId, projectId)) return [byId];
  return [...cloud.glance.images.values()].filter((one) => one.name === idOrName && isVisible(one, projectId));
}

export const keyPairOf = (cloud: Cloud, userId: string, name: string): KeyPair | undefined =>
  cloud.nova.keyPairs.get(`${userId}/${name}`);

export function createKeyPair(cloud: Cloud, userId: string, name: string, publicKey: string, at: number): KeyPair {
  const digest = createHash("md5").update(publicKey).digest("hex");
  const pair: KeyPair = {
    id: `${userId}/${name}`,
    userId,
    name,
    publicKey,
    fingerprint: digest.replaceAll(/(..)(?=.)/g, "$1:"),
    type: "ssh",
    createdAtMs: at,
  };
  cloud.nova.keyPairs.put(pair);
  return pair;
}

export interface NewServer {
  name: string;
  projectId: string;
  userId: string;
  flavorId: string;
  imageId: string | null;
  keyName: string | null;
  metadata: JsonMap;
  tags: string[];
  userData: string;
  securityGroupNames: string[];
  serverGroupId: string | null;
  /** The name of the stack that makes it; empty for one made by hand. */
  stackName: string;
  /** Ports made before, or networks to make one on. */
  interfaces: (
    | { portId: string }
    | { networkId: string; subnetId?: string; ipAddress?: string; securityGroupIds?: string[] }
  )[];
  /** Why its building will fail, if it is to. */
  fault: string | null;
}

/** A server in BUILD; when it is built and booted is said by the knobs. */
export function createServer(cloud: Cloud, wanted: NewServer, at: number): Server {
  const id = uuid(cloud.random);
  const { portIds, ownPortIds } = plug(cloud, id, wanted);
  const { serverMs } = cloud.knobs.settings;
  const fate = cloud.knobs.nodeFate({ name: wanted.name, stack: wanted.stackName });
  const builtAtMs = at + serverMs;
  const { interfaces: _, stackName: __, ...own } = wanted;
  const server: Server = {
    ...own,
    id,
    portIds,
    ownPortIds,
    createdAtMs: at,
    builtAtMs,
    bootedAtMs: fate.kind === "never-boots" || wanted.fault !== null ? null : builtAtMs + fate.bootMs,
    bootFailure: fate.kind === "fails" ? fate.reason : null,
    isSignalled: false,
  };
  cloud.nova.servers.put(server);
  if (server.bootedAtMs !== null) cloud.agenda.boots.set(server.id, server.bootedAtMs);
  return server;
}

/** Gives the server its ports; what was made for it goes again when one of them cannot be had. */
function plug(cloud: Cloud, serverId: string, wanted: NewServer): { portIds: string[]; ownPortIds: string[] } {
  const portIds: string[] = [];
  const ownPortIds: string[] = [];
  try {
    for (const one of wanted.interfaces) {
      const port = "portId" in one ? cloud.neutron.ports.get(one.portId) : makePort(cloud, wanted.projectId, one);
      if (!port) throw new Error("a server's port is checked before the server is made");
      if (!("portId" in one)) ownPortIds.push(port.id);
      portIds.push(port.id);
    }
  } catch (error) {
    for (const id of ownPortIds) cloud.neutron.ports.delete(id);
    throw error;
  }
  for (const id of portIds) {
    const port = cloud.neutron.ports.get(id);
    if (port) cloud.neutron.ports.put({ ...port, deviceId: serverId, deviceOwner: "compute:nova" });
  }
  return { portIds, ownPortIds };
}

function makePort(
  cloud: Cloud,
  projectId: string,
  wanted: Exclude<NewServer["interfaces"][number], { portId: string }>,
) {
  const { networkId, subnetId, ipAddress, securityGroupIds } = wanted;
  const asked = { ...(subnetId !== undefined && { subnetId }), ...(ipAddress !== undefined && { ipAddress }) };
  return createPort(cloud, {
    projectId,
    name: "",
    networkId,
    ...(Object.keys(asked).length > 0 && { fixedIps: [asked] }),
    ...(securityGroupIds && { securityGroupIds }),
  });
}

export function deleteServer(cloud: Cloud, server: Server): void {
  for (const id of server.portIds) {
    const port = cloud.neutron.ports.get(id);
    if (!port) continue;
    if (server.ownPortIds.includes(id)) dropPort(cloud, port);
    else cloud.neutron.ports.put({ ...port, deviceId: "", deviceOwner: "" });
  }
  for (const volume of cloud.nova.volumes.values()) {
    if (volume.attachment?.serverId === server.id) cloud.nova.volumes.put({ ...volume, attachment: null });
  }
  cloud.nova.servers.delete(server.id);
  leaveBay(cloud, server.id, cloud.clock.now());
}

export type ServerStatus = "BUILD" | "ACTIVE" | "ERROR";

export function statusOf(server: Server, at: number): ServerStatus {
  if (at < server.builtAtMs) return "BUILD";
  return server.fault === null ? "ACTIVE" : "ERROR";
}

export interface Address {
  address: string;
  macAddress: string;
  type: "fixed" | "floating";
}

/** The server's addresses by the name of the network. */
export function addressesOf(cloud: Cloud, server: Server): Map<string, Address[]> {
  const found = new Map<string, Address[]>();
  for (const portId of server.portIds) {
    const port = cloud.neutron.ports.get(portId);
    if (!port) continue;
    const network = cloud.neutron.networks.get(port.networkId)?.name ?? port.networkId;
    const addresses = found.get(network) ?? [];
    for (const ip of port.fixedIps) {
      addresses.push({ address: ip.ipAddress, macAddress: port.macAddress, type: "fixed" });
    }
    for (const floating of cloud.neutron.floatingIps.values()) {
      if (floating.portId === portId) {
        addresses.push({ address: floating.address, macAddress: port.macAddress, type: "floating" });
      }
    }
    found.set(network, addresses);
  }
  return found;
}
