/** What a client asks first: which groups, versions and resources there are, and the schema to check manifests by. */
import type { JsonMap } from "../../json.ts";
import { RESOURCES } from "./resources.ts";

export const VERSION = {
  major: "1",
  minor: "20",
  gitVersion: "v1.20.2-sandbox",
  gitCommit: "",
  gitTreeState: "",
  buildDate: "2021-01-13T13:20:00Z",
  goVersion: "",
  compiler: "",
  platform: "linux/amd64",
} as const;

export const apiVersions = (address: string): JsonMap => ({
  kind: "APIVersions",
  versions: ["v1"],
  serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: address }],
});

export const apiGroups = (): JsonMap => ({ kind: "APIGroupList", apiVersion: "v1", groups: [] });

export function apiResources(): JsonMap {
  const plain = Object.values(RESOURCES).map((one): JsonMap => ({
    name: one.name,
    singularName: "",
    namespaced: one.isNamespaced,
    kind: one.kind,
    verbs: [...one.verbs],
    shortNames: [...one.shortNames],
    ...(one.isInAll && { categories: ["all"] }),
  }));
  const scale: JsonMap = {
    name: "replicationcontrollers/scale",
    singularName: "",
    namespaced: true,
    group: "autoscaling",
    version: "v1",
    kind: "Scale",
    verbs: ["get", "patch", "update"],
  };
  const status = ["pods", "replicationcontrollers", "services"].map((name): JsonMap => ({
    name: `${name}/status`,
    singularName: "",
    namespaced: true,
    kind: RESOURCES[name]?.kind ?? "",
    verbs: ["get"],
  }));
  return { kind: "APIResourceList", groupVersion: "v1", resources: [...plain, scale, ...status] };
}

/**
 * An OpenAPI document without definitions, in the protobuf form that kubectl asks for: a client that finds no schema for a
 * kind leaves checking to the server. Fields: 1 is `swagger`, 2 is `info` (1 title, 2 version), 8 is `paths`.
 */
export function openApiProtobuf(): Uint8Array<ArrayBuffer> {
  const field = (number: number, bytes: Buffer): Buffer =>
    Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
  const info = Buffer.concat([field(1, Buffer.from("Kubernetes")), field(2, Buffer.from(VERSION.gitVersion))]);
  return new Uint8Array(Buffer.concat([field(1, Buffer.from("2.0")), field(2, info), field(8, Buffer.alloc(0))]));
}

export const openApiJson = (): JsonMap => ({
  swagger: "2.0",
  info: { title: "Kubernetes", version: VERSION.gitVersion },
  paths: {},
});
