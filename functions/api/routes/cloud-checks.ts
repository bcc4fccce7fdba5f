/**
 * Findings about what a bay or a model refers to in the cloud, as refusals that name the attribute (bay-era sheet 1.10,
 * cluster sheet 7.4, 8.3): 404 for a key pair as in every Magnum, 400 for everything else that is missing, 409 for a
 * name that several bear.
 */
import { parseNetwork } from "@jeroboam/coe/network-address";
import type { CheckedReferences, CloudProblem, CloudReferences } from "@jeroboam/core/bay/cloud-references";
import { checkReferences } from "@jeroboam/core/bay/cloud-references";
import { Rejected } from "@jeroboam/core/errors";
import type { ApiRequest } from "../route.ts";
import { invalid } from "../wire/attributes.ts";

const WIRE_NAMES: Readonly<Record<keyof CloudReferences, string>> = {
  imageId: "image_id",
  flavorId: "flavor_id",
  masterFlavorId: "master_flavor_id",
  keypairId: "keypair_id",
  externalNetworkId: "external_network_id",
  fixedNetwork: "fixed_network",
  fixedSubnet: "fixed_subnet",
};

/**
 * Looks all of it up as the caller; the image and the key pair, where they were named. `bootLabels`: those of what is to be built; flavors
 * without a root disk need a volume to boot from then (cluster sheet 7.4: servers of such a bay would never come up).
 */
export async function requireReferences(
  { ports, caller }: Pick<ApiRequest, "ports" | "caller">,
  references: CloudReferences,
  bootLabels?: Readonly<Record<string, string>>,
): Promise<Pick<CheckedReferences, "image" | "keypair">> {
  const { fixedNetwork } = references;
  // A CIDR is of a network that is to be made (bay-era sheet 15, number 10).
  const isMade = typeof fixedNetwork === "string" && parseNetwork(fixedNetwork) !== undefined;
  const named = isMade ? { ...references, fixedNetwork: null } : references;
  const { problem, image, keypair, flavors } = await checkReferences(ports.lookups(caller), named);
  if (problem) throw refusalOf(problem);
  if (bootLabels && !hasBootVolume(bootLabels)) {
    for (const [field, flavor] of Object.entries(flavors) as [keyof typeof flavors, { name: string; disk: number }][])
      if (flavor.disk === 0) throw diskless(field, flavor.name);
  }
  return { image, keypair };
}

/** Refused when it is no number: what nobody can read is no size. */
function hasBootVolume({ boot_volume_size: size = "0" }: Readonly<Record<string, string>>): boolean {
  if (!/^\d{1,9}$/.test(size)) throw invalid("labels/boot_volume_size", size, "Value should be a number of GB");
  return Number(size) > 0;
}

function diskless(field: keyof CloudReferences, flavor: string): Rejected {
  const text = `Flavor ${flavor} has no root disk: the label boot_volume_size must say how large a volume to boot from is`;
  return new Rejected(400, `Invalid input for field/attribute ${WIRE_NAMES[field]}. ${text}`);
}

function refusalOf({ field, cause, text }: CloudProblem): Rejected {
  const status = {
    missing: field === "keypairId" ? 404 : 400,
    ambiguous: 409,
    unsuitable: 400,
    unauthorized: 401,
    forbidden: 403,
  };
  return new Rejected(status[cause], `Invalid input for field/attribute ${WIRE_NAMES[field]}. ${text}`);
}
