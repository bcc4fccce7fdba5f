/**
 * What may be upgraded of a Kubernetes bay: its workers, which are replaced by new ones. Masters hold etcd and the control
 * plane on their own disks and boot once: they keep their version. So workers may take another image, and other patches of
 * the same minor version of Kubernetes: a kubelet must not be newer than its API server.
 */
import type { BaySpec, SpecProblem, UpgradeType } from "../bay-type.ts";

export interface VersionKnowledge {
  readonly versionLabels: readonly string[];
  readonly checkSpec: (spec: BaySpec) => readonly SpecProblem[];
  /** The version that nodes get where no label says; absent: that of the image, which is not known here. */
  readonly defaultTag: string | undefined;
  /** In texts. */
  readonly name: string;
}

/** What the newer template must have as the bay has it: these speak of more than its workers. */
const SHARED = {
  network_driver: "networkDriver",
  volume_driver: "volumeDriver",
  tls_disabled: "tlsDisabled",
  apiserver_port: "apiserverPort",
  external_network_id: "externalNetworkId",
} as const satisfies Readonly<Record<string, keyof BaySpec>>;

export function kubernetesUpgrade({ versionLabels, checkSpec, defaultTag, name }: VersionKnowledge): UpgradeType {
  return {
    versionLabels,
    checkUpgrade(from, to) {
      const differing = Object.entries(SHARED).filter(([, key]) => from[key] !== to[key]);
      return [
        ...differing.map(([field]) => ({ field, message: `${field} differs from the cluster's: an upgrade keeps it` })),
        ...checkStep(from.labels["kube_tag"] ?? defaultTag, to.labels["kube_tag"] ?? defaultTag, name),
        ...checkSpec(to),
      ];
    },
  };
}

function checkStep(fromTag: string | undefined, toTag: string | undefined, name: string): readonly SpecProblem[] {
  const field = "labels.kube_tag";
  if (fromTag === toTag) return [];
  const from = versionOf(fromTag);
  const to = versionOf(toTag);
  if (!from || !to)
    return [
      { field, message: `kube_tag ${toTag ?? "of the image"} cannot be compared with ${fromTag ?? "the image's"}` },
    ];
  if (to.minor < from.minor || (to.minor === from.minor && to.patch < from.patch))
    return [{ field, message: `kube_tag ${toTag} is older than the cluster's ${fromTag}` }];
  if (to.minor > from.minor) {
    const message = `kube_tag ${toTag}: masters of ${name} keep version ${fromTag}, and workers must not be newer than v1.${from.minor}`;
    return [{ field, message }];
  }
  return [];
}

function versionOf(tag: string | undefined): { readonly minor: number; readonly patch: number } | undefined {
  const [, minor, patch] = /^v?1\.([0-9]+)\.([0-9]+)/.exec(tag ?? "") ?? [];
  return minor === undefined || patch === undefined ? undefined : { minor: Number(minor), patch: Number(patch) };
}
