/**
 * Findings about what a bay or a model refers to in the cloud, as refusals that name the attribute (bay-era sheet 1.10,
 * cluster sheet 7.4, 8.3): 404 for a key pair as in every Magnum, 400 for everything else that is missing, 409 for a
 * name that several bear.
 */
import { parseNetwork } from "@jeroboam/coe/network-address";
import type { CloudProblem, CloudReferences } from "@jeroboam/core/bay/cloud-references";
import { checkReferences } from "@jeroboam/core/bay/cloud-references";
import { Rejected } from "@jeroboam/core/errors";
import type { Image } from "@jeroboam/core/openstack/glance";
import type { ApiRequest } from "../route.ts";

const WIRE_NAMES: Readonly<Record<keyof CloudReferences, string>> = {
  imageId: "image_id",
  flavorId: "flavor_id",
  masterFlavorId: "master_flavor_id",
  keypairId: "keypair_id",
  externalNetworkId: "external_network_id",
  fixedNetwork: "fixed_network",
  fixedSubnet: "fixed_subnet",
};

/** Looks all of it up as the caller; the image, where one was named. */
export async function requireReferences(
  { ports, caller }: Pick<ApiRequest, "ports" | "caller">,
  references: CloudReferences,
): Promise<Image | undefined> {
  const { fixedNetwork } = references;
  // A CIDR is of a network that is to be made (bay-era sheet 15, number 10).
  const isMade = typeof fixedNetwork === "string" && parseNetwork(fixedNetwork) !== undefined;
  const named = isMade ? { ...references, fixedNetwork: null } : references;
  const { problem, image } = await checkReferences(ports.lookups(caller), named);
  if (problem) throw refusalOf(problem);
  return image;
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
