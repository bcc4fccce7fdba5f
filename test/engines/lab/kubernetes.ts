/**
 * A real Kubernetes API with its controllers and a scheduler, and nodes on paper. The programs are those that the variable
 * KUBEBUILDER_ASSETS names, as the community's envtest has it, or the compressed ones in ../shared/kubernetes.
 */
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { createBayIdentity } from "./bay-identity.ts";
import { startPaperNodes } from "./paper-nodes.ts";
import { findProgram, freePort, openLab, run, until } from "./processes.ts";
import type { Lab } from "./processes.ts";
import { writeClientCertificate, writeServerCertificate } from "./server-certificate.ts";
import type { CertificateFiles } from "./server-certificate.ts";
import type { Place } from "../place.ts";

const PROJECT = join(import.meta.dirname, "../../..");
const COMPRESSED = join(PROJECT, "../shared/kubernetes");
const UNPACKED = join(PROJECT, "node_modules/.cache/kubernetes");
const PROGRAMS = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"] as const;
const READY_WITHIN_MS = 90_000;

export function whyNoKubernetes(): string | undefined {
  const named = process.env["KUBEBUILDER_ASSETS"];
  if (named === undefined && !existsSync(COMPRESSED)) {
    return "KUBEBUILDER_ASSETS names no folder with kube-apiserver, kube-controller-manager and kube-scheduler";
  }
  if (named !== undefined && !PROGRAMS.every((name) => existsSync(join(named, name)))) {
    return `KUBEBUILDER_ASSETS (${named}) lacks one of ${PROGRAMS.join(", ")}`;
  }
  const missing = ["openssl", "curl", ...(named === undefined ? ["xz"] : [])].filter((name) => !findProgram(name));
  if (!findEtcd(named)) missing.push("etcd");
  return missing.length === 0
    ? undefined
    : `${missing.join(", ")} not found (Debian: etcd-server openssl curl xz-utils)`;
}

const findEtcd = (assets: string | undefined): string | undefined =>
  assets !== undefined && existsSync(join(assets, "etcd")) ? join(assets, "etcd") : findProgram("etcd");

/** The folder with the programs. */
export function findAssets(): string {
  const named = process.env["KUBEBUILDER_ASSETS"];
  if (named !== undefined) return named;
  mkdirSync(UNPACKED, { recursive: true });
  for (const name of PROGRAMS) {
    const path = join(UNPACKED, name);
    if (existsSync(path)) continue;
    const part = `${path}.${process.pid}`;
    const file = openSync(part, "w");
    execFileSync("xz", ["-dc", join(COMPRESSED, `${name}.xz`)], { stdio: ["ignore", file, "inherit"] });
    // A program that is open for writing cannot be run.
    closeSync(file);
    run("chmod", "+x", part);
    run("mv", part, path);
  }
  return UNPACKED;
}

export async function startKubernetes(): Promise<Place> {
  const lab = openLab();
  try {
    const assets = findAssets();
    const identity = await createBayIdentity();
    const server = await writeServerCertificate(identity, lab.folder, ["127.0.0.1", "10.254.0.1"]);
    const client = writeClientCertificate(identity, lab.folder);
    const port = await freePort();
    const url = `https://127.0.0.1:${port}`;
    const etcd = await startEtcd(lab, findEtcd(process.env["KUBEBUILDER_ASSETS"]) ?? "etcd");
    startApi(lab, assets, { etcd, port, server });
    const mutual = ["--cacert", client.authority, "--cert", client.certificate, "--key", client.key];
    await until(
      "kube-apiserver",
      async () => run("curl", "-sf", ...mutual, `${url}/readyz`) === "ok",
      READY_WITHIN_MS,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${lab.tail("kube-apiserver")}`);
    });
    await startControllers(lab, assets, writeKubeconfig(lab, url, client));
    // Pods are refused before their account is there.
    const account = `${url}/api/v1/namespaces/default/serviceaccounts/default`;
    await until("the default account", async () => run("curl", "-sf", ...mutual, account) !== "", READY_WITHIN_MS);
    const nodes = startPaperNodes({ url, authority: identity.authority, client: identity.client }, [
      "node-1",
      "node-2",
    ]);
    return {
      coe: "kubernetes",
      apiAddress: url,
      identity,
      client: identity.client,
      hasTls: true,
      strangersSee: "certificate",
      async close() {
        await nodes.stop();
        await lab.close();
      },
    };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

async function startEtcd(lab: Lab, program: string): Promise<string> {
  const [client, peer] = [await freePort(), await freePort()].map((port) => `http://127.0.0.1:${port}`);
  const data = join(lab.folder, "etcd");
  mkdirSync(data, { mode: 0o700 });
  lab.start("etcd", program, [
    "--data-dir",
    data,
    "--listen-client-urls",
    client ?? "",
    "--advertise-client-urls",
    client ?? "",
    "--listen-peer-urls",
    peer ?? "",
    "--initial-advertise-peer-urls",
    peer ?? "",
    "--initial-cluster",
    `default=${peer ?? ""}`,
  ]);
  return client ?? "";
}

interface ApiOptions {
  readonly etcd: string;
  readonly port: number;
  readonly server: CertificateFiles;
}

function startApi(lab: Lab, assets: string, { etcd, port, server }: ApiOptions): void {
  const key = join(lab.folder, "accounts.key");
  const publicKey = join(lab.folder, "accounts.pub");
  run("openssl", "genrsa", "-out", key, "2048");
  run("openssl", "rsa", "-in", key, "-pubout", "-out", publicKey);
  lab.start("kube-apiserver", join(assets, "kube-apiserver"), [
    `--etcd-servers=${etcd}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${port}`,
    `--client-ca-file=${server.authority}`,
    `--tls-cert-file=${server.certificate}`,
    `--tls-private-key-file=${server.key}`,
    "--service-cluster-ip-range=10.254.0.0/16",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-signing-key-file=${key}`,
    `--service-account-key-file=${publicKey}`,
    "--authorization-mode=Node,RBAC",
    "--endpoint-reconciler-type=none",
  ]);
}

async function startControllers(lab: Lab, assets: string, kubeconfig: string): Promise<void> {
  const common = [`--kubeconfig=${kubeconfig}`, "--leader-elect=false", "--bind-address=127.0.0.1", "--port=0"];
  const accounts = `--service-account-private-key-file=${join(lab.folder, "accounts.key")}`;
  const roots = `--root-ca-file=${join(lab.folder, "client-ca.crt")}`;
  const [managerPort, schedulerPort] = [await freePort(), await freePort()];
  lab.start("kube-controller-manager", join(assets, "kube-controller-manager"), [
    ...common,
    `--secure-port=${managerPort}`,
    accounts,
    roots,
  ]);
  lab.start("kube-scheduler", join(assets, "kube-scheduler"), [...common, `--secure-port=${schedulerPort}`]);
}

/** Where it was written. */
export function writeKubeconfig({ folder }: Pick<Lab, "folder">, url: string, client: CertificateFiles): string {
  const path = join(folder, "kubeconfig");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "bay", cluster: { server: url, "certificate-authority": client.authority } }],
    users: [{ name: "admin", user: { "client-certificate": client.certificate, "client-key": client.key } }],
    contexts: [{ name: "bay", context: { cluster: "bay", user: "admin" } }],
    "current-context": "bay",
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}
