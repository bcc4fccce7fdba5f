/** What the cloud has before its first request: people, images, flavors, keys and networks. Made once; a restart finds it. */
import { hexId, secret, uuid } from "./ids.ts";
import type { Cloud } from "./cloud.ts";
import { assignmentOf, hashSecret } from "./keystone/directory.ts";
import type { Role } from "./keystone/records.ts";
import { createKeyPair } from "./nova/compute.ts";
import { createNetwork, createSubnet } from "./neutron/networks.ts";

/** Each role with the one that it brings along. */
const ROLES: readonly [name: string, implies: string | null][] = [
  ["reader", null],
  ["member", "reader"],
  ["admin", "member"],
  ["service", null],
  ["heat_stack_owner", null],
  ["heat_stack_user", null],
];

const PEOPLE: readonly [user: string, project: string, roles: readonly string[]][] = [
  ["admin", "admin", ["admin", "heat_stack_owner"]],
  ["demo", "demo", ["member", "heat_stack_owner"]],
  ["alt_demo", "alt_demo", ["member", "heat_stack_owner"]],
  ["demo_reader", "demo", ["reader"]],
  ["jeroboam", "service", ["admin", "service"]],
  ["heat", "service", ["admin", "service"]],
];

const DOMAINS: readonly [id: string, name: string][] = [
  ["default", "Default"],
  ["heat", "heat"],
];

const IMAGES: readonly [name: string, distro: string | null][] = [
  ["fedora-21-atomic-3", "fedora-atomic"],
  ["coreos-stable", "coreos"],
  ["ubuntu-14.04-mesos", "ubuntu"],
  ["fedora-coreos-latest", "fedora-coreos"],
  ["flatcar-stable", "flatcar"],
  ["ubuntu-24.04", "ubuntu"],
  ["cirros-0.3.4-x86_64-uec", null],
];

const FLAVORS: readonly [id: string, name: string, vcpus: number, ramMb: number, diskGb: number][] = [
  ["1", "m1.tiny", 1, 512, 1],
  ["2", "m1.small", 1, 2048, 20],
  ["3", "m1.medium", 2, 4096, 40],
  ["4", "m1.large", 4, 8192, 80],
];

export function seed(cloud: Cloud): void {
  if (cloud.keystone.domains.size > 0) return;
  seedPeople(cloud);
  seedCompute(cloud);
  seedNetworks(cloud);
}

function seedPeople(cloud: Cloud): void {
  const { domains, roles, projects, users, assignments } = cloud.keystone;
  for (const [id, name] of DOMAINS) domains.put({ id, name, description: "", enabled: true });
  const byName = new Map<string, Role>();
  for (const [name, implies] of ROLES) {
    const implied = implies === null ? undefined : byName.get(implies);
    const role = {
      id: hexId(cloud.random),
      name,
      domainId: null,
      description: "",
      implies: implied ? [implied.id] : [],
    };
    byName.set(name, role);
    roles.put(role);
  }
  const projectIds = new Map<string, string>();
  for (const name of new Set(PEOPLE.map(([, project]) => project))) {
    const project = { id: hexId(cloud.random), name, domainId: "default", description: "", enabled: true, tags: [] };
    projectIds.set(name, project.id);
    projects.put(project);
  }
  for (const [name, project, held] of PEOPLE) {
    const projectId = projectIds.get(project) ?? "";
    const id = hexId(cloud.random);
    users.put({
      id,
      name,
      domainId: "default",
      enabled: true,
      defaultProjectId: null,
      description: "",
      email: null,
      passwordHash: hashSecret(cloud.options.password),
    });
    for (const role of held) assignments.put(assignmentOf(id, byName.get(role)?.id ?? "", { projectId }));
    if (name === "admin") {
      const adminRole = byName.get("admin")?.id ?? "";
      assignments.put(assignmentOf(id, adminRole, { domainId: "default" }));
      assignments.put(assignmentOf(id, adminRole, { system: true }));
    }
    createKeyPair(cloud, id, "default", `ssh-rsa ${secret(cloud.random, 372)} ${name}`, cloud.clock.now());
  }
}

const projectId = (cloud: Cloud, name: string): string =>
  [...cloud.keystone.projects.values()].find((one) => one.name === name)?.id ?? "";

function seedCompute(cloud: Cloud): void {
  for (const [id, name, vcpus, ramMb, diskGb] of FLAVORS) cloud.nova.flavors.put({ id, name, vcpus, ramMb, diskGb });
  for (const [name, distro] of IMAGES) {
    cloud.glance.images.put({
      id: uuid(cloud.random),
      name,
      ownerId: projectId(cloud, "admin"),
      visibility: "public",
      diskFormat: "qcow2",
      sizeBytes: 448,
      minDiskGb: 0,
      minRamMb: 0,
      properties: distro === null ? {} : { os_distro: distro },
      createdAtMs: cloud.clock.now(),
    });
  }
}

function seedNetworks(cloud: Cloud): void {
  const owner = projectId(cloud, "admin");
  const now = cloud.clock.now();
  const outside = createNetwork(cloud, { projectId: owner, name: "public", external: true }, now);
  createSubnet(cloud, {
    projectId: owner,
    name: "public-subnet",
    networkId: outside.id,
    cidr: cloud.options.publicCidr,
    enableDhcp: false,
  });
  const inside = createNetwork(cloud, { projectId: projectId(cloud, "demo"), name: "private" }, now);
  createSubnet(cloud, {
    projectId: projectId(cloud, "demo"),
    name: "private-subnet",
    networkId: inside.id,
    cidr: cloud.options.privateCidr,
  });
}
