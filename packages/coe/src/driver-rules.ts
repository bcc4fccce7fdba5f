/**
 * Which network and volume drivers each COE may have (bay-era sheet 3.1, cluster sheet 7.4), and the rule about Docker's
 * storage. A bay type may know fewer: it refuses the rest in its `checkSpec`.
 */
import type { Coe } from "@jeroboam/core/bay-model/bay-model";

interface DriverRule {
  readonly network: readonly string[];
  readonly defaultNetwork: string;
  readonly volume: readonly string[];
}

export const driverRules: Readonly<Record<Coe, DriverRule>> = {
  kubernetes: { network: ["flannel", "calico", "cilium"], defaultNetwork: "flannel", volume: ["cinder"] },
  swarm: { network: ["docker", "flannel"], defaultNetwork: "docker", volume: ["rexray"] },
  "swarm-mode": { network: ["docker", "flannel"], defaultNetwork: "docker", volume: ["rexray"] },
  mesos: { network: ["docker"], defaultNetwork: "docker", volume: ["rexray"] },
};

/** `supported`: what may be said instead, for the text to the user. */
export type DriverCheck =
  | { readonly kind: "allowed"; readonly driver: string }
  | { readonly kind: "refused"; readonly supported: readonly string[] };

/**
 * The network driver of a model. `allowed` is the operator's list for this COE (`all`: no restriction) and `defaultDriver`
 * the operator's default; null or absent `driver` takes the default, which is checked like any other.
 */
export function checkNetworkDriver(
  coe: Coe,
  driver: string | null,
  { allowed = ["all"], defaultDriver }: { allowed?: readonly string[]; defaultDriver?: string } = {},
): DriverCheck {
  const rule = driverRules[coe];
  const supported = rule.network.filter((name) => allowed.includes("all") || allowed.includes(name));
  const chosen = driver ?? defaultDriver ?? rule.defaultNetwork;
  return supported.includes(chosen) ? { kind: "allowed", driver: chosen } : { kind: "refused", supported };
}

/** A model without a volume driver always passes; only a named one is checked. */
export function checkVolumeDriver(coe: Coe, driver: string): DriverCheck {
  const supported = driverRules[coe].volume;
  return supported.includes(driver) ? { kind: "allowed", driver } : { kind: "refused", supported };
}

/** GB that the devicemapper storage driver needs (cluster sheet 7.4). */
export const devicemapperVolumeMinGb = 3;

export function hasRoomForStorageDriver(driver: string | null, dockerVolumeSizeGb: number | null): boolean {
  return driver !== "devicemapper" || (dockerVolumeSizeGb ?? 0) >= devicemapperVolumeMinGb;
}

/**
 * Whether nodes that run go on using their credential for the cloud: for volumes, and for the object storage behind a
 * registry. Others need it only at their first boot, so it may be renewed without them.
 */
export function nodesKeepCredential(model: {
  readonly volumeDriver: string | null;
  readonly registryEnabled: boolean;
}): boolean {
  return model.volumeDriver !== null || model.registryEnabled;
}
