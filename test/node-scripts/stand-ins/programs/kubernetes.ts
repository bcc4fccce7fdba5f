/**
 * Stands in for the programs of Kubernetes as they were when they ran on a node's own systemd: `kubernetes.ts NAME OPTIONS`.
 * Each refuses an option that its version does not know and a file that it cannot read, and does of its work what other
 * nodes see: the API server answers those with a certificate of the bay while etcd answers it, a kubelet makes its node known.
 */
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { ask, bodyOf, callerOf, give, identityOf, note, optionsOf, persist, ready, serveMutually } from "./stand-in.ts";
import type { Identity } from "./stand-in.ts";

const [program = "", ...words] = process.argv.slice(2);
const version = readFileSync("/programs/kubernetes-version", "utf8").trim();
const minor = Number(version.split(".")[1]);

/** Of the options that each program has, those this service names; `before` the minor version in which one ended. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  "kube-apiserver": [
    "etcd-servers advertise-address bind-address service-cluster-ip-range allow-privileged service-account-key-file",
    "secure-port client-ca-file tls-cert-file tls-private-key-file etcd-cafile etcd-certfile etcd-keyfile v",
    "kubelet-client-certificate kubelet-client-key kubelet-certificate-authority authorization-mode cert-dir",
    "kubelet-preferred-address-types service-account-issuer service-account-signing-key-file insecure-port:24",
    "enable-admission-plugins insecure-bind-address:20",
  ],
  "kube-controller-manager": [
    "kubeconfig leader-elect use-service-account-credentials service-account-private-key-file root-ca-file v",
    "cloud-provider cloud-config",
  ],
  "kube-scheduler": ["kubeconfig leader-elect v"],
  "kube-proxy": ["kubeconfig hostname-override proxy-mode cluster-cidr v"],
  kubelet: [
    "kubeconfig hostname-override node-ip pod-manifest-path read-only-port cgroup-driver node-labels client-ca-file v",
    "register-with-taints anonymous-auth authorization-mode tls-cert-file tls-private-key-file cloud-provider cloud-config",
    "allow-privileged:15",
  ],
};
const known = (KNOWN[program] ?? give(`no program ${program}`))
  .flatMap((line) => line.split(" "))
  .map((entry) => entry.split(":"))
  .filter(([, ended]) => ended === undefined || minor < Number(ended))
  .map(([name = ""]) => name);

if (words[0] === "--version") {
  process.stdout.write(`Kubernetes ${version}\n`);
  process.exit(0);
}
if (words[0] === "--help") {
  process.stdout.write(`${known.map((name) => `      --${name} string   what it is`).join("\n")}\n`);
  process.exit(0);
}

note(`${program} ${words.join(" ")}`);
const options = optionsOf(words);
for (const name of options.keys()) if (!known.includes(name)) give(`unknown flag: --${name}`);
const option = (name: string): string => options.get(name) ?? give(`--${name} is missing`);
for (const [name, value] of options) {
  if (/(file|certificate|authority|kubeconfig|config)$/.test(name) && value.startsWith("/")) readFileSync(value);
}

if (program === "kube-apiserver") serveApi();
else await call();

function serveApi(): void {
  if (minor >= 20) option("service-account-issuer");
  const etcd = identityOf(option("etcd-cafile"), option("etcd-certfile"), option("etcd-keyfile"));
  const own = identityOf(option("client-ca-file"), option("tls-cert-file"), option("tls-private-key-file"));
  const objects = new Map<string, string>();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? "";
    const body = await bodyOf(request);
    note(`kube-apiserver answers ${callerOf(request)}: ${request.method ?? ""} ${path}`);
    if (path === "/healthz") {
      const [server = ""] = option("etcd-servers").split(",");
      const isUp = await ask(`${server}/health`, etcd).then(
        ({ status }) => status === 200,
        () => false,
      );
      response.writeHead(isUp ? 200 : 500).end(isUp ? "ok" : "etcd failed");
    } else if (request.method === "POST") {
      const { metadata } = JSON.parse(body) as { metadata: { name: string } };
      objects.set(`${path}/${metadata.name}`, body);
      response.writeHead(201).end(body);
    } else {
      response.writeHead(objects.has(path) ? 200 : 404).end(objects.get(path) ?? "");
    }
  };
  const server = serveMutually(own, (request, response) => void answer(request, response));
  server.listen(Number(option("secure-port")), option("bind-address"), ready);
}

/** What a program calls the API with, from its kubeconfig. */
function kubeconfig(): { readonly server: string; readonly identity: Identity } {
  const text = readFileSync(option("kubeconfig"), "utf8");
  const find = (pattern: RegExp): string => pattern.exec(text)?.[1] ?? give(`the kubeconfig has no ${pattern.source}`);
  return {
    server: find(/server: "([^"]+)"/),
    identity: identityOf(
      find(/certificate-authority: ([^,}]+)/),
      find(/client-certificate: ([^,}]+)/),
      find(/client-key: ([^,}]+)/),
    ),
  };
}

async function call(): Promise<void> {
  const { server, identity } = kubeconfig();
  ready();
  if (program === "kubelet") {
    const node = { apiVersion: "v1", kind: "Node", metadata: { name: option("hostname-override") } };
    identityOf(option("client-ca-file"), option("tls-cert-file"), option("tls-private-key-file"));
    await persist(async () => {
      const { status } = await ask(`${server}/api/v1/nodes`, identity, "POST", JSON.stringify(node));
      if (status !== 201 && status !== 409) throw new Error(`${status}`);
    });
  } else {
    await persist(() => ask(`${server}/version`, identity));
  }
  setInterval(() => {}, 1_000_000);
}
