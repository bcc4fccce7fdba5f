/**
 * Load balancers in all their generations: Neutron's v1 (pool with a VIP, monitor, member), Neutron's v2 and Octavia's.
 * They balance nothing; they hold addresses, refer to each other and refuse what is not there.
 */
import { toText } from "../../json.ts";
import { uuid } from "../../ids.ts";
import type { Json, JsonMap } from "../../json.ts";
import { createPort, dropPort } from "../../neutron/networks.ts";
import type { Balancer } from "../../neutron/records.ts";
import { idOf } from "./lookups.ts";
import type { Kind, Schema, Task } from "./kind.ts";
import { ResourceError, list, map, optionalText, physicalName, text } from "./kind.ts";
import { schemas as neutronSchemas } from "./schemas/lbaas.ts";
import { schemas as octaviaSchemas } from "./schemas/octavia.ts";

type BalancerKind = Balancer["kind"];

const balancerOf = ({ cloud, resource }: Task): Balancer | undefined =>
  cloud.neutron.balancers.get(resource.physicalId ?? "");

/** The part of a load balancer that a property names by id or name. */
function find(task: Task, kind: BalancerKind, value: Json | undefined): Balancer | undefined {
  const own = [...task.cloud.neutron.balancers.values()].filter(
    (one) => one.kind === kind && one.projectId === task.stack.projectId,
  );
  return own.find((one) => one.id === value) ?? own.find((one) => one.name === value);
}

function need(task: Task, kind: BalancerKind, value: Json | undefined): Balancer {
  const found = find(task, kind, value);
  if (!found) throw new ResourceError("NotFound", `${kind} ${toText(value)} could not be found.`);
  return found;
}

/** A port of the subnet that holds the balancer's address. */
function vipPort(task: Task, subnet: Json | undefined, address: string | undefined, deviceId: string) {
  const subnetId = idOf(task.cloud, { projectId: task.stack.projectId, userId: task.stack.userId }, "subnet", subnet);
  const found = subnetId === undefined ? undefined : task.cloud.neutron.subnets.get(subnetId);
  if (!found) throw new ResourceError("NotFound", `Subnet ${toText(subnet)} could not be found.`);
  const port = createPort(task.cloud, {
    projectId: task.stack.projectId,
    name: `vip-${deviceId}`,
    networkId: found.networkId,
    fixedIps: [{ subnetId: found.id, ...(address !== undefined && { ipAddress: address }) }],
    deviceId,
    deviceOwner: "neutron:LOADBALANCER",
  });
  return { subnet_id: found.id, port_id: port.id, address: port.fixedIps[0]?.ipAddress ?? "" };
}

interface Part {
  kind: BalancerKind;
  className: string;
  /** Checks what it refers to and returns what it keeps besides its properties. */
  make?: (task: Task, id: string) => JsonMap;
  remove?: (task: Task, one: Balancer) => void;
  attribute?: (task: Task, one: Balancer, name: string) => Json | undefined;
}

const withoutNulls = (properties: JsonMap): JsonMap =>
  Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== null));

function partKind(schema: Schema, part: Part): Kind {
  return {
    ...schema,
    className: part.className,
    create(task) {
      const { cloud, stack, properties } = task;
      const id = uuid(cloud.random);
      const made: Balancer = {
        id,
        kind: part.kind,
        name: optionalText(properties["name"]) ?? physicalName(task),
        projectId: stack.projectId,
        data: { ...withoutNulls(properties), ...part.make?.(task, id) },
      };
      cloud.neutron.balancers.put(made);
      return { physicalId: id };
    },
    update(task) {
      const found = balancerOf(task);
      if (!found) return "replace";
      task.cloud.neutron.balancers.put({ ...found, data: { ...found.data, ...withoutNulls(task.properties) } });
      return "updated";
    },
    remove(task) {
      const found = balancerOf(task);
      if (!found) return;
      part.remove?.(task, found);
      task.cloud.neutron.balancers.delete(found.id);
    },
    attribute(task, name) {
      const found = balancerOf(task);
      if (!found) return null;
      if (name === "show") return { id: found.id, name: found.name, tenant_id: found.projectId, ...found.data };
      if (name === "tenant_id") return found.projectId;
      return part.attribute?.(task, found, name) ?? found.data[name] ?? null;
    },
  };
}

function dropVip(task: Task, one: Balancer): void {
  const port = task.cloud.neutron.ports.get(text(map(one.data["vip"])["port_id"]) || text(one.data["vip_port_id"]));
  if (port) dropPort(task.cloud, port);
}

const monitor: Part = { kind: "health_monitor", className: "HealthMonitor" };

/** v1: the pool brings its virtual address along. */
const poolV1: Part = {
  kind: "pool",
  className: "Pool",
  make(task, id) {
    for (const one of list(task.properties["monitors"])) need(task, "health_monitor", one);
    const vip = map(task.properties["vip"]);
    const held = vipPort(task, vip["subnet"] ?? task.properties["subnet"], optionalText(vip["address"]), id);
    return {
      subnet_id: held.subnet_id,
      vip: { ...withoutNulls(vip), ...held, id: uuid(task.cloud.random), pool_id: id },
    };
  },
  remove: dropVip,
};

const memberOf = (property: string): Part => ({
  kind: "member",
  className: "PoolMember",
  make: (task) => ({ pool_id: need(task, "pool", task.properties[property]).id }),
});

/** v1's OS::Neutron::LoadBalancer: servers as members of a pool. */
const loadBalancerV1: Part = {
  kind: "member",
  className: "LoadBalancer",
  make: (task) => ({ pool_id: need(task, "pool", task.properties["pool_id"]).id }),
};

const loadBalancer: Part = {
  kind: "load_balancer",
  className: "LoadBalancer",
  make(task, id) {
    const held = vipPort(task, task.properties["vip_subnet"], optionalText(task.properties["vip_address"]), id);
    return { vip_address: held.address, vip_port_id: held.port_id, vip_subnet_id: held.subnet_id };
  },
  remove: dropVip,
  attribute(task, one, name) {
    if (name !== "pools") return undefined;
    return [...task.cloud.neutron.balancers.values()]
      .filter((other) => other.kind === "pool" && other.data["loadbalancer_id"] === one.id)
      .map((other) => ({ id: other.id }));
  },
};

const listener: Part = {
  kind: "listener",
  className: "Listener",
  make(task) {
    const { loadbalancer, default_pool: pool } = task.properties;
    const kept: JsonMap = {};
    if (optionalText(loadbalancer) !== undefined) {
      kept["loadbalancer_id"] = need(task, "load_balancer", loadbalancer).id;
    }
    if (optionalText(pool) !== undefined) kept["default_pool_id"] = need(task, "pool", pool).id;
    return kept;
  },
  attribute: (_, one, name) =>
    name === "loadbalancers"
      ? one.data["loadbalancer_id"] === undefined
        ? []
        : [{ id: one.data["loadbalancer_id"] }]
      : undefined,
};

const pool: Part = {
  kind: "pool",
  className: "Pool",
  make(task) {
    const { loadbalancer, listener: of } = task.properties;
    const kept: JsonMap = {};
    if (optionalText(loadbalancer) !== undefined) {
      kept["loadbalancer_id"] = need(task, "load_balancer", loadbalancer).id;
    }
    if (optionalText(of) !== undefined) {
      const found = need(task, "listener", of);
      kept["listener_id"] = found.id;
      kept["loadbalancer_id"] ??= found.data["loadbalancer_id"] ?? null;
    }
    return kept;
  },
  attribute(task, one, name) {
    if (name === "healthmonitor_id") {
      const found = [...task.cloud.neutron.balancers.values()].find(
        (other) => other.kind === "health_monitor" && other.data["pool_id"] === one.id,
      );
      return found?.id ?? null;
    }
    return name === "listeners"
      ? one.data["listener_id"] === undefined
        ? []
        : [{ id: one.data["listener_id"] }]
      : undefined;
  },
};

const monitorOf: Part = { ...monitor, make: (task) => ({ pool_id: need(task, "pool", task.properties["pool"]).id }) };

export const balancerKinds: Readonly<Record<string, Kind>> = {
  "OS::Neutron::HealthMonitor": partKind(neutronSchemas["OS::Neutron::HealthMonitor"], monitor),
  "OS::Neutron::Pool": partKind(neutronSchemas["OS::Neutron::Pool"], poolV1),
  "OS::Neutron::PoolMember": partKind(neutronSchemas["OS::Neutron::PoolMember"], memberOf("pool_id")),
  "OS::Neutron::LoadBalancer": partKind(neutronSchemas["OS::Neutron::LoadBalancer"], loadBalancerV1),
  "OS::Neutron::LBaaS::LoadBalancer": partKind(neutronSchemas["OS::Neutron::LBaaS::LoadBalancer"], loadBalancer),
  "OS::Neutron::LBaaS::Listener": partKind(neutronSchemas["OS::Neutron::LBaaS::Listener"], listener),
  "OS::Neutron::LBaaS::Pool": partKind(neutronSchemas["OS::Neutron::LBaaS::Pool"], pool),
  "OS::Neutron::LBaaS::PoolMember": partKind(neutronSchemas["OS::Neutron::LBaaS::PoolMember"], memberOf("pool")),
  "OS::Neutron::LBaaS::HealthMonitor": partKind(neutronSchemas["OS::Neutron::LBaaS::HealthMonitor"], monitorOf),
  "OS::Octavia::LoadBalancer": partKind(octaviaSchemas["OS::Octavia::LoadBalancer"], loadBalancer),
  "OS::Octavia::Listener": partKind(octaviaSchemas["OS::Octavia::Listener"], listener),
  "OS::Octavia::Pool": partKind(octaviaSchemas["OS::Octavia::Pool"], pool),
  "OS::Octavia::PoolMember": partKind(octaviaSchemas["OS::Octavia::PoolMember"], memberOf("pool")),
  "OS::Octavia::HealthMonitor": partKind(octaviaSchemas["OS::Octavia::HealthMonitor"], monitorOf),
};
