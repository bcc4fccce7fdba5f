/** Other versions come to the masters of a bay where they stand, one after the other; etcd keeps what it has. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import type { Bay, Boot } from "./bay.ts";
import { openBay } from "./bay.ts";
import { NEWER_KUBERNETES, VERSIONS, withLabels } from "./publishers.ts";

const FIRST = "3f0c7c2e-8d3b-4d57-9f0e-5d2b8a6c1e47";
const AGAIN = "5b1d8d3f-9e4c-4e68-8a1f-6e3c9b7d2f58";
const MASTERS = ["master-0", "master-1"] as const;
const PODS = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"];

describe.each(["k8s_ubuntu_v1", "k8s_fedora_coreos_v1"])("other versions come to masters of %s", (name) => {
  let bay: Bay;
  let labels: Readonly<Record<string, string>> = {};
  const boots = new Map<string, Boot>();

  beforeAll(async () => {
    bay = await openBay(name, {
      bay(digests) {
        const wanted = withLabels(digests);
        ({ labels } = wanted);
        return { ...wanted, masterCount: 2, masterLbEnabled: true };
      },
    });
    for (const boot of await Promise.all(MASTERS.map((node) => bay.boot(node)))) boots.set(boot.name, boot);
  });
  afterAll(() => bay.close());

  const boot = (node: string): Boot => {
    const found = boots.get(`blue-${node}`);
    if (!found) throw new Error(node);
    return found;
  };
  /** What a run of the timer's service says; all masters have theirs, twice. */
  function follow(): string[] {
    const within = [
      "/usr/bin/env",
      "PATH=/stand-ins:/usr/sbin:/usr/bin:/sbin:/bin",
      "/bin/bash",
      "/etc/jeroboam/follow.sh",
    ];
    return MASTERS.flatMap((node) => [bay.run(node, ...within), bay.run(node, ...within)]);
  }
  const told = () =>
    bay
      .asked()
      .filter(({ method }) => method === "PUT")
      .map(({ path, body }) => [path.replace(/.*\/nodes\//, ""), JSON.parse(body) as Record<string, string>] as const);
  const callsOf = (node: string): string[] => bay.run(node, "cat", "/run/calls").split("\n");
  function etcdctl(node: string, ...words: string[]): string {
    const pki = "/etc/kubernetes/pki";
    const own = [`--cacert=${pki}/ca.crt`, `--cert=${pki}/server.crt`, `--key=${pki}/server.key`];
    const at = `--endpoints=https://${boot(node).address}:2379`;
    return bay.run(node, "/usr/bin/env", "ETCDCTL_API=3", "/opt/bin/etcdctl", ...own, at, ...words).trim();
  }
  /** The versions of the manifests, of kubeadm's configuration and of the programs. */
  function versionsOf(node: string): string[] {
    const { read } = boot(node);
    const images = PODS.map((pod) => /image: "[^"]*:([^":]+)"/.exec(read(`etc/kubernetes/manifests/${pod}.yaml`))?.[1]);
    const [, configured] = parseAllDocuments(read("etc/kubernetes/kubeadm.yaml")).map(
      (one) => one.toJS() as Record<string, unknown>,
    );
    const programs = ["kubelet", "kubeadm"].map((one) => /^# ?(v.*)$/m.exec(read(`opt/bin/${one}`))?.[1]);
    return [...new Set([...images, configured?.["kubernetesVersion"], ...programs].map(String))];
  }

  test("one that cannot says so once, with the reason, and is what it was", () => {
    etcdctl("master-0", "put", "kept", "by etcd");
    bay.offer({ ...labels, kube_tag: "v1.35.99" });
    bay.mark("master_upgrade", `${FIRST}.1`);
    const said = follow();
    expect(said.map((one) => /coming to \d/.test(one))).toEqual([false, false, true, false]);
    expect(told()).toEqual([
      [
        "blue-master-1",
        {
          master_upgrade: `${FIRST}.1`,
          failure: expect.stringMatching(/^programs: .*v1.35.99.*could not be fetched$/),
        },
      ],
    ]);
    for (const node of MASTERS) expect(versionsOf(node)).toEqual([VERSIONS.kubernetes]);
  });

  test("told again, it comes to them, once, and says so; the other goes on as it was", () => {
    bay.offer({ ...labels, kube_tag: NEWER_KUBERNETES });
    bay.mark("master_upgrade", `${AGAIN}.1`);
    const said = follow();
    expect(said.map((one) => /coming to \d/.test(one))).toEqual([false, false, true, false]);
    expect(told().slice(1)).toEqual([["blue-master-1", { master_upgrade: `${AGAIN}.1` }]]);
    expect(MASTERS.map(versionsOf)).toEqual([[VERSIONS.kubernetes], [NEWER_KUBERNETES]]);
    expect(callsOf("master-1").filter((call) => /^(?:kubeadm .*addon|helm)/.test(call))).toEqual([]);
  });

  test("the first master comes to them as well, and sees to what the bay has once", () => {
    bay.mark("master_upgrade", `${AGAIN}.0`);
    follow();
    expect(told().slice(2)).toEqual([["blue-master-0", { master_upgrade: `${AGAIN}.0` }]]);
    for (const node of MASTERS) expect(versionsOf(node)).toEqual([NEWER_KUBERNETES]);
    const kubeadm = callsOf("master-0").filter((call) => call.startsWith("kubeadm"));
    expect(kubeadm.slice(4).map((call) => call.replace(/ --config.*/, ""))).toEqual([
      "kubeadm config images pull",
      "kubeadm init phase control-plane all",
      "kubeadm init phase upload-config kubeadm",
      "kubeadm init phase addon all",
    ]);
    expect(callsOf("master-0").filter((call) => call.startsWith("helm"))).toHaveLength(1);
  });

  test("etcd, which was of the right version, went on with what it has; the kubelet was started anew", () => {
    for (const node of MASTERS) {
      expect(etcdctl(node, "get", "kept", "--print-value-only")).toBe("by etcd");
      expect(callsOf(node).filter((call) => call.endsWith("restart --no-block etcd"))).toHaveLength(1);
      expect(callsOf(node).filter((call) => call === "systemctl restart containerd")).toHaveLength(1);
      expect(callsOf(node).filter((call) => call === "systemctl restart kubelet")).toHaveLength(2);
      expect(boot(node).modeOf("etc/kubernetes/kubeadm.yaml")).toBe("600");
      expect(() => readFileSync(boot(node).pathOf("opt/next"))).toThrow("ENOENT");
    }
  });

  test("a mark of what is over changes nothing, whatever is offered", () => {
    bay.offer({ ...labels, kube_tag: "v1.35.99" });
    follow();
    expect(told()).toHaveLength(3);
    for (const node of MASTERS) expect(versionsOf(node)).toEqual([NEWER_KUBERNETES]);
  });
});
