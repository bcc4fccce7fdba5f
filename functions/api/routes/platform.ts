/**
 * Which bay type builds a model: by its server type, its image's distribution and its COE, or by its owner's choice among
 * those that do. What is missing is named (user asks M4): an image without `os_distro` is not an unsupported COE.
 */
import type { BayType, Platform } from "@jeroboam/coe/bay-type";
import type { BayTypes } from "@jeroboam/coe/bay-types";
import { Rejected } from "@jeroboam/core/errors";
import type { BayModelAttributes } from "@jeroboam/core/bay-model/write-bay-model";
import type { Image } from "@jeroboam/core/openstack/glance";
import type { ApiRequest } from "../route.ts";

type Platformed = Pick<BayModelAttributes, "serverType" | "clusterDistro" | "coe" | "driver">;

/** The distribution in the image that a model names. */
export function requireDistro(image: Image): string {
  if (image.os_distro) return image.os_distro;
  const name = image.name ?? image.id;
  throw new Rejected(
    400,
    `Invalid input for field/attribute image_id. Image ${name} has no os_distro property, by which the way to build bays of it is chosen`,
  );
}

export async function requireBayType({ ports }: Pick<ApiRequest, "ports">, model: Platformed): Promise<BayType> {
  const platform = platformOf(model);
  const bayTypes = await ports.bayTypes();
  if (model.driver !== null) return requireChosen(bayTypes, model.driver, platform);
  const found = bayTypes.find(platform);
  switch (found.kind) {
    case "found":
      return found.bayType;
    case "disabled":
      throw new Rejected(400, `Bay type ${found.name}, which builds ${describe(platform)}, is disabled here`);
    case "unsupported":
      throw unsupported(platform, found.supported);
    default:
      return found satisfies never;
  }
}

function requireChosen(bayTypes: BayTypes, driver: string, platform: Platform): BayType {
  const chosen = bayTypes.list().find((bayType) => bayType.name === driver);
  if (!chosen) {
    const names = bayTypes.list().map((bayType) => bayType.name);
    throw new Rejected(400, `Driver ${driver} is none of: ${names.join(", ")}`);
  }
  const isProvided = chosen.provides.some((one) => describe(one) === describe(platform));
  if (!isProvided) throw unsupported(platform, chosen.provides);
  return chosen;
}

/** For views: the name of what would build it now. */
export function bayTypeName(bayTypes: BayTypes, model: Platformed): string | null {
  if (model.driver !== null) return model.driver;
  const found = bayTypes.find(platformOf(model));
  return found.kind === "found" ? found.bayType.name : null;
}

function platformOf({ serverType, clusterDistro, coe }: Platformed): Platform {
  return { serverType, os: clusterDistro ?? "", coe };
}

function describe({ serverType, os, coe }: Platform): string {
  return `(server_type ${serverType}, os_distro ${os}, coe ${coe})`;
}

function unsupported(platform: Platform, supported: readonly Platform[]): Rejected {
  const known = supported.map(describe).join(", ") || "nothing";
  return new Rejected(400, `No bay type builds ${describe(platform)}. Supported: ${known}`);
}
