/** The boot scripts of the Kubernetes types of today: a master, and a worker that joins it. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import type { Bay, Boot } from "./bay.ts";
import { callbacks, openBay, openssl, signals } from "./bay.ts";
import { expectSecretsKept, expectSetUp, expectUnits } from "./expectations.ts";
import { VERSIONS, withLabels } from "./publishers.ts";

describe.each(["k8s_ubuntu_v1", "k8s_fedora_coreos_v1"])("a master of %s", (name) => {
  let bay: Bay;
  let run: Boot;
  beforeAll(async () => {
    bay = await openBay(name, { bay: withLabels });
    run = await bay.boot("master-0");
  });
  afterAll(() => bay.close());

  test("is set up to the end, and says so to Heat once, and to the service", () => expectSetUp(run));

  test("has every program in its place, to be run", () => {
    const programs = ["kubelet", "kubeadm", "kubectl", "runc", "containerd", "ctr", "etcd", "etcdctl", "helm"];
    for (const program of programs) expect([program, run.modeOf(`opt/bin/${program}`)]).toEqual([program, "755"]);
    expect(run.modeOf("opt/cni/bin/bridge")).toBe("755");
  });

  test("keeps what is secret from all but root", () => {
    expectSecretsKept(run);
    for (const file of ["admin.conf", "kubelet.conf", "controller-manager.conf", "scheduler.conf", "kubeadm.yaml"]) {
      expect([file, run.modeOf(`etc/kubernetes/${file}`)]).toEqual([file, "600"]);
    }
    for (const key of ["server", "apiserver", "admin", "scheduler"]) {
      expect([key, run.modeOf(`etc/kubernetes/pki/${key}.key`)]).toEqual([key, "440"]);
    }
    expect(run.modeOf("etc/kubernetes/pki/sa.key")).toBe("600");
  });

  test("has certificates of the bay's authority, whose key never came", () => {
    const pki = run.pathOf("etc/kubernetes/pki");
    expect(readFileSync(join(pki, "ca.crt"), "utf8").trim()).toBe(bay.certificate.trim());
    for (const one of ["server", "apiserver", "apiserver-kubelet-client", "front-proxy-client", "admin", "scheduler"]) {
      openssl("verify", "-CAfile", join(pki, "ca.crt"), join(pki, `${one}.crt`));
    }
    const names = openssl("x509", "-noout", "-ext", "subjectAltName", "-in", join(pki, "apiserver.crt"));
    for (const one of ["DNS:kubernetes.default.svc", "IP Address:10.254.0.1", "DNS:blue-master-0"])
      expect(names).toContain(one);
    expect(() => statSync(join(pki, "ca.key"))).toThrow("ENOENT");
  });

  test("has an etcd of one member, by its address, and the key of service accounts in it", () => {
    const pki = "/etc/kubernetes/pki";
    const own = ["--cacert", `${pki}/ca.crt`, "--cert", `${pki}/server.crt`, "--key", `${pki}/server.key`];
    const members = bay.run("master-0", "curl", "--silent", ...own, `https://${run.address}:2379/v2/members`);
    expect(JSON.parse(members)).toEqual({
      members: [expect.objectContaining({ clientURLs: [`https://${run.address}:2379`] })],
    });
    openssl("rsa", "-check", "-noout", "-in", run.pathOf(`${pki}/sa.key`));
  });

  test("is told to kubeadm in a form that it reads", () => {
    const documents = parseAllDocuments(run.read("etc/kubernetes/kubeadm.yaml")).map(
      (one) => one.toJS() as Record<string, unknown>,
    );
    expect(documents.map(({ kind }) => kind)).toEqual([
      "InitConfiguration",
      "ClusterConfiguration",
      "KubeProxyConfiguration",
    ]);
    expect(documents[1]).toMatchObject({
      kubernetesVersion: VERSIONS.kubernetes,
      networking: { podSubnet: "10.100.0.0/16", serviceSubnet: "10.254.0.0/16" },
      apiServer: {
        extraArgs: expect.arrayContaining([
          { name: "profiling", value: "false" },
          { name: "allow-metric-labels", value: "true" },
        ]),
      },
    });
    const kubeadm = run.calls.filter((call) => call.startsWith("kubeadm"));
    expect(kubeadm.map((call) => call.replace(/ --config.*/, ""))).toEqual([
      "kubeadm init phase control-plane all",
      "kubeadm init phase mark-control-plane",
      "kubeadm init phase upload-config kubeadm",
      "kubeadm init phase addon all",
    ]);
    const chart = run.calls.find((call) => call.startsWith("helm"));
    expect(chart).toContain("upgrade --install flannel /var/cache/jeroboam/chart.tgz --namespace kube-flannel");
    expect(parse(run.read("var/lib/kubelet/config.yaml"))).toMatchObject({
      clusterDNS: ["10.254.0.10"],
    });
  });

  test("takes no pods but those that bear with it, and says which group it is of", () => {
    const unit = run.read("etc/systemd/system/kubelet.service");
    expect(unit).toContain("--register-with-taints=node-role.kubernetes.io/control-plane:NoSchedule");
    expect(unit).toContain("magnum.openstack.org/nodegroup=default-master");
  });

  test("has a unit of each service, to start at each boot", () => {
    expectUnits(bay, "master-0", run, ["containerd", "etcd", "kubelet", "metadata-guard"]);
  });
});

describe("a worker of k8s_ubuntu_v1", () => {
  let bay: Bay;
  let run: Boot;
  beforeAll(async () => {
    bay = await openBay("k8s_ubuntu_v1", { bay: withLabels });
    run = await bay.boot("minion-0");
  });
  afterAll(() => bay.close());

  test("joins by its own certificate, and holds nothing of the control plane", () => {
    expect([run.status, signals(run)[0]?.status]).toEqual([0, "SUCCESS"]);
    const subject = openssl("x509", "-noout", "-subject", "-in", run.pathOf("etc/kubernetes/pki/server.crt"));
    expect(subject).toContain("system:node:blue-minion-0");
    expect(() => run.read("etc/kubernetes/admin.conf")).toThrow("ENOENT");
    expect(run.asked.filter(({ path }) => path.includes("etcd"))).toEqual([]);
  });

  test("runs the registry as a pod, with the node's credential for root alone", () => {
    expect(parse(run.read("etc/kubernetes/manifests/registry.yaml"))).toMatchObject({ kind: "Pod" });
    expect(run.modeOf("etc/sysconfig/registry-config.yml")).toBe("600");
  });
});

test("a program that is not what its publisher's checksum says is not kept, and Heat hears which", async () => {
  const bay = await openBay("k8s_ubuntu_v1", { bay: withLabels, isTampered: true });
  const run = await bay.boot("minion-0");
  expect(run.status).not.toBe(0);
  expect(signals(run)).toEqual([
    expect.objectContaining({
      status: "FAILURE",
      reason: expect.stringMatching(/programs: .*kubelet is not what its checksum says/),
    }),
  ]);
  expect(JSON.parse(callbacks(run)[0]?.body ?? "")).toMatchObject({ status: "FAILURE" });
  expect(() => run.read("opt/bin/kubelet")).toThrow("ENOENT");
  await bay.close();
});
