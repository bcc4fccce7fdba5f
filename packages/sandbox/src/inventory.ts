/** Everything that lives in the cloud, by kind and owner: what a harness counts to see what was left behind. */
import type { Cloud } from "./cloud.ts";

export interface Item {
  readonly id: string;
  readonly name: string;
  /** The project's name, or the user's for what belongs to a user. */
  readonly owner: string;
}

const KINDS = [
  "stacks",
  "resources",
  "trusts",
  "applicationCredentials",
  "users",
  "projects",
  "servers",
  "keyPairs",
  "serverGroups",
  "volumes",
  "networks",
  "subnets",
  "routers",
  "ports",
  "floatingIps",
  "securityGroups",
  "balancers",
  "configs",
  "deployments",
] as const;

export type Inventory = Readonly<Record<(typeof KINDS)[number], readonly Item[]>>;

export function inventory(cloud: Cloud): Inventory {
  const { keystone, heat, nova, neutron } = cloud;
  const project = (id: string | null): string => keystone.projects.get(id ?? "")?.name ?? id ?? "";
  const user = (id: string): string => keystone.users.get(id)?.name ?? id;
  const owned = (rows: Iterable<{ id: string; name: string; projectId: string }>): Item[] =>
    [...rows].map(({ id, name, projectId }) => ({ id, name, owner: project(projectId) }));
  return {
    stacks: owned([...heat.stacks.values()].filter((one) => one.deletedAtMs === null)),
    resources: [...heat.resources.values()].map((one) => ({
      id: one.id,
      name: one.name,
      owner: heat.stacks.get(one.stackId)?.name ?? one.stackId,
    })),
    trusts: [...keystone.trusts.values()].map((one) => ({
      id: one.id,
      name: `${user(one.trustorUserId)} to ${user(one.trusteeUserId)}`,
      owner: project(one.projectId),
    })),
    applicationCredentials: [...keystone.applicationCredentials.values()].map((one) => ({
      id: one.id,
      name: one.name,
      owner: user(one.userId),
    })),
    users: [...keystone.users.values()].map((one) => ({
      id: one.id,
      name: one.name,
      owner: keystone.domains.get(one.domainId)?.name ?? one.domainId,
    })),
    projects: [...keystone.projects.values()].map((one) => ({
      id: one.id,
      name: one.name,
      owner: keystone.domains.get(one.domainId)?.name ?? one.domainId,
    })),
    servers: owned(nova.servers.values()),
    keyPairs: [...nova.keyPairs.values()].map((one) => ({ id: one.id, name: one.name, owner: user(one.userId) })),
    serverGroups: owned(nova.serverGroups.values()),
    volumes: owned(nova.volumes.values()),
    networks: owned(neutron.networks.values()),
    subnets: owned(neutron.subnets.values()),
    routers: owned(neutron.routers.values()),
    ports: owned(neutron.ports.values()),
    floatingIps: [...neutron.floatingIps.values()].map((one) => ({
      id: one.id,
      name: one.address,
      owner: project(one.projectId),
    })),
    securityGroups: owned(neutron.securityGroups.values()),
    balancers: owned(neutron.balancers.values()),
    configs: owned(heat.configs.values()),
    deployments: [...heat.deployments.values()].map((one) => ({
      id: one.id,
      name: one.serverId,
      owner: project(one.projectId),
    })),
  };
}
