/** Nova's JSON. */
import type { Cloud } from "../cloud.ts";
import { toIso } from "../times.ts";
import { addressesOf, statusOf } from "./compute.ts";
import type { Flavor, KeyPair, Server, ServerGroup } from "./records.ts";

export const links = (cloud: Cloud, path: string) => [
  { rel: "self", href: `${cloud.options.publicUrl}/compute/v2.1/${path}` },
  { rel: "bookmark", href: `${cloud.options.publicUrl}/compute/${path}` },
];

export const serverStatus = (cloud: Cloud, server: Server): string => statusOf(server, cloud.clock.now());

export function serverView(cloud: Cloud, one: Server) {
  const status = statusOf(one, cloud.clock.now());
  const flavor = cloud.nova.flavors.get(one.flavorId);
  const addresses = [...addressesOf(cloud, one)].map(([network, list]) => [
    network,
    list.map((ip) => ({
      version: 4,
      addr: ip.address,
      "OS-EXT-IPS:type": ip.type,
      "OS-EXT-IPS-MAC:mac_addr": ip.macAddress,
    })),
  ]);
  return {
    id: one.id,
    name: one.name,
    status,
    tenant_id: one.projectId,
    user_id: one.userId,
    metadata: one.metadata,
    tags: one.tags,
    hostId: "",
    image: one.imageId === null ? "" : { id: one.imageId, links: links(cloud, `images/${one.imageId}`) },
    flavor: {
      id: one.flavorId,
      original_name: flavor?.name ?? one.flavorId,
      vcpus: flavor?.vcpus ?? 0,
      ram: flavor?.ramMb ?? 0,
      disk: flavor?.diskGb ?? 0,
      ephemeral: 0,
      swap: 0,
      extra_specs: {},
      links: links(cloud, `flavors/${one.flavorId}`),
    },
    created: toIso(one.createdAtMs),
    updated: toIso(Math.min(one.builtAtMs, cloud.clock.now())),
    addresses: Object.fromEntries(addresses) as Record<string, unknown>,
    accessIPv4: "",
    accessIPv6: "",
    links: links(cloud, `servers/${one.id}`),
    "OS-DCF:diskConfig": "MANUAL",
    progress: status === "BUILD" ? 0 : 100,
    "OS-EXT-AZ:availability_zone": "nova",
    config_drive: "",
    key_name: one.keyName,
    "OS-SRV-USG:launched_at": status === "ACTIVE" ? toIso(one.builtAtMs) : null,
    "OS-SRV-USG:terminated_at": null,
    security_groups: one.securityGroupNames.map((name) => ({ name })),
    "OS-EXT-STS:task_state": status === "BUILD" ? "spawning" : null,
    "OS-EXT-STS:vm_state": status === "BUILD" ? "building" : status.toLowerCase(),
    "OS-EXT-STS:power_state": status === "ACTIVE" ? 1 : 0,
    "os-extended-volumes:volumes_attached": [...cloud.nova.volumes.values()]
      .filter((volume) => volume.attachment?.serverId === one.id)
      .map((volume) => ({ id: volume.id, delete_on_termination: false })),
    locked: false,
    ...(status === "ERROR" && { fault: { code: 500, created: toIso(one.builtAtMs), message: one.fault } }),
  };
}

export const interfacesView = (cloud: Cloud, one: Server) =>
  one.portIds.flatMap((id) => {
    const port = cloud.neutron.ports.get(id);
    if (!port) return [];
    return [
      {
        port_id: port.id,
        net_id: port.networkId,
        mac_addr: port.macAddress,
        port_state: "ACTIVE",
        fixed_ips: port.fixedIps.map((ip) => ({ subnet_id: ip.subnetId, ip_address: ip.ipAddress })),
      },
    ];
  });

export const flavorView = (cloud: Cloud, one: Flavor) => ({
  id: one.id,
  name: one.name,
  vcpus: one.vcpus,
  ram: one.ramMb,
  disk: one.diskGb,
  swap: "",
  "OS-FLV-EXT-DATA:ephemeral": 0,
  "OS-FLV-DISABLED:disabled": false,
  "os-flavor-access:is_public": true,
  rxtx_factor: 1,
  extra_specs: {},
  description: null,
  links: links(cloud, `flavors/${one.id}`),
});

export const keyPairView = (one: KeyPair) => ({
  name: one.name,
  public_key: one.publicKey,
  fingerprint: one.fingerprint,
  type: one.type,
  user_id: one.userId,
  created_at: toIso(one.createdAtMs),
});

export const serverGroupView = (cloud: Cloud, one: ServerGroup) => ({
  id: one.id,
  name: one.name,
  policy: one.policies[0] ?? "anti-affinity",
  policies: one.policies,
  rules: {},
  metadata: {},
  project_id: one.projectId,
  user_id: one.userId,
  members: [...cloud.nova.servers.values()]
    .filter((server) => server.serverGroupId === one.id)
    .map((server) => server.id),
});
