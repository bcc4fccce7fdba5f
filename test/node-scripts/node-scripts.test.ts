/**
 * Nodes' boot scripts, run for real: as root, in namespaces of their own, with this system's programs, a real etcd, and
 * stand-ins for systemd and for what publishers have. Needs root, unshare, iproute2, openssl, curl and Debian's etcd-server
 * and etcd-client.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { fileTemplates } from "@jeroboam/coe/file-templates";
import { sampleBay } from "@jeroboam/coe/sample-bay";
import { seedBayTypes } from "@jeroboam/coe/seed-bay-types";
import { createAuthority } from "@jeroboam/core/certificate/authority";
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { systemRandom } from "@jeroboam/core/random/system-random";
import { publish, VERSIONS } from "./publishers.ts";
import { firstBootsOf } from "./user-data.ts";

const HOSTS = [
  "container.example.org",
  "identity.example.org",
  "cloud.test",
  "dl.k8s.io",
  "github.com",
  "get.helm.sh",
  "flannel-io.github.io",
  "charts.example.org",
  "download.docker.com",
];
const CALLBACK = "https://container.example.org/v1/callbacks/0123?proof=abc";
const openssl = (...words: string[]): string => execFileSync("openssl", words, { encoding: "utf8", stdio: "pipe" });

interface Asked {
  readonly host: string;
  readonly path: string;
  readonly body: string;
  readonly status: number;
}

interface Run {
  readonly folder: string;
  readonly status: number;
  readonly log: string;
  readonly asked: readonly Asked[];
  readonly calls: readonly string[];
  readonly after: (path: string) => string;
  readonly modeOf: (path: string) => string;
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

interface BootOptions {
  /** What is published is not what its checksum says. */
  readonly isTampered?: boolean;
  /** Files that the image holds, and what its user data says otherwise. */
  readonly image?: Readonly<Record<string, string>>;
  readonly published?: Readonly<Record<string, string>>;
  readonly replaced?: readonly (readonly [string, string])[];
}

async function boot(typeName: string, node: string, options: BootOptions = {}): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), "node-scripts-"));
  folders.push(folder);
  const at = (...names: string[]): string => join(folder, ...names);
  makeAuthorities(folder, await createAuthority({ clock: systemClock, random: systemRandom }, "blue"));
  const digests = publish(folder, { isTampered: options.isTampered ?? false });
  const bayType = seedBayTypes(fileTemplates()).find(({ name }) => name === typeName);
  if (!bayType) throw new Error(typeName);
  const bay = sampleBay({
    imageId: typeName.includes("ubuntu") ? "ubuntu-24.04" : "fedora-coreos-latest",
    completionUrl: CALLBACK,
    openstackCa: readFileSync(at("world-ca.crt"), "utf8"),
    nodeCount: 1,
    ...(typeName.startsWith("k8s_") && kubernetesOptions(digests)),
  });

  const firstBoot = (await firstBootsOf(bayType, bay)).get(`blue-${node}-0`);
  if (!firstBoot) throw new Error(`no user data for ${node}`);
  let address = "";
  for (const { path, mode, content } of firstBoot.files) {
    // The sandbox's own address, under which no name stands here.
    const replaced = [["http://cloud.test", "https://cloud.test"] as const, ...(options.replaced ?? [])];
    const text = replaced.reduce((all, [from, to]) => all.replaceAll(from, to), content);
    address = /NODE_IP='([^']+)'/.exec(text)?.[1] ?? address;
    mkdirSync(dirname(at("files", path)), { recursive: true });
    writeFileSync(at("files", path), text, { mode });
  }
  for (const [path, content] of Object.entries(options.image ?? {})) {
    mkdirSync(dirname(at("files", path)), { recursive: true });
    writeFileSync(at("files", path), content);
  }
  for (const [path, content] of Object.entries(options.published ?? {})) {
    mkdirSync(dirname(at("published", path)), { recursive: true });
    writeFileSync(at("published", path), content);
  }
  mkdirSync(at("root"));
  writeFileSync(at("hosts"), HOSTS.join("\n"));
  const words = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private"];
  const run = join(import.meta.dirname, "run.sh");
  const done = spawnSync("unshare", [...words, "bash", run, folder, firstBoot.start, address, process.execPath], {
    encoding: "utf8",
    timeout: 100_000,
  });
  if (done.status !== 0) throw new Error(`${done.stdout}${done.stderr}`);
  const lines = (path: string): string[] => readFileSync(path, "utf8").trim().split("\n");
  return {
    folder,
    status: Number(readFileSync(at("status"), "utf8")),
    log: readFileSync(at("boot.log"), "utf8"),
    asked: lines(at("asked.jsonl")).map((line) => JSON.parse(line) as Asked),
    calls: lines(at("after/run/calls")),
    after: (path) => readFileSync(at("after", path), "utf8"),
    modeOf: (path) => (statSync(at("after", path)).mode & 0o777).toString(8),
  };
}

const kubernetesOptions = (digests: Readonly<Record<string, string>>) => ({
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

/** The bay's, by the service's own code, and one for every name in the world. */
function makeAuthorities(folder: string, bay: { readonly certificate: string; readonly privateKey: string }): void {
  const at = (name: string): string => join(folder, name);
  writeFileSync(at("bay-ca.crt"), bay.certificate);
  writeFileSync(at("bay-ca.key"), bay.privateKey);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...key,
    "-keyout",
    at("world-ca.key"),
    "-out",
    at("world-ca.crt"),
    "-days",
    "2",
    "-subj",
    "/CN=world",
  );
  openssl("req", ...key, "-keyout", at("world.key"), "-out", at("world.csr"), "-subj", "/CN=world.test");
  writeFileSync(at("world.ext"), `subjectAltName=${HOSTS.map((host) => `DNS:${host}`).join(",")}`);
  const signing = ["-CA", at("world-ca.crt"), "-CAkey", at("world-ca.key"), "-CAcreateserial", "-days", "2"];
  openssl("x509", "-req", "-in", at("world.csr"), ...signing, "-extfile", at("world.ext"), "-out", at("world.crt"));
}

const signals = ({ asked }: Run) =>
  asked
    .filter(({ path }) => path.endsWith("/signal"))
    .map(({ body }) => JSON.parse(body) as { status: string; reason: string });
const callbacks = ({ asked }: Run) => asked.filter(({ path }) => path.startsWith("/v1/callbacks/"));

describe.each(["k8s_ubuntu_v1", "k8s_fedora_coreos_v1"])("a master of %s", (name) => {
  let run: Run;
  beforeAll(async () => void (run = await boot(name, "master")));

  test("is set up to the end, and says so to Heat once, and to the service", () => {
    expect([run.status, run.log]).toEqual([0, expect.stringContaining(" ready\n")]);
    expect(signals(run)).toEqual([expect.objectContaining({ status: "SUCCESS", reason: "blue-master-0 is set up" })]);
    expect(callbacks(run).map(({ path }) => path)).toEqual(["/v1/callbacks/0123?proof=abc"]);
    expect(JSON.parse(callbacks(run)[0]?.body ?? "")).toMatchObject({ node: "blue-master-0", status: "SUCCESS" });
  });

  test("has every program in its place, to be run", () => {
    const programs = ["kubelet", "kubeadm", "kubectl", "runc", "containerd", "ctr", "etcd", "etcdctl", "helm"];
    for (const program of programs) expect([program, run.modeOf(`opt/bin/${program}`)]).toEqual([program, "755"]);
    expect(run.modeOf("opt/cni/bin/bridge")).toBe("755");
  });

  test("keeps what is secret from all but root", () => {
    for (const file of ["heat-params", "node-params"]) expect(run.modeOf(`etc/sysconfig/${file}`)).toBe("600");
    for (const file of ["admin.conf", "kubelet.conf", "controller-manager.conf", "scheduler.conf", "kubeadm.yaml"]) {
      expect([file, run.modeOf(`etc/kubernetes/${file}`)]).toEqual([file, "600"]);
    }
    for (const key of ["server", "apiserver", "admin", "scheduler"]) {
      expect([key, run.modeOf(`etc/kubernetes/pki/${key}.key`)]).toEqual([key, "440"]);
    }
    expect(run.modeOf("etc/kubernetes/pki/sa.key")).toBe("600");
  });

  test("has certificates of the bay's authority, whose key never came", () => {
    const pki = join(run.folder, "after/etc/kubernetes/pki");
    expect(run.after("etc/kubernetes/pki/ca.crt").trim()).toBe(
      readFileSync(join(run.folder, "bay-ca.crt"), "utf8").trim(),
    );
    for (const one of ["server", "apiserver", "apiserver-kubelet-client", "front-proxy-client", "admin", "scheduler"]) {
      openssl("verify", "-CAfile", join(pki, "ca.crt"), join(pki, `${one}.crt`));
    }
    const names = openssl("x509", "-noout", "-ext", "subjectAltName", "-in", join(pki, "apiserver.crt"));
    for (const one of ["DNS:kubernetes.default.svc", "IP Address:10.254.0.1", "DNS:blue-master-0"])
      expect(names).toContain(one);
    expect(() => statSync(join(pki, "ca.key"))).toThrow("ENOENT");
  });

  test("has an etcd of one member, by its address, and the key of service accounts in it", () => {
    const members = JSON.parse(readFileSync(join(run.folder, "members.json"), "utf8")) as {
      members: { clientURLs: string[] }[];
    };
    expect(members.members).toHaveLength(1);
    expect(members.members[0]?.clientURLs[0]).toMatch(/^https:\/\/10\.0\.0\.\d+:2379$/);
    openssl("rsa", "-check", "-noout", "-in", join(run.folder, "after/etc/kubernetes/pki/sa.key"));
  });

  test("is told to kubeadm in a form that it reads", () => {
    const documents = parseAllDocuments(run.after("etc/kubernetes/kubeadm.yaml")).map(
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
    expect(parse(run.after("var/lib/kubelet/config.yaml"))).toMatchObject({
      clusterDNS: ["10.254.0.10"],
    });
  });

  test("takes no pods but those that bear with it, and says which group it is of", () => {
    const unit = run.after("etc/systemd/system/kubelet.service");
    expect(unit).toContain("--register-with-taints=node-role.kubernetes.io/control-plane:NoSchedule");
    expect(unit).toContain("magnum.openstack.org/nodegroup=default-master");
  });

  test("has a unit of each service, to start at each boot", () => {
    for (const unit of ["containerd", "etcd", "kubelet", "metadata-guard"]) {
      expect(run.after(`etc/systemd/system/${unit}.service`)).toMatch(/^ExecStart=\/\S+/m);
      expect(run.calls).toContain(`systemctl enable ${unit}`);
    }
  });
});

describe("a worker of k8s_ubuntu_v1", () => {
  let run: Run;
  beforeAll(async () => void (run = await boot("k8s_ubuntu_v1", "minion")));

  test("joins by its own certificate, and holds nothing of the control plane", () => {
    expect([run.status, signals(run)[0]?.status]).toEqual([0, "SUCCESS"]);
    const subject = openssl(
      "x509",
      "-noout",
      "-subject",
      "-in",
      join(run.folder, "after/etc/kubernetes/pki/server.crt"),
    );
    expect(subject).toContain("system:node:blue-minion-0");
    expect(() => run.after("etc/kubernetes/admin.conf")).toThrow("ENOENT");
    expect(run.asked.filter(({ path }) => path.includes("etcd"))).toEqual([]);
  });

  test("runs the registry as a pod, with the node's credential for root alone", () => {
    expect(parse(run.after("etc/kubernetes/manifests/registry.yaml"))).toMatchObject({ kind: "Pod" });
    expect(run.modeOf("etc/sysconfig/registry-config.yml")).toBe("600");
  });
});

test("a program that is not what its publisher's checksum says is not kept, and Heat hears which", async () => {
  const run = await boot("k8s_ubuntu_v1", "minion", { isTampered: true });
  expect(run.status).not.toBe(0);
  expect(signals(run)).toEqual([
    expect.objectContaining({
      status: "FAILURE",
      reason: expect.stringMatching(/programs: .*kubelet is not what its checksum says/),
    }),
  ]);
  expect(JSON.parse(callbacks(run)[0]?.body ?? "")).toMatchObject({ status: "FAILURE" });
  expect(() => run.after("opt/bin/kubelet")).toThrow("ENOENT");
});

describe("swarm mode", () => {
  const DOCKERS_OWN = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88";
  const image = { "etc/os-release": 'ID=ubuntu\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\n' };

  /** A key such as Docker's publisher signs with. */
  function makeKey(): { readonly armored: string; readonly fingerprint: string } {
    const home = mkdtempSync(join(tmpdir(), "node-scripts-gpg-"));
    folders.push(home);
    const gpg = (...words: string[]): string =>
      execFileSync("gpg", ["--homedir", home, "--batch", "--passphrase", "", ...words], {
        encoding: "utf8",
        stdio: "pipe",
      });
    gpg("--quick-generate-key", "docker@example.org", "ed25519", "sign");
    const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(gpg("--list-keys", "--with-colons"))?.[1] ?? "";
    const armored = gpg("--armor", "--export");
    execFileSync("gpgconf", ["--homedir", home, "--kill", "all"]);
    return { armored, fingerprint };
  }

  test("a manager has Docker of one version, listens to those of the bay alone, and makes the swarm", async () => {
    const { armored, fingerprint } = makeKey();
    const run = await boot("swarm_mode_ubuntu_v1", "master", {
      image,
      published: { "download.docker.com/linux/ubuntu/gpg": armored },
      replaced: [[DOCKERS_OWN, fingerprint]],
    });
    expect([run.status, run.log]).toEqual([0, expect.stringContaining(" ready\n")]);
    expect(signals(run)[0]?.status).toBe("SUCCESS");
    expect(run.after("etc/apt/sources.list.d/docker.list")).toBe(
      "deb [arch=amd64 signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/ubuntu noble stable\n",
    );
    const install = run.calls.find((call) => call.startsWith("apt-get") && call.includes(" install "));
    expect(install).toMatch(
      / docker-ce=5:28\.5\.2-1~ubuntu\.24\.04~noble .*containerd\.io=1\.7\.28-1~ubuntu\.24\.04~noble$/,
    );
    const unit = run.after("etc/systemd/system/docker.service.d/bay.conf");
    expect(unit).toContain("-H tcp://0.0.0.0:2376 --tlsverify --tlscacert=/etc/docker/ca.crt");
    expect(
      run.calls.some((call) =>
        /^docker swarm init --advertise-addr 10\.0\.0\.\d+ --default-addr-pool 10\.100/.test(call),
      ),
    ).toBe(true);
  });

  test("packages that another key signs are not installed, and Heat hears why", async () => {
    const run = await boot("swarm_mode_ubuntu_v1", "node", {
      image,
      published: { "download.docker.com/linux/ubuntu/gpg": makeKey().armored },
    });
    expect(signals(run)).toEqual([
      expect.objectContaining({ status: "FAILURE", reason: expect.stringContaining("is not the one it should be") }),
    ]);
    expect(run.calls.filter((call) => call.startsWith("apt-get"))).toEqual([]);
  });
});
