/**
 * What may be upgraded of a Kubernetes bay. Workers are replaced by new ones. Masters hold etcd and the control plane on their
 * own disks: where their scripts know how, they come to other versions where they stand, one minor version of Kubernetes at a
 * time; elsewhere they keep theirs, and their workers take other patches of the same minor version. A kubelet must not be
 * newer than its API server.
 */
import type { BaySpec, MasterUpgradeType, SpecProblem, UpgradeScope, UpgradeType } from "../bay-type.ts";

export interface VersionKnowledge {
  readonly versionLabels: readonly string[];
  readonly checkSpec: (spec: BaySpec) => readonly SpecProblem[];
  /** The version that nodes get where no label says; absent: that of the image, which is not known here. */
  readonly defaultTag: string | undefined;
  /** In texts. */
  readonly name: string;
  /** Absent: masters keep their version. */
  readonly masters?: MasterUpgradeType;
}

/** What the newer template must have as the bay has it: these speak of more than its workers. */
const SHARED = {
  network_driver: "networkDriver",
  volume_driver: "volumeDriver",
  tls_disabled: "tlsDisabled",
  apiserver_port: "apiserverPort",
  external_network_id: "externalNetworkId",
} as const satisfies Readonly<Record<string, keyof BaySpec>>;

export function kubernetesUpgrade(knowledge: VersionKnowledge): UpgradeType {
  const { versionLabels, checkSpec, defaultTag, masters } = knowledge;
  return {
    versionLabels,
    checkUpgrade(from, to, scope) {
      const differing = Object.entries(SHARED).filter(([, key]) => from[key] !== to[key]);
      const tags = { from: from.labels["kube_tag"] ?? defaultTag, to: to.labels["kube_tag"] ?? defaultTag };
      return [
        ...differing.map(([field]) => ({ field, message: `${field} differs from the cluster's: an upgrade keeps it` })),
        ...checkStep(tags, scope, knowledge),
        ...checkSpec(to),
      ];
    },
    ...(masters && { masters }),
  };
}

interface Tags {
  readonly from: string | undefined;
  readonly to: string | undefined;
}

function checkStep(tags: Tags, scope: UpgradeScope, { name }: VersionKnowledge): readonly SpecProblem[] {
  const field = "labels.kube_tag";
  if (tags.from === tags.to) return [];
  const [from, to] = [versionOf(tags.from), versionOf(tags.to)];
  const refused = (message: string) => [{ field, message: `kube_tag ${tags.to ?? "of the image"}${message}` }];
  if (!from || !to) return refused(` cannot be compared with ${tags.from ?? "the image's"}`);
  if (to.minor < from.minor || (to.minor === from.minor && to.patch < from.patch))
    return refused(` is older than the cluster's ${tags.from}`);
  if (scope === "masters")
    return to.minor > from.minor + 1
      ? refused(`: from ${tags.from} masters go one minor version further, to v1.${from.minor + 1}`)
      : [];
  if (scope === "workers")
    return refused(
      `: masters are of version ${tags.from}, and workers must not be newer: upgrade both, or masters first`,
    );
  return to.minor > from.minor
    ? refused(`: masters of ${name} keep version ${tags.from}, and workers must not be newer than v1.${from.minor}`)
    : [];
}

function versionOf(tag: string | undefined): { readonly minor: number; readonly patch: number } | undefined {
  const [, minor, patch] = /^v?1\.([0-9]+)\.([0-9]+)/.exec(tag ?? "") ?? [];
  return minor === undefined || patch === undefined ? undefined : { minor: Number(minor), patch: Number(patch) };
}
