/** Lists as tables, the form that kubectl prints (`as=Table;v=v1;g=meta.k8s.io`). */
import type { Json, JsonMap } from "../../json.ts";
import { labelsOf, mapAt, wordOf } from "./selectors.ts";
import { isGoing, itemsOf, metadataOf, nameOf, specOf, stateOf } from "./store.ts";

export const wantsTable = (accept: string): boolean => /;\s*as=Table\b/.test(accept.split(",")[0] ?? "");

type Column = readonly [name: string, type: string, priority: number, cell: (object: JsonMap, now: number) => Json];

const text = (value: Json | undefined, empty = "<none>"): string =>
  value === undefined || value === null || value === "" ? empty : wordOf(value);

/** `5s`, `3m`, `2h`, `4d`, as kubectl has it. */
function age(object: JsonMap, now: number): string {
  const created = Date.parse(wordOf(metadataOf(object)["creationTimestamp"] ?? ""));
  const seconds = Math.max(0, Math.floor((now - created) / 1000));
  if (Number.isNaN(seconds)) return "<unknown>";
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 600) return `${Math.floor(seconds / 60)}m${seconds % 60 === 0 ? "" : `${seconds % 60}s`}`;
  if (seconds < 10_800) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

const NAME: Column = ["Name", "string", 0, nameOf];
const AGE: Column = ["Age", "string", 0, age];

function podStatus(pod: JsonMap): string {
  if (isGoing(pod)) return "Terminating";
  for (const one of itemsOf(stateOf(pod)["containerStatuses"])) {
    const { reason } = mapAt(mapAt(one, "state"), "waiting");
    if (typeof reason === "string") return reason;
  }
  return text(stateOf(pod)["phase"]);
}

const portsOf = (service: JsonMap): string =>
  itemsOf(specOf(service)["ports"])
    .map(
      (one) =>
        `${text(one["port"])}${one["nodePort"] === undefined ? "" : `:${text(one["nodePort"])}`}/${text(one["protocol"])}`,
    )
    .join(",");

const pairs = (map: JsonMap): string =>
  Object.entries(map)
    .map(([key, value]) => `${key}=${text(value)}`)
    .join(",") || "<none>";

const templateContainers = (controller: JsonMap): JsonMap[] =>
  itemsOf(specOf(mapAt(specOf(controller), "template"))["containers"]);

function nodeStatus(node: JsonMap): string {
  const ready = itemsOf(stateOf(node)["conditions"]).find(({ type }) => type === "Ready");
  const word = ready?.["status"] === "True" ? "Ready" : "NotReady";
  return specOf(node)["unschedulable"] === true ? `${word},SchedulingDisabled` : word;
}

const addressOf = (node: JsonMap, wanted: string): string =>
  text(itemsOf(stateOf(node)["addresses"]).find(({ type }) => type === wanted)?.["address"]);

const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  pods: [
    NAME,
    [
      "Ready",
      "string",
      0,
      (pod) =>
        `${itemsOf(stateOf(pod)["containerStatuses"]).filter(({ ready }) => ready === true).length}/${itemsOf(specOf(pod)["containers"]).length}`,
    ],
    ["Status", "string", 0, podStatus],
    ["Restarts", "integer", 0, () => 0],
    AGE,
    ["IP", "string", 1, (pod) => text(stateOf(pod)["podIP"])],
    ["Node", "string", 1, (pod) => text(specOf(pod)["nodeName"])],
    ["Nominated Node", "string", 1, () => "<none>"],
    ["Readiness Gates", "string", 1, () => "<none>"],
  ],
  services: [
    NAME,
    ["Type", "string", 0, (service) => text(specOf(service)["type"])],
    ["Cluster-IP", "string", 0, (service) => text(specOf(service)["clusterIP"])],
    ["External-IP", "string", 0, (service) => (specOf(service)["type"] === "LoadBalancer" ? "<pending>" : "<none>")],
    ["Port(s)", "string", 0, portsOf],
    AGE,
    ["Selector", "string", 1, (service) => pairs(mapAt(specOf(service), "selector"))],
  ],
  replicationcontrollers: [
    NAME,
    ["Desired", "integer", 0, (one) => specOf(one)["replicas"] ?? 0],
    ["Current", "integer", 0, (one) => stateOf(one)["replicas"] ?? 0],
    ["Ready", "integer", 0, (one) => stateOf(one)["readyReplicas"] ?? 0],
    AGE,
    [
      "Containers",
      "string",
      1,
      (one) =>
        templateContainers(one)
          .map(({ name }) => text(name))
          .join(","),
    ],
    [
      "Images",
      "string",
      1,
      (one) =>
        templateContainers(one)
          .map(({ image }) => text(image))
          .join(","),
    ],
    ["Selector", "string", 1, (one) => pairs(mapAt(specOf(one), "selector"))],
  ],
  nodes: [
    NAME,
    ["Status", "string", 0, nodeStatus],
    ["Roles", "string", 0, () => "<none>"],
    AGE,
    ["Version", "string", 0, (node) => text(mapAt(stateOf(node), "nodeInfo")["kubeletVersion"])],
    ["Internal-IP", "string", 1, (node) => addressOf(node, "InternalIP")],
    ["External-IP", "string", 1, (node) => addressOf(node, "ExternalIP")],
  ],
  namespaces: [NAME, ["Status", "string", 0, (one) => text(stateOf(one)["phase"])], AGE],
};

export function tableOf(resource: string, objects: readonly JsonMap[], listMetadata: JsonMap, now: number): JsonMap {
  const columns = COLUMNS[resource] ?? [NAME, AGE];
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata: listMetadata,
    columnDefinitions: columns.map(([name, type, priority]) => ({
      name,
      type,
      format: name === "Name" ? "name" : "",
      description: name,
      priority,
    })),
    rows: objects.map((object) => ({
      cells: columns.map(([, , , cell]) => cell(object, now)),
      object: {
        kind: "PartialObjectMetadata",
        apiVersion: "meta.k8s.io/v1",
        metadata: { ...metadataOf(object), labels: labelsOf(object) },
      },
    })),
  };
}
