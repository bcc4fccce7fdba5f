/**
 * Container resources by a user's own means: `npm start`, the API over HTTP, and for Kubernetes the real kubectl with a
 * certificate from the certificates API. Kubernetes, Swarm and Mesos bays of the sandbox, whose engines answer over TLS.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JeroboamProcess } from "./jeroboam-process.ts";
import { startJeroboam, waitFor } from "./jeroboam-process.ts";
import type { Session } from "./sandbox-client.ts";
import { login } from "./sandbox-client.ts";

const run = promisify(execFile);
const BAY_WITHIN_MS = 90_000;
const WITHIN_MS = 30_000;
const TEST_WITHIN_MS = 240_000;

let data = "";
let jeroboam: JeroboamProcess;
let session: Session;

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), "jeroboam-e2e-"));
  jeroboam = await startJeroboam({ data });
  session = await login(jeroboam.keystoneUrl);
});

afterAll(async () => {
  await jeroboam.stop();
  rmSync(data, { recursive: true });
});

interface Shown {
  readonly uuid: string;
  readonly name: string;
  readonly status: string;
  readonly status_reason: string | null;
  readonly [name: string]: unknown;
}

const get = <Value = Shown>(path: string): Promise<Value> => session.get<Value>(`${jeroboam.apiUrl}${path}`);

async function send<Value = Shown>(method: string, path: string, body?: unknown): Promise<Value> {
  const reply = await session.send(method, `${jeroboam.apiUrl}${path}`, body);
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as Value;
}

async function makeBay(name: string, model: object): Promise<Shown> {
  const options = { keypair_id: "default", external_network_id: "public", ...model };
  const { uuid: baymodel_id } = await send("POST", "/baymodels", { name: `model of ${name}`, ...options });
  const { uuid } = await send("POST", "/bays", { name, baymodel_id, node_count: 1 });
  let bay = await get(`/bays/${uuid}`);
  await waitFor(
    async () => {
      bay = await get(`/bays/${uuid}`);
      if (bay.status.endsWith("_FAILED")) throw new Error(`${bay.status}: ${bay.status_reason}`);
      return bay.status === "CREATE_COMPLETE";
    },
    BAY_WITHIN_MS,
    300,
  );
  return bay;
}

async function untilShown(path: string, wanted: object): Promise<void> {
  let last: unknown;
  const isSo = async (): Promise<boolean> => {
    last = await get(path);
    return Object.entries(wanted).every(([name, value]) => (last as Shown)[name] === value);
  };
  try {
    await waitFor(isSo, WITHIN_MS, 200);
  } catch (cause) {
    throw new Error(`${path} never was ${JSON.stringify(wanted)}, but ${JSON.stringify(last)}`, { cause });
  }
}

/** kubectl as whoever has a certificate of the bay: made by openssl, signed by the certificates API. */
async function kubectlOf(bay: Shown): Promise<(...words: string[]) => Promise<string>> {
  const at = (name: string): string => join(data, name);
  const subject = "/O=system:masters/CN=admin";
  const request = ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", at("key.pem"), "-subj", subject];
  const { stdout: csr } = await run("openssl", request);
  const { pem } = await send<{ pem: string }>("POST", "/certificates", { bay_uuid: bay.uuid, csr });
  const { pem: authority } = await get<{ pem: string }>(`/certificates/${bay.uuid}`);
  writeFileSync(at("cert.pem"), pem);
  writeFileSync(at("ca.pem"), authority);
  const login = { "certificate-authority": "ca", "client-certificate": "cert", "client-key": "key" };
  const options = Object.entries(login).map(([option, file]) => `--${option}=${at(`${file}.pem`)}`);
  return async (...words) => {
    const all = [`--server=${String(bay["api_address"])}`, "--kubeconfig=/dev/null", ...options, ...words];
    return (await run("kubectl", all, { env: { PATH: process.env["PATH"], HOME: data } })).stdout;
  };
}

const kubectl = await run("kubectl", ["version", "--client"]).then(
  () => true,
  () => false,
);
if (!kubectl) console.warn("kubectl's part is skipped: apt-get install kubernetes-client");

const manifest = (kind: string, name: string, spec: object): string =>
  JSON.stringify({ apiVersion: "v1", kind, metadata: { name, labels: { app: name } }, spec });

const CONTAINERS = [{ name: "one", image: "nginx" }];

describe("a Kubernetes bay", () => {
  test(
    "runs a pod, a service and a replication controller, as kubectl sees them too",
    async () => {
      const bay = await makeBay("k8s", { coe: "kubernetes", image_id: "fedora-21-atomic-3" });
      const inBay = (collection: string, text: string) =>
        send("POST", `/${collection}`, { bay_uuid: bay.uuid, manifest: text });
      const pod = await inBay("pods", manifest("Pod", "web", { containers: CONTAINERS }));
      const service = await inBay(
        "services",
        manifest("Service", "fe", { ports: [{ port: 80 }], selector: { app: "fe" } }),
      );
      const template = { metadata: { labels: { app: "fe" } }, spec: { containers: CONTAINERS } };
      await inBay("rcs", manifest("ReplicationController", "fe", { replicas: 2, selector: { app: "fe" }, template }));

      await untilShown(`/pods/${pod.uuid}/${bay.uuid}`, { status: "Running", status_reason: null });
      expect((await get(`/pods/web/k8s`))["host"]).not.toBeNull();
      await untilShown(`/rcs/fe/?bay_ident=k8s`, { replicas: 2, status_reason: null });
      expect((await get(`/services/${service.uuid}/k8s`))["ip"]).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
      if (!kubectl) return;

      const kube = await kubectlOf(bay);
      const names = async (...words: string[]): Promise<string[]> =>
        (await kube("get", "pods", "-o", "name", ...words)).trim().split("\n").toSorted();
      expect(await names()).toHaveLength(3);
      expect(await names("-l", "app=web")).toEqual(["pod/web"]);
      const before = await names("-l", "app=fe");
      expect(before).toHaveLength(2);

      const [victim = ""] = before;
      await kube("delete", victim, "--wait=false");
      await waitFor(
        async () => {
          const now = await names("-l", "app=fe");
          return now.length === 2 && !now.includes(victim);
        },
        WITHIN_MS,
        300,
      );
      await untilShown(`/rcs/fe/?bay_ident=k8s`, { replicas: 2, status_reason: null });

      await kube("delete", "pod", "web", "--wait=false");
      await untilShown(`/pods/${pod.uuid}/${bay.uuid}`, { status: "Missing" });
      await send("DELETE", `/pods/web/k8s`);
      expect(await get("/pods")).toEqual({ pods: [] });

      // With the bay goes all that is in it.
      await send("DELETE", `/bays/${bay.uuid}`);
      const bays = async () => (await get<{ bays: Shown[] }>("/bays")).bays;
      await waitFor(async () => (await bays()).every(({ uuid }) => uuid !== bay.uuid), BAY_WITHIN_MS, 300);
      expect(await get("/services")).toEqual({ services: [] });
    },
    TEST_WITHIN_MS,
  );
});

describe("a Swarm bay", () => {
  test(
    "runs a container, gives its logs and what a command prints, and pauses it",
    async () => {
      const bay = await makeBay("swarm", { coe: "swarm", image_id: "fedora-21-atomic-3" });
      const wish = { name: "box", image: "busybox", bay_uuid: bay.uuid, command: "sleep 1000", memory: "64m" };
      const box = await send("POST", "/containers", wish);
      const item = `/containers/${box.uuid}`;
      await untilShown(item, { status: "Stopped", status_reason: null });
      await send("PUT", `${item}/start`);
      await untilShown(item, { status: "Running" });
      expect(await get(`${item}/logs`)).toEqual({ output: expect.any(String) });
      expect(await send("PUT", `${item}/execute?command=echo+hello`)).toEqual({ output: expect.any(String) });
      await send("PUT", `${item}/pause`);
      await untilShown(item, { status: "Paused" });
      await send("DELETE", item);
      expect(await get("/containers")).toEqual({ containers: [] });
    },
    TEST_WITHIN_MS,
  );
});

describe("a Mesos bay", () => {
  test(
    "runs a container, and says what it cannot do",
    async () => {
      const bay = await makeBay("mesos", { coe: "mesos", image_id: "ubuntu-14.04-mesos" });
      const wish = { name: "task", image: "busybox", bay_uuid: bay.uuid, command: "sleep 1000" };
      const item = `/containers/${(await send("POST", "/containers", wish)).uuid}`;
      await send("PUT", `${item}/start`);
      await untilShown(item, { status: "Running" });
      await expect(send("PUT", `${item}/pause`)).rejects.toThrow("a mesos bay cannot pause a container");
      await send("DELETE", item);
    },
    TEST_WITHIN_MS,
  );
});
