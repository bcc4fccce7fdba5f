/** A project as somebody of 2015 has it: bay models and ready bays of every COE, and something in each of them. */
import type { Coe } from "@jeroboam/core/bay-model/bay-model";
import type { JsonObject } from "@jeroboam/core/json";
import { BAY_MODEL, createHarness, shown } from "../api-harness.ts";
import type { Harness } from "../api-harness.ts";
import { conductContainers } from "../conductor.ts";

export interface World extends Harness {
  /** Uuids by names, for paths and bodies. */
  readonly ids: Readonly<Record<string, string>>;
  /** Does what conductors do to containers; with `looks`, also those by schedule. */
  conduct(looks?: boolean): Promise<void>;
}

export const POD_MANIFEST = JSON.stringify({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web", labels: { app: "web" } },
  spec: { containers: [{ name: "n", image: "nginx" }] },
});

export const SERVICE_MANIFEST = JSON.stringify({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "fe", labels: { app: "fe" } },
  spec: { ports: [{ port: 80, targetPort: 8080, protocol: "TCP" }], selector: { app: "fe" } },
});

export const RC_MANIFEST = JSON.stringify({
  apiVersion: "v1",
  kind: "ReplicationController",
  metadata: { name: "fe" },
  spec: {
    replicas: 2,
    selector: { app: "fe" },
    template: { metadata: { labels: { app: "fe" } }, spec: { containers: [{ name: "n", image: "nginx" }] } },
  },
});

/** The same manifest under another name. */
export function named(manifest: string, name: string): string {
  const read = JSON.parse(manifest) as { metadata: object };
  return JSON.stringify({ ...read, metadata: { ...read.metadata, name } });
}

const ADDRESSES: Readonly<Record<Coe, string>> = {
  kubernetes: "https://172.24.4.10:6443",
  swarm: "https://172.24.4.11:2376",
  "swarm-mode": "https://172.24.4.12:2376",
  mesos: "172.24.4.13",
};

export async function createWorld(): Promise<World> {
  const api = createHarness();
  const ids: Record<string, string> = {};
  const make = async (id: string, path: string, body: JsonObject, as: "memberA" | "memberB" = "memberA") => {
    const answer = await api.call("POST", path, { body, as });
    if (answer.status !== 201) throw new Error(`${id}: ${answer.status} ${JSON.stringify(answer.body)}`);
    ids[id] = shown(answer.body).uuid;
  };
  const conduct = (looks?: boolean) => conductContainers(api.ports, looks);

  const models = {
    kubernetes: {},
    swarm: { network_driver: "docker" },
    mesos: { image_id: "mesos", network_driver: "docker" },
  };
  for (const [coe, own] of Object.entries(models))
    await make(`model-${coe}`, "/v1/baymodels", { ...BAY_MODEL, name: `model-${coe}`, coe, ...own });
  // In use by no bay.
  await make("free", "/v1/baymodels", { ...BAY_MODEL, name: "free" });
  const bays = { blue: "kubernetes", green: "swarm", red: "mesos", grey: "kubernetes" } as const;
  for (const [name, coe] of Object.entries(bays)) {
    await make(name, "/v1/bays", { name, baymodel_id: ids[`model-${coe}`] ?? "" });
    await api.settle(ids[name] ?? "", { status: "CREATE_COMPLETE" });
    await api.specify(ids[name] ?? "", { apiAddress: ADDRESSES[coe] });
  }
  await make("growing", "/v1/bays", { name: "growing", baymodel_id: ids["model-kubernetes"] ?? "" });
  await make("foreign-model", "/v1/baymodels", { ...BAY_MODEL, name: "theirs" }, "memberB");
  await make("foreign", "/v1/bays", { name: "theirs", baymodel_id: "theirs" }, "memberB");

  const [blue, green, red] = [ids["blue"] ?? "", ids["green"] ?? "", ids["red"] ?? ""];
  await make("pod", "/v1/pods", { bay_uuid: blue, manifest: POD_MANIFEST });
  await make("service", "/v1/services", { bay_uuid: blue, manifest: SERVICE_MANIFEST });
  await make("rc", "/v1/rcs", { bay_uuid: blue, manifest: RC_MANIFEST });
  await make("box", "/v1/containers", { name: "box", image: "nginx:1.9", bay_uuid: green, memory: "512m" });
  await make("task", "/v1/containers", { name: "task", image: "busybox", bay_uuid: red, command: "sleep 1000" });
  await conduct();
  return { ...api, ids, conduct };
}

/** `{blue}` in a text stands for the uuid of what has that name. */
export function filled(ids: Readonly<Record<string, string>>, text: string): string {
  return text.replaceAll(/\{([a-z][a-z-]*)\}/g, (all, name: string) => ids[name] ?? all);
}
