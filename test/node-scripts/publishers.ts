/** Stand-ins for what publishers have: programs that note how they are called, in the archives nodes know, with checksums. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Another one that is published, which a bay may come to. */
export const NEWER_KUBERNETES = "v1.35.3";
export const VERSIONS = { kubernetes: "v1.35.1", etcd: "v3.5.26", containerd: "2.2.3", runc: "v1.3.4" } as const;

const noted = (name: string): string => `#!/bin/sh\necho "${name} $*" >>/run/calls\n`;
/** One that systemd starts goes on, and says that it does. */
const served = (name: string): string => `${noted(name)}: >"$READY_FILE"\nexec sleep 1000000\n`;
/** Manifests as kubeadm begins them. */
const kubeadm = (version: string): string => `${noted("kubeadm")}# ${version}
case "$*" in *control-plane\\ all*)
  mkdir -p /etc/kubernetes/manifests
  version=$(sed -n 's/^kubernetesVersion: //p' /etc/kubernetes/kubeadm.yaml)
  for name in kube-apiserver kube-controller-manager kube-scheduler; do
    printf 'apiVersion: v1\\nkind: Pod\\nmetadata:\\n  labels:\\n    component: %s\\n    tier: control-plane\\n  name: %s\\nspec:\\n  containers: [{image: "registry.k8s.io/%s:%s"}]\\n' $name $name $name "$version" \\
      >/etc/kubernetes/manifests/$name.yaml
  done ;;
esac
`;
/** As if each pod of the control plane were what its manifest says, and ready; the kubelet is the program that there is. */
const KUBECTL = `${noted("kubectl")}served() { sed -n 's/.*image: "\\(.*\\)".*/\\1/p' /etc/kubernetes/manifests/kube-*.yaml; }
case "$*" in
  *'--raw /version') printf '{\\n  "gitVersion": "%s"\\n}\\n' "$(served | sed -n 's/.*apiserver://p')" ;;
  *'--selector tier=control-plane'*) served | sed 's/$/ True/' ;;
  *nodeInfo.kubeletVersion*) echo "$(sed -n 's/^# //p' /opt/bin/kubelet) True" ;;
  *--selector\\ jeroboam/authority=*)
    mark=\${*#*jeroboam/authority=}
    for file in /etc/kubernetes/manifests/kube-*.yaml; do
      if grep -q "^    jeroboam/authority: \${mark%% *}$" "$file"; then printf 'True '; fi
    done ;;
  *'--namespace kube-system get daemonsets,deployments'*) echo daemonset.apps/kube-proxy ;;
esac
`;

export const digestOf = (content: string | Buffer): string => createHash("sha256").update(content).digest("hex");

/** Everything below `folder/published`, by host and path; gives the digests that a bay's label names. */
export function publish(folder: string, { isTampered }: { readonly isTampered: boolean }): Record<string, string> {
  const place = (address: string): string => {
    const path = join(folder, "published", address);
    mkdirSync(dirname(path), { recursive: true });
    return path;
  };
  const put = (address: string, content: string | Buffer): void => writeFileSync(place(address), content);
  for (const version of [VERSIONS.kubernetes, NEWER_KUBERNETES]) {
    const kubernetes = `dl.k8s.io/release/${version}/bin/linux/amd64`;
    for (const [name, content] of Object.entries({
      kubelet: served("kubelet").replace("\n", `\n# ${version}\n`),
      kubeadm: kubeadm(version),
      kubectl: KUBECTL,
    })) {
      put(`${kubernetes}/${name}`, isTampered && name === "kubelet" ? `${content}# and more\n` : content);
      put(`${kubernetes}/${name}.sha256`, digestOf(content));
    }
  }
  const archive = (address: string, files: Readonly<Record<string, string | { readonly from: string }>>): Buffer => {
    const tree = join(folder, "tree");
    rmSync(tree, { recursive: true, force: true });
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(tree, path)), { recursive: true });
      if (typeof content === "string") writeFileSync(join(tree, path), content);
      else copyFileSync(content.from, join(tree, path));
      chmodSync(join(tree, path), 0o755);
    }
    execFileSync("tar", [
      "--create",
      "--gzip",
      `--file=${place(address)}`,
      `--directory=${tree}`,
      ...readdirSync(tree),
    ]);
    return readFileSync(place(address));
  };
  const github = "github.com";
  const etcd = `${github}/etcd-io/etcd/releases/download/${VERSIONS.etcd}/etcd-${VERSIONS.etcd}-linux-amd64.tar.gz`;
  const top = `etcd-${VERSIONS.etcd}-linux-amd64`;
  const content = archive(etcd, {
    [`${top}/etcd`]: { from: "/usr/bin/etcd" },
    [`${top}/etcdctl`]: { from: "/usr/bin/etcdctl" },
  });
  put(join(dirname(etcd), "SHA256SUMS"), `${"0".repeat(64)}  other.tar.gz\n${digestOf(content)}  ${basename(etcd)}\n`);
  const version = VERSIONS.containerd;
  const containerd = `${github}/containerd/containerd/releases/download/v${version}/containerd-${version}-linux-amd64.tar.gz`;
  const programs = { "bin/containerd": served("containerd"), "bin/ctr": noted("ctr") };
  put(`${containerd}.sha256sum`, `${digestOf(archive(containerd, programs))}  ${basename(containerd)}\n`);
  const runc = `${github}/opencontainers/runc/releases/download/${VERSIONS.runc}`;
  put(`${runc}/runc.amd64`, noted("runc"));
  put(`${runc}/runc.sha256sum`, `${digestOf(noted("runc"))} *runc.amd64\n`);
  const plugins = archive(
    `${github}/containernetworking/plugins/releases/download/v1.8.0/cni-plugins-linux-amd64-v1.8.0.tgz`,
    {
      bridge: noted("bridge"),
    },
  );
  const helm = archive("get.helm.sh/helm-v3.18.4-linux-amd64.tar.gz", { "linux-amd64/helm": noted("helm") });
  const chart = archive("charts.example.org/flannel.tgz", { "flannel/Chart.yaml": "name: flannel\n" });
  put("flannel-io.github.io/flannel/index.yaml", indexOf(digestOf(chart)));
  return { "cni-plugins": digestOf(plugins), helm: digestOf(helm) };
}

/** As Helm writes it: keys by alphabet, maintainers with names of their own. */
const indexOf = (digest: string): string => `apiVersion: v1
entries:
  flannel:
  - apiVersion: v2
    digest: ${"0".repeat(64)}
    name: flannel
    urls:
    - https://charts.example.org/newer.tgz
    version: v0.27.0
  - apiVersion: v2
    created: "2025-05-06T10:00:00Z"
    digest: ${digest}
    maintainers:
    - email: somebody@example.org
      name: somebody
    name: flannel
    urls:
    - https://charts.example.org/flannel.tgz
    version: v0.26.7
`;

/** A bay whose labels name what is published here. */
export const withLabels = (digests: Readonly<Record<string, string>>) => ({
  registryEnabled: true,
  labels: {
    kube_tag: VERSIONS.kubernetes,
    etcd_tag: VERSIONS.etcd,
    containerd_version: VERSIONS.containerd,
    runc_tag: VERSIONS.runc,
    download_digests: Object.entries(digests)
      .map((entry) => entry.join("="))
      .join(","),
    kubelet_options: "--v=2",
    kubeapi_options: "--profiling=false --allow-metric-labels",
  },
});
