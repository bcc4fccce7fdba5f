/**
 * What nodes of a bay fetch, by the versions that its labels name: addresses, and what each file is checked against. The
 * defaults and where they are known from are in versions.json; a version that is not known there is checked against the
 * file of checksums that its publisher has beside it, a label's digest goes before either.
 */
import { z } from "zod";
import type { SpecProblem } from "../../bay-type.ts";
import { httpsLabel, listLabel, textLabel } from "../../label.ts";
import data from "./versions.json" with { type: "json" };

/** A version as publishers write it in addresses. */
const versionLabel = z.string().regex(/^v?[0-9]+(\.[0-9]+){1,3}(-[0-9A-Za-z.]+)?$/, "must be a version such as v1.2.3");
const digestLabel = z.string().regex(/^[0-9a-f]{64}$/, "must be a SHA-256 checksum, 64 hexadecimal digits");

export const downloadLabels = {
  kube_tag: versionLabel.optional().describe(`version of Kubernetes; ${data.kubernetes.default} where none is named`),
  etcd_tag: versionLabel.optional().describe("version of etcd"),
  containerd_version: versionLabel.optional().describe("version of containerd, 2.0 or later"),
  containerd_tarball_url: httpsLabel.optional().describe("https address of containerd's archive, instead of its own"),
  containerd_tarball_sha256: digestLabel.optional().describe("SHA-256 checksum of containerd's archive"),
  runc_tag: versionLabel.optional().describe("version of runc"),
  cni_plugins_tag: versionLabel.optional().describe("version of the CNI plugins"),
  helm_client_tag: versionLabel.optional().describe("version of helm, which installs the network of pods"),
  helm_client_sha256: digestLabel.optional().describe("SHA-256 checksum of helm's archive"),
  flannel_tag: versionLabel.optional().describe("version of flannel, and of its chart"),
  calico_tag: versionLabel.optional().describe("version of calico, and of its operator's chart"),
  cilium_tag: versionLabel.optional().describe("version of cilium, and of its chart"),
  chart_sha256: digestLabel.optional().describe("SHA-256 checksum of that chart"),
  download_digests: listLabel
    .optional()
    .describe("SHA-256 checksums of what nodes fetch, as name=checksum, comma-separated"),
  download_mirror: httpsLabel
    .optional()
    .describe("https address below which all that nodes fetch is mirrored, by host and path"),
  container_infra_prefix: textLabel
    .optional()
    .describe("registry and path before the names of all images, instead of their publishers' own"),
  image_digests: listLabel
    .optional()
    .describe("images with tag and digest (name:tag@sha256:…) that nodes must have, comma-separated"),
};
const schema = z.object(downloadLabels);
export type DownloadLabels = z.infer<typeof schema>;

const KUBERNETES_PROGRAMS = ["kubelet", "kubeadm", "kubectl"] as const;
type Download = keyof typeof data.downloads;
type NetworkDriver = keyof typeof data.charts;
const DOWNLOADS: readonly string[] = [...KUBERNETES_PROGRAMS, ...Object.keys(data.downloads)];

export const networkDrivers: readonly string[] = Object.keys(data.charts);

export function kubernetesVersion(labels: DownloadLabels): string {
  return labels.kube_tag ?? data.kubernetes.default;
}

/** `NAME|ADDRESS|CHECKSUM` for each file, with blanks between: what node/fetch.sh reads. */
export function downloadsOf(labels: DownloadLabels): string {
  const digests = namedDigests(labels);
  const kubernetes = KUBERNETES_PROGRAMS.map((program) => {
    const version = kubernetesVersion(labels);
    const known: Readonly<Record<string, Readonly<Record<string, string>>>> = data.kubernetes.known;
    return entryOf(labels, program, {
      address: filled(data.kubernetes.address, { version, program }),
      digest: digests.get(program) ?? known[version]?.[program],
      checksums: filled(data.kubernetes.checksums, { version, program }),
    });
  });
  const others = Object.keys(data.downloads).map((name) => {
    const { default: preset, label, address, checksums, known } = data.downloads[name as Download];
    const version = (labels[label as keyof DownloadLabels] as string | undefined) ?? preset;
    const ownAddress = name === "containerd" ? labels.containerd_tarball_url : undefined;
    return entryOf(labels, name, {
      address: ownAddress ?? filled(address, { version }),
      digest: digests.get(name) ?? (ownAddress === undefined ? (known as Record<string, string>)[version] : undefined),
      checksums: filled(checksums, { version }),
    });
  });
  return [...kubernetes, ...others].join(" ");
}

function entryOf(
  labels: DownloadLabels,
  name: string,
  from: { readonly address: string; readonly digest: string | undefined; readonly checksums: string },
): string {
  const check = from.digest === undefined ? mirrored(from.checksums, labels) : `sha256:${from.digest}`;
  return `${name}|${mirrored(from.address, labels)}|${check}`;
}

/** `REPOSITORY|NAME|VERSION|CHECKSUM` of the chart of a network driver; without a checksum the repository's index counts. */
export function chartOf(driver: string, labels: DownloadLabels): string {
  const { default: preset, label, repository, chart } = data.charts[driver as NetworkDriver];
  const version = (labels[label as keyof DownloadLabels] as string | undefined) ?? preset;
  return [mirrored(repository, labels), chart, version, labels.chart_sha256 ?? ""].join("|");
}

export function imagesOf(labels: DownloadLabels) {
  const prefix = labels.container_infra_prefix;
  return {
    kube_image_repository: prefix?.replace(/\/+$/, ""),
    pause_image: `${prefix ?? "registry.k8s.io/"}pause:${data.pause}`,
    registry_image: `${prefix ?? "docker.io/library/"}registry:${data.registry}`,
    image_digests: labels.image_digests?.join(","),
    container_infra_prefix: prefix,
    download_mirror: labels.download_mirror?.replace(/\/+$/, ""),
  };
}

function mirrored(address: string, { download_mirror: mirror }: DownloadLabels): string {
  return mirror === undefined ? address : `${mirror.replace(/\/+$/, "")}/${address.replace("https://", "")}`;
}

function filled(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
}

function namedDigests(labels: DownloadLabels): ReadonlyMap<string, string> {
  const own: readonly (readonly [string, string | undefined])[] = [
    ["containerd", labels.containerd_tarball_sha256],
    ["helm", labels.helm_client_sha256],
    ...(labels.download_digests ?? []).map((entry): [string, string] => {
      const [name = "", digest = ""] = entry.split("=");
      return [name, digest];
    }),
  ];
  return new Map(own.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
}

/** What the labels' own forms do not show. */
export function checkDownloads(labels: DownloadLabels): readonly SpecProblem[] {
  const { leastMinor, mostMinor } = data.kubernetes;
  const problems: SpecProblem[] = [];
  const version = kubernetesVersion(labels);
  const minor = Number(/^v1\.([0-9]+)\.[0-9]+$/.exec(version)?.[1] ?? Number.NaN);
  if (!(minor >= leastMinor && minor <= mostMinor)) {
    const range = `v1.${leastMinor}.0 to v1.${mostMinor}`;
    problems.push({
      field: "labels.kube_tag",
      message: `kube_tag ${version} is not a version from ${range}, v included`,
    });
  }
  if (labels.containerd_version !== undefined && !/^[2-9]\./.test(labels.containerd_version)) {
    const message = `containerd_version ${labels.containerd_version} is not a version from 2.0, without v`;
    problems.push({ field: "labels.containerd_version", message });
  }
  if (labels.containerd_tarball_url !== undefined && !namedDigests(labels).has("containerd")) {
    const message =
      "containerd_tarball_url needs containerd_tarball_sha256: nothing else says what the archive is to be";
    problems.push({ field: "labels.containerd_tarball_sha256", message });
  }
  for (const entry of labels.download_digests ?? []) {
    const [name = "", digest = ""] = entry.split("=");
    if (!DOWNLOADS.includes(name) || !digestLabel.safeParse(digest).success) {
      const message = `download_digests ${entry} is not a name (${DOWNLOADS.join(", ")}), =, and a SHA-256 checksum`;
      problems.push({ field: "labels.download_digests", message });
    }
  }
  for (const image of labels.image_digests ?? []) {
    if (!/^[\w./:-]+:[\w.-]+@sha256:[0-9a-f]{64}$/.test(image)) {
      const message = `image_digests ${image} is not of the form name:tag@sha256:digest`;
      problems.push({ field: "labels.image_digests", message });
    }
  }
  return problems;
}
