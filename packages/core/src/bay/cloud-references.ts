/**
 * Whether what a bay or its model refers to is in the cloud: image, flavors, key pair, networks, as the caller sees them,
 * at the time of the request (bay-era sheet 3.1 as of 2.0, cluster sheet 7.4 and 8.3). Nothing is made or changed. Which
 * status a finding is told with is left to the API.
 */
import type { Flavor, Keypair } from "../openstack/nova.ts";
import type { Image } from "../openstack/glance.ts";
import type { Project } from "../openstack/keystone-directory.ts";
import type { Ambiguous, Found, Missing } from "../openstack/lookup.ts";
import type { Network, Subnet } from "../openstack/neutron.ts";
import type { Refusal } from "../openstack/refusal.ts";

export type Lookup<Value> = Found<Value> | Missing | Ambiguous | Refusal;

/** The cloud's services, as one caller may ask them. All by name or id, but for key pairs. */
export interface CloudLookups {
  readonly image: (nameOrId: string) => Promise<Lookup<Image>>;
  readonly flavor: (nameOrId: string) => Promise<Lookup<Flavor>>;
  /** Nova knows the caller's own only. */
  readonly keypair: (name: string) => Promise<Lookup<Keypair>>;
  readonly network: (nameOrId: string) => Promise<Lookup<Network>>;
  readonly subnet: (nameOrId: string) => Promise<Lookup<Subnet>>;
  /** By id alone. */
  readonly project: (id: string) => Promise<Lookup<Project>>;
}

/** What is referred to; null or absent: nothing is, or it was looked at before. */
export interface CloudReferences {
  readonly imageId?: string | null;
  readonly flavorId?: string | null;
  readonly masterFlavorId?: string | null;
  readonly keypairId?: string | null;
  readonly externalNetworkId?: string | null;
  /** Not where it is a CIDR: that network is to be made. */
  readonly fixedNetwork?: string | null;
  readonly fixedSubnet?: string | null;
}

export interface CloudProblem {
  readonly field: keyof CloudReferences;
  readonly cause: "missing" | "ambiguous" | "unsuitable" | "unauthorized" | "forbidden";
  readonly text: string;
}

export interface CheckedReferences {
  /** The first in the order of the references above. */
  readonly problem: CloudProblem | undefined;
  readonly image: Image | undefined;
  readonly keypair: Keypair | undefined;
  /** Those that were looked up, by what they are for. */
  readonly flavors: Readonly<Partial<Record<"flavorId" | "masterFlavorId", Flavor>>>;
}

/** Asks all at once. Throws Transient when a service does not answer. */
export async function checkReferences(lookups: CloudLookups, references: CloudReferences): Promise<CheckedReferences> {
  const { imageId, flavorId, masterFlavorId, keypairId, externalNetworkId, fixedNetwork, fixedSubnet } = references;
  const [image, flavor, masterFlavor, keypair, external, network, subnet] = await Promise.all([
    find("imageId", "Image", imageId, lookups.image),
    find("flavorId", "Flavor", flavorId, lookups.flavor),
    masterFlavorId === flavorId ? undefined : find("masterFlavorId", "Flavor", masterFlavorId, lookups.flavor),
    find("keypairId", "Key pair", keypairId, lookups.keypair),
    find("externalNetworkId", "Network", externalNetworkId, lookups.network),
    find("fixedNetwork", "Network", fixedNetwork, lookups.network),
    find("fixedSubnet", "Subnet", fixedSubnet, lookups.subnet),
  ]);
  const problem =
    [image, flavor, masterFlavor, keypair].map((one) => one?.problem).find((one) => one !== undefined) ??
    external?.problem ??
    unsuitableNetwork(external?.value) ??
    network?.problem ??
    subnet?.problem ??
    strangeSubnet(network?.value, subnet?.value);
  const flavors = {
    ...(flavor?.value && { flavorId: flavor.value }),
    ...(masterFlavor?.value && { masterFlavorId: masterFlavor.value }),
  };
  return { problem, image: image?.value, keypair: keypair?.value, flavors };
}

interface Answer<Value> {
  readonly value?: Value;
  readonly problem?: CloudProblem;
}

async function find<Value>(
  field: keyof CloudReferences,
  noun: string,
  nameOrId: string | null | undefined,
  lookUp: (nameOrId: string) => Promise<Lookup<Value>>,
): Promise<Answer<Value> | undefined> {
  if (nameOrId === null || nameOrId === undefined) return undefined;
  const found = await lookUp(nameOrId);
  const problem = (cause: CloudProblem["cause"], text: string): Answer<Value> => ({ problem: { field, cause, text } });
  switch (found.kind) {
    case "found":
      return { value: found.value };
    case "missing":
      return problem("missing", `${noun} ${nameOrId} could not be found.`);
    case "ambiguous":
      return problem("ambiguous", `Several are named ${nameOrId}; use the id of one.`);
    case "refused":
      return problem(causeOf(found), `${noun} ${nameOrId}: ${found.reason}.`);
    default:
      return found satisfies never;
  }
}

function causeOf({ cause }: Refusal): CloudProblem["cause"] {
  return cause === "unauthorized" || cause === "forbidden" ? cause : "unsuitable";
}

function unsuitableNetwork(external: Network | undefined): CloudProblem | undefined {
  if (!external || external["router:external"] !== false) return undefined;
  return {
    field: "externalNetworkId",
    cause: "unsuitable",
    text: `Network ${external.name || external.id} is not an external one.`,
  };
}

function strangeSubnet(network: Network | undefined, subnet: Subnet | undefined): CloudProblem | undefined {
  if (!network || !subnet || subnet.network_id === network.id) return undefined;
  const text = `Subnet ${subnet.name || subnet.id} is not in network ${network.name || network.id}.`;
  return { field: "fixedSubnet", cause: "unsuitable", text };
}
