/**
 * The bays' engines as they come and go with their nodes: a booted master brings its bay's engine up, a deleted last
 * master takes it and all that is in it away. Where an engine listens follows from its masters' addresses and from the
 * load balancers before them.
 */
import type { Cloud } from "../cloud.ts";
import type { Server } from "../nova/records.ts";
import { limits } from "../limits.ts";
import { text } from "../heat/resources/kind.ts";
import { isMap } from "../json.ts";
import { faultsOf } from "./faults.ts";
import { planOf } from "./node-params.ts";
import { groupOf } from "./records.ts";
import type { Follower } from "./follow.ts";
import type { Engine, EngineNode, NodeCertificate } from "./records.ts";

/** Notes that where engines listen, or with what, may have changed, or that nodes may have something to do. */
export const changed = (cloud: Cloud): void => void (cloud.agenda.engineChanges += 1);

/** Says that something is to happen in the engine at that moment. */
export function wakeEngine(cloud: Cloud, engineId: string, at: number): void {
  cloud.agenda.engines.set(engineId, Math.min(at, cloud.agenda.engines.get(engineId) ?? Number.POSITIVE_INFINITY));
}

/** The node that the server has become by booting; undefined for a server that is none of a bay's. */
export function joinBay(cloud: Cloud, server: Server, at: number): EngineNode | undefined {
  const plan = planOf(server);
  const stack = plan && cloud.heat.stacks.get(plan.stackId);
  if (!plan || !stack) return undefined;
  const { engines, nodes } = cloud.engines;
  if (!engines.get(stack.rootId)) {
    if (engines.size >= limits.engines) return undefined;
    engines.put({
      id: stack.rootId,
      kind: plan.kind,
      stackName: cloud.heat.stacks.get(stack.rootId)?.name ?? stack.name,
      projectId: stack.projectId,
      isTls: plan.isTls,
      port: plan.port,
      revision: 1,
      serial: 0,
      createdAtMs: at,
    });
  }
  const isFetching = plan.isTls && cloud.options.nodesFetchCertificates && server.bootFailure === null;
  const { params } = plan;
  const node: EngineNode = {
    id: server.id,
    engineId: stack.rootId,
    role: plan.role,
    name: params["NODE_NAME"] ?? server.name,
    privateAddress: params["NODE_IP"] ?? fixedAddressOf(cloud, server),
    publicAddress: params["NODE_PUBLIC_IP"] ?? "",
    params,
    setup: server.bootFailure === null ? (isFetching ? "pending" : "done") : "failed",
    certificate: null,
    joinedAtMs: at,
    lostAtMs: null,
  };
  nodes.put(node);
  wakeEngine(cloud, node.engineId, at);
  changed(cloud);
  return node;
}

const fixedAddressOf = (cloud: Cloud, server: Server): string =>
  cloud.neutron.ports.get(server.portIds[0] ?? "")?.fixedIps[0]?.ipAddress ?? "";

/** The node's setup has ended: with its certificate, or with the reason why it has none. */
export function endSetup(cloud: Cloud, node: EngineNode, certificate: EngineNode["certificate"], at: number): void {
  cloud.engines.nodes.put({ ...node, setup: certificate ? "done" : "failed", certificate, joinedAtMs: at });
  wakeEngine(cloud, node.engineId, at);
  changed(cloud);
}

/** The node shows and trusts another certificate and other authorities from now on. */
export function endFollowing(cloud: Cloud, { node: { id }, name, mark }: Follower, certificate: NodeCertificate): void {
  const node = cloud.engines.nodes.get(id);
  if (!node) return;
  cloud.engines.nodes.put({ ...node, certificate, followed: { ...node.followed, [name]: mark } });
  changed(cloud);
}

/** The server is gone; with the last master goes the engine. */
export function leaveBay(cloud: Cloud, serverId: string, at: number): void {
  const node = cloud.engines.nodes.get(serverId);
  if (!node) return;
  changed(cloud);
  const others = cloud.engines.nodes.group(node.engineId).filter((one) => one.id !== serverId);
  if (node.role === "worker" && others.some((one) => one.role === "master")) {
    // What is left behind is seen by the engine a while later, as with a real one.
    cloud.engines.nodes.put({ ...node, lostAtMs: at });
    wakeEngine(cloud, node.engineId, at);
    return;
  }
  cloud.engines.nodes.delete(serverId);
  const isLast = !others.some((one) => one.role === "master");
  if (isLast) removeEngine(cloud, node.engineId);
  else wakeEngine(cloud, node.engineId, at);
}

function removeEngine(cloud: Cloud, engineId: string): void {
  const { engines, nodes, objects } = cloud.engines;
  for (const collection of COLLECTIONS) {
    for (const one of objects.group(groupOf(engineId, collection))) objects.delete(one.id);
  }
  for (const node of nodes.group(engineId)) if (node.lostAtMs !== null) nodes.delete(node.id);
  if (nodes.group(engineId).length === 0) engines.delete(engineId);
  cloud.agenda.engines.delete(engineId);
}

/** Of all engines. */
const COLLECTIONS = [
  "pods",
  "services",
  "replicationcontrollers",
  "nodes",
  "namespaces",
  "containers",
  "images",
  "execs",
  "swarm-services",
  "apps",
];

/** Where an engine can be reached. */
export interface Listener {
  readonly address: string;
  readonly port: number;
  readonly engine: Engine;
  /** The master that answers. */
  readonly node: EngineNode;
  /** It is told to show a certificate of its own making. */
  readonly hasWrongCertificate: boolean;
}

/** Every address at which an engine answers now. */
export function listenersOf(cloud: Cloud): Listener[] {
  const found: Listener[] = [];
  for (const engine of cloud.engines.engines.values()) {
    for (const node of mastersOf(cloud, engine)) {
      const { isDown, hasWrongCertificate } = faultsOf(cloud, engine, node);
      if (isDown || (engine.isTls && cloud.options.nodesFetchCertificates && !node.certificate)) continue;
      for (const address of addressesOf(cloud, node)) {
        for (const port of portsOf(engine)) found.push({ address, port, engine, node, hasWrongCertificate });
      }
    }
  }
  const seen = new Set<string>();
  return found.filter(({ address, port }) => {
    const key = `${address}:${port}`;
    return seen.has(key) ? false : Boolean(seen.add(key));
  });
}

const MESOS_PORT = 5050;
const portsOf = (engine: Engine): number[] => (engine.kind === "mesos" ? [engine.port, MESOS_PORT] : [engine.port]);

/** The masters whose setup has ended well. */
export const mastersOf = (cloud: Cloud, engine: Engine): EngineNode[] =>
  cloud.engines.nodes.group(engine.id).filter((one) => one.role === "master" && one.setup === "done");

/** A master's own addresses, and those of the load balancers that have it as a member. */
function addressesOf(cloud: Cloud, node: EngineNode): string[] {
  const portIds = new Set(cloud.nova.servers.get(node.id)?.portIds);
  const found = [node.publicAddress, node.privateAddress];
  const { balancers } = cloud.neutron;
  for (const member of balancers.values()) {
    if (member.kind !== "member" || member.data["address"] !== node.privateAddress) continue;
    if (member.projectId !== cloud.engines.engines.get(node.engineId)?.projectId) continue;
    const pool = balancers.get(text(member.data["pool_id"]));
    const vip = vipOf(balancers.get(text(pool?.data["loadbalancer_id"]))?.data) ?? vipOf(pool?.data["vip"]);
    if (!vip || !isOnNetworkOf(cloud, portIds, vip.portId)) continue;
    found.push(vip.address);
    portIds.add(vip.portId);
  }
  for (const { portId, address } of cloud.neutron.floatingIps.values()) {
    if (portId !== null && portIds.has(portId)) found.push(address);
  }
  return [...new Set(found)].filter(isReachable);
}

const isOnNetworkOf = (cloud: Cloud, portIds: ReadonlySet<string>, portId: string): boolean => {
  const network = cloud.neutron.ports.get(portId)?.networkId;
  return [...portIds].some((id) => cloud.neutron.ports.get(id)?.networkId === network);
};

function vipOf(data: unknown): { portId: string; address: string } | undefined {
  if (!isMap(data)) return undefined;
  const portId = text(data["vip_port_id"]) || text(data["port_id"]);
  const address = text(data["vip_address"]) || text(data["address"]);
  return portId === "" ? undefined : { portId, address };
}

/**
 * Bays' own networks have the same addresses over and over, and nobody outside of them reaches those. What the sandbox
 * gives out for all to use is of this machine's loopback, all of 127.0.0.0/8.
 */
const isReachable = (address: string): boolean => address.startsWith("127.");
