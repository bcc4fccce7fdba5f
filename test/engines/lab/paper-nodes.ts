/** Kubelets on paper for a real Kubernetes API: nodes that are ready, pods bound to them that run, deletions that are confirmed. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import { text as readText } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { EngineEndpoint } from "@jeroboam/coe/engines/engine-http";

const PERIOD_MS = 250;
const CALL_MS = 5_000;
const HEARTBEAT_MS = 8_000;
const STRATEGIC = "application/strategic-merge-patch+json";

interface PaperPod {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string; readonly containers: readonly { name: string; image: string }[] };
  readonly status: { readonly phase: string };
}

export function startPaperNodes(endpoint: EngineEndpoint, names: readonly string[]): { stop: () => Promise<void> } {
  const stopped = new AbortController();
  const call = callerOf(endpoint);
  let addresses = 0;

  async function beat(): Promise<void> {
    for (const [index, name] of names.entries()) {
      const labels = { "kubernetes.io/hostname": name };
      await call("POST", "/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name, labels } });
      await call("PATCH", `/api/v1/nodes/${name}/status`, { status: nodeStatus(name, index) });
    }
  }

  async function tend(pod: PaperPod): Promise<void> {
    const { metadata, spec, status } = pod;
    if (spec.nodeName === undefined || !names.includes(spec.nodeName)) return;
    const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;
    if (metadata.deletionTimestamp !== undefined) await call("DELETE", path, { gracePeriodSeconds: 0 });
    else if (status.phase === "Pending") {
      addresses += 1;
      await call("PATCH", `${path}/status`, { status: podStatus(pod, names.indexOf(spec.nodeName), addresses) });
    }
  }

  async function run(): Promise<void> {
    let last = 0;
    while (!stopped.signal.aborted) {
      try {
        if (Date.now() - last > HEARTBEAT_MS) {
          await beat();
          last = Date.now();
        }
        const { items = [] } = (await call("GET", "/api/v1/pods")) as { items?: PaperPod[] };
        for (const pod of items) await tend(pod);
      } catch (error) {
        // The API may be on its way up or down; what matters is asked again.
        if (!stopped.signal.aborted) console.warn(`a node on paper: ${String(error)}`);
      }
      await sleep(PERIOD_MS);
    }
  }

  const running = run();
  return {
    async stop() {
      stopped.abort();
      await running;
    },
  };
}

function callerOf({ url, authority, client }: EngineEndpoint) {
  const agent = new https.Agent({
    keepAlive: true,
    ...(authority !== null && { ca: authority }),
    ...(client && { cert: client.certificate, key: client.privateKey }),
  });
  return async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const type = method === "PATCH" ? STRATEGIC : "application/json";
    const json = body === undefined ? "" : JSON.stringify(body);
    const request = https.request(new URL(path, url), {
      method,
      agent,
      // Node leaves the length of a deletion's body to be guessed.
      headers: { "content-type": type, "content-length": Buffer.byteLength(json) },
      signal: AbortSignal.timeout(CALL_MS),
    });
    request.end(json);
    const [reply] = (await once(request, "response")) as [IncomingMessage];
    return JSON.parse(await readText(reply)) as unknown;
  };
}

const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;

function nodeStatus(name: string, index: number): object {
  const size = { cpu: "2", memory: "4Gi", pods: "110" };
  const ready = { type: "Ready", status: "True", reason: "KubeletReady", message: "on paper" };
  return {
    capacity: size,
    allocatable: size,
    addresses: [
      { type: "InternalIP", address: `127.0.1.${index + 4}` },
      { type: "Hostname", address: name },
    ],
    conditions: [{ ...ready, lastHeartbeatTime: now(), lastTransitionTime: now() }],
    nodeInfo: {
      machineID: name,
      systemUUID: name,
      bootID: name,
      kernelVersion: "6",
      osImage: "paper",
      kubeletVersion: "v1.20.2",
      kubeProxyVersion: "v1.20.2",
      containerRuntimeVersion: "paper://1",
      operatingSystem: "linux",
      architecture: "amd64",
    },
  };
}

function podStatus({ spec }: PaperPod, node: number, address: number): object {
  const isStuck = spec.containers.some(({ image }) => /^[^/]*\.invalid\//.test(image));
  const conditions = ["Initialized", "Ready", "ContainersReady"].map((type) => ({
    type,
    status: isStuck && type !== "Initialized" ? "False" : "True",
    lastTransitionTime: now(),
  }));
  return {
    phase: isStuck ? "Pending" : "Running",
    hostIP: `127.0.1.${node + 4}`,
    podIP: `10.100.0.${(address % 250) + 1}`,
    startTime: now(),
    conditions,
    containerStatuses: spec.containers.map(({ name, image }) => ({
      name,
      image,
      imageID: "",
      ready: !isStuck,
      restartCount: 0,
      started: !isStuck,
      state: isStuck ? { waiting: { reason: "ErrImagePull" } } : { running: { startedAt: now() } },
    })),
  };
}
