/** Names and ids in properties: heat's custom constraints, and from a name to an id. What is not the project's is not found. */
import { isCidr, isIpv6, toIpNumber } from "../../neutron/addresses.ts";
import { findFlavor, findImages, keyPairOf } from "../../nova/compute.ts";
import type { Cloud } from "../../cloud.ts";
import type { Json } from "../../json.ts";
import { toText } from "../../json.ts";
import type { CustomCheck } from "../hot/constraints.ts";

export interface Owner {
  readonly projectId: string;
  readonly userId: string;
}

interface Named {
  id: string;
  name: string;
  projectId: string;
}

type Found = { kind: "one"; id: string } | { kind: "none" } | { kind: "many" };

function among(rows: Iterable<Named>, value: string, isUsable: (one: Named) => boolean): Found {
  const usable = [...rows].filter(isUsable);
  if (usable.some((one) => one.id === value)) return { kind: "one", id: value };
  const named = usable.filter((one) => one.name === value);
  const [first] = named;
  if (!first) return { kind: "none" };
  return named.length === 1 ? { kind: "one", id: first.id } : { kind: "many" };
}

const NEUTRON = {
  network: "networks",
  subnet: "subnets",
  router: "routers",
  port: "ports",
  security_group: "securityGroups",
} as const;
type NeutronKind = keyof typeof NEUTRON;

export function findNeutron(cloud: Cloud, owner: Owner, kind: NeutronKind, value: string): Found {
  const rows: Iterable<Named> = cloud.neutron[NEUTRON[kind]].values();
  return among(rows, value, (one) => one.projectId === owner.projectId || isShared(cloud, kind, one));
}

function isShared(cloud: Cloud, kind: NeutronKind, one: Named): boolean {
  if (kind === "network") return isOpen(cloud, one.id);
  return kind === "subnet" && isOpen(cloud, cloud.neutron.subnets.get(one.id)?.networkId ?? "");
}

const isOpen = (cloud: Cloud, networkId: string): boolean => {
  const network = cloud.neutron.networks.get(networkId);
  return network !== undefined && (network.shared || network.external);
};

const missing = (kind: string, value: string): string => `The ${kind} (${value}) could not be found.`;

/** The id for a name or id; undefined when there is none or more than one. */
export function idOf(cloud: Cloud, owner: Owner, kind: NeutronKind, value: Json | undefined): string | undefined {
  if (typeof value !== "string" || value === "") return undefined;
  const found = findNeutron(cloud, owner, kind, value);
  return found.kind === "one" ? found.id : undefined;
}

function checkNeutron(cloud: Cloud, owner: Owner, kind: NeutronKind, value: string): string | undefined {
  const found = findNeutron(cloud, owner, kind, value);
  switch (found.kind) {
    case "one":
      return undefined;
    case "none":
      return `Unable to find ${kind} with name or id '${value}'`;
    case "many":
      return `Multiple physical resources were found with name (${value}).`;
    default:
      return found satisfies never;
  }
}

function checkImage(cloud: Cloud, owner: Owner, value: string): string | undefined {
  const found = findImages(cloud, value, owner.projectId);
  if (found.length === 0) return `No images matching {'name': '${value}'}.`;
  return found.length > 1 ? `No images unique match found for {'name': '${value}'}.` : undefined;
}

/** Constraints that Heat has and that say nothing here: those of services that the sandbox has not, and forms of names and times. */
const LET_THROUGH = new Set(
  `barbican.container barbican.secret blazar.host blazar.reservation cinder.backup cinder.qos_specs cinder.snapshot cinder.vtype
   cron_expression designate.zone dns_domain dns_name expiration heat.resource_type iso_8601 json_string keystone.domain keystone.group
   keystone.project keystone.region keystone.role keystone.service keystone.user neutron.address_scope neutron.flow_classifier
   neutron.lb.provider neutron.lbaas.l7policy neutron.lbaas.listener neutron.lbaas.loadbalancer neutron.lbaas.pool
   neutron.lbaas.provider neutron.network_qos neutron.port_pair neutron.port_pair_group neutron.qos_policy neutron.segment
   neutron.subnetpool neutron.taas.tap_flow neutron.taas.tap_service nova.host nova.network octavia.flavor octavia.l7policy
   octavia.listener octavia.loadbalancer octavia.pool rel_dns_name test_constr timezone trove.flavor zaqar.queue`.split(
    /\s+/,
  ),
);

const isIp = (value: string): boolean => toIpNumber(value) !== undefined || isIpv6(value);

/** The custom constraints for an owner's templates. */
export function customChecks(cloud: Cloud, owner: Owner): CustomCheck {
  const complaintOf = lookUp(cloud, owner);
  return (name, raw) => {
    const value = toText(raw);
    // Heat does not look for what an optional property leaves empty.
    if (raw === null || value === "" || LET_THROUGH.has(name)) return undefined;
    const found = complaintOf(name, value);
    if (found === "unknown") return `"${value}" does not validate ${name} (constraint not found)`;
    return found === undefined ? undefined : `Error validating value '${value}': ${found}`;
  };
}

/** What each constraint says against a value. */
function lookUp(cloud: Cloud, owner: Owner): (name: string, value: string) => string | undefined {
  return (name, value) => {
    switch (name) {
      case "nova.flavor":
        return findFlavor(cloud, value) ? undefined : missing("Flavor", value);
      case "nova.keypair":
        return keyPairOf(cloud, owner.userId, value) ? undefined : missing("Key", value);
      case "nova.server":
        return cloud.nova.servers.get(value)?.projectId === owner.projectId ? undefined : missing("Server", value);
      case "glance.image":
        return checkImage(cloud, owner, value);
      case "cinder.volume":
        return cloud.nova.volumes.get(value)?.projectId === owner.projectId ? undefined : missing("Volume", value);
      case "neutron.network":
      case "neutron.subnet":
      case "neutron.router":
      case "neutron.port":
      case "neutron.security_group":
        return checkNeutron(cloud, owner, name.slice("neutron.".length) as NeutronKind, value);
      case "net_cidr":
        return isCidr(value) ? undefined : `Invalid net cidr invalid IPNetwork ${value} `;
      case "ip_addr":
        return isIp(value) ? undefined : "Invalid IP address";
      case "ip_or_cidr":
        return isIp(value) || isCidr(value) ? undefined : `Invalid net cidr invalid IPNetwork ${value} `;
      case "mac_addr":
        return /^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i.test(value) ? undefined : "Invalid MAC address.";
      default:
        return "unknown";
    }
  };
}
