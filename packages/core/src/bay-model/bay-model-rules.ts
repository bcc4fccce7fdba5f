/**
 * Which values of a bay model make sense together (cluster sheet 7.4, bay-era sheet 3.1): drivers by COE, storage and
 * its size. What the cloud must know (image, flavors, networks) and who may do what is left to others.
 */
import type { BayModel, Coe } from "./bay-model.ts";

interface CoeDrivers {
  /** The first is the default. */
  readonly network: readonly string[];
  readonly volume: readonly string[];
}

const DRIVERS: Readonly<Record<Coe, CoeDrivers>> = {
  kubernetes: { network: ["flannel", "calico"], volume: ["cinder"] },
  swarm: { network: ["docker", "flannel"], volume: ["rexray"] },
  "swarm-mode": { network: ["docker", "flannel"], volume: ["rexray"] },
  mesos: { network: ["docker"], volume: ["rexray"] },
};

/** The smallest Docker volume that devicemapper's thin pool fits on. */
const DEVICEMAPPER_LEAST_GB = 3;

export function defaultNetworkDriver(coe: Coe): string {
  return DRIVERS[coe].network[0] ?? "";
}

/** What is wrong, for the model's owner to read; nothing when all is well. */
export function problemOf(
  model: Pick<
    BayModel,
    "coe" | "networkDriver" | "volumeDriver" | "dockerStorageDriver" | "dockerVolumeSizeGb" | "labels"
  >,
): string | undefined {
  const { coe, networkDriver, volumeDriver, labels } = model;
  const { network, volume } = DRIVERS[coe];
  if (networkDriver !== null && !network.includes(networkDriver))
    return `Network driver ${networkDriver} is not supported with ${coe}; choose one of: ${network.join(", ")}`;
  if (volumeDriver !== null && !volume.includes(volumeDriver))
    return `Volume driver ${volumeDriver} is not supported with ${coe}; choose one of: ${volume.join(", ")}`;
  const bootVolumeSize = labels["boot_volume_size"];
  if (bootVolumeSize !== undefined && !/^\d{1,6}$/.test(bootVolumeSize))
    return `Label boot_volume_size must be a whole number of GB, not ${bootVolumeSize}`;
  return problemOfStorage(model.dockerStorageDriver, model.dockerVolumeSizeGb);
}

/** The rule that binds a bay too, which may choose a size of its own. */
export function problemOfStorage(storageDriver: string | null, volumeSizeGb: number | null): string | undefined {
  return storageDriver === "devicemapper" && (volumeSizeGb ?? 0) < DEVICEMAPPER_LEAST_GB
    ? `docker_volume_size must be at least ${DEVICEMAPPER_LEAST_GB} GB with docker_storage_driver devicemapper`
    : undefined;
}
