/**
 * What goes on inside a Kubernetes bay by itself, at the moment it happens: nodes that join and are lost, replication
 * controllers that keep their pods, a scheduler, and kubelets on paper that start and end pods.
 */
import { pick } from "../../ids.ts";
import type { JsonMap } from "../../json.ts";
import { limits } from "../../limits.ts";
import { toIso } from "../../times.ts";
import { agentStopped } from "../faults.ts";
import type { EngineNode } from "../records.ts";
import { findFlavor } from "../../nova/compute.ts";
import { isSelected, labelsOf, mapAt, wordOf } from "./selectors.ts";
import {
  addObject,
  countObjects,
  dropObject,
  dueOf,
  getObject,
  isGoing,
  itemsOf,
  listObjects,
  metadataOf,
  nameOf,
  namespaceOf,
  setDue,
  specOf,
  stateOf,
  updateObject,
  updateState,
} from "./store.ts";
import type { Place } from "./store.ts";

/** How long after its last word a node is taken for lost (`--node-monitor-grace-period`). */
export const NODE_GRACE_MS = 40_000;
const HEARTBEAT_MS = 300_000;

/** Lets everything happen that happens at that moment; tells when the next thing will. */
export function settleKubernetes(place: Place, at: number): number | null {
  ensureBasics(place, at);
  for (let round = 0; round < limits.settleRounds; round += 1) {
    const before = place.engine.revision;
    settleNodes(place, at);
    for (const one of listObjects(place, "replicationcontrollers")) settleController(place, one, at);
    for (const pod of listObjects(place, "pods")) settlePod(place, pod, at);
    settleNamespaces(place, at);
    if (place.engine.revision === before) return nextOf(place, at);
  }
  return at + place.cloud.knobs.settings.containerMs + 1;
}

function nextOf(place: Place, at: number): number | null {
  const { cloud, engine } = place;
  const moments = listObjects(place, "pods").map((pod) => dueOf(place, "pods", pod));
  for (const node of cloud.engines.nodes.group(engine.id)) {
    const lost = lostAt(place, node);
    if (lost !== null) moments.push(lost + NODE_GRACE_MS);
  }
  const later = moments.filter((one) => one !== null && one > at) as number[];
  return later.length === 0 ? null : Math.min(...later);
}

function ensureBasics(place: Place, at: number): void {
  if (getObject(place, "namespaces", null, "default")) return;
  for (const name of ["default", "kube-node-lease", "kube-public", "kube-system"]) {
    const namespace = { kind: "Namespace", apiVersion: "v1", metadata: { name }, spec: { finalizers: ["kubernetes"] } };
    addObject(place, "namespaces", { ...namespace, status: { phase: "Active" } }, at);
  }
  place.engine.serial = 1;
  const service: JsonMap = {
    kind: "Service",
    apiVersion: "v1",
    metadata: {
      name: "kubernetes",
      namespace: "default",
      labels: { component: "apiserver", provider: "kubernetes" },
    },
    spec: {
      ports: [{ name: "https", protocol: "TCP", port: 443, targetPort: place.engine.port }],
      clusterIP: "10.254.0.1",
      clusterIPs: ["10.254.0.1"],
      type: "ClusterIP",
      sessionAffinity: "None",
    },
    status: { loadBalancer: {} },
  };
  addObject(place, "services", service, at);
}

/** When the node was heard of last, if it is not heard of any more. */
const lostAt = ({ cloud, engine }: Place, node: EngineNode): number | null =>
  node.lostAtMs ?? agentStopped(cloud, engine, node);

function settleNodes(place: Place, at: number): void {
  const { cloud, engine } = place;
  for (const node of cloud.engines.nodes.group(engine.id)) {
    if (node.role !== "worker" || node.setup !== "done") continue;
    const found = getObject(place, "nodes", null, node.name);
    const lost = lostAt(place, node);
    const isLost = lost !== null && at - lost >= NODE_GRACE_MS;
    if (node.lostAtMs !== null && isLost) {
      // Its server is gone: the cloud's controller takes the node out, and its pods with it.
      if (found) dropObject(place, "nodes", found, at);
      for (const pod of podsOn(place, node.name)) dropObject(place, "pods", pod, at);
      cloud.engines.nodes.delete(node.id);
    } else if (found) {
      updateState(place, "nodes", found, nodeState(place, node, isLost, at), at);
    } else if (lost === null) {
      addObject(place, "nodes", nodeObject(place, node, at), at);
    }
  }
}

const podsOn = (place: Place, node: string): JsonMap[] =>
  listObjects(place, "pods").filter((pod) => specOf(pod)["nodeName"] === node);

const nodeObject = (place: Place, node: EngineNode, at: number): JsonMap => ({
  kind: "Node",
  apiVersion: "v1",
  metadata: {
    name: node.name,
    labels: {
      "beta.kubernetes.io/arch": "amd64",
      "beta.kubernetes.io/os": "linux",
      "kubernetes.io/arch": "amd64",
      "kubernetes.io/hostname": node.name,
      "kubernetes.io/os": "linux",
    },
  },
  spec: {},
  status: nodeState(place, node, false, at),
});

function nodeState(place: Place, node: EngineNode, isLost: boolean, at: number): JsonMap {
  const { cloud } = place;
  const server = cloud.nova.servers.get(node.id);
  const flavor = server && findFlavor(cloud, server.flavorId);
  const size = {
    cpu: wordOf(flavor?.vcpus ?? 1),
    memory: `${(flavor?.ramMb ?? 1024) * 1024}Ki`,
    pods: wordOf(limits.podsPerNode),
    "ephemeral-storage": `${(flavor?.diskGb ?? 10) * 1024 * 1024}Ki`,
  };
  const since = lostAt(place, node);
  const heard = isLost && since !== null ? since : node.joinedAtMs + beats(at - node.joinedAtMs);
  const turned = isLost && since !== null ? since + NODE_GRACE_MS : node.joinedAtMs;
  const condition = (type: string, status: string, reason: string, message: string): JsonMap => ({
    type,
    status: isLost ? "Unknown" : status,
    lastHeartbeatTime: toIso(heard),
    lastTransitionTime: toIso(turned),
    reason: isLost ? "NodeStatusUnknown" : reason,
    message: isLost ? "Kubelet stopped posting node status." : message,
  });
  return {
    capacity: size,
    allocatable: size,
    conditions: [
      condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
      condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
      condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
      condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ],
    addresses: [
      { type: "InternalIP", address: node.privateAddress },
      ...(node.publicAddress === "" ? [] : [{ type: "ExternalIP", address: node.publicAddress }]),
      { type: "Hostname", address: node.name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: {
      machineID: node.id.replaceAll("-", ""),
      systemUUID: node.id,
      bootID: node.id,
      kernelVersion: "6.1.0",
      osImage: "sandbox",
      containerRuntimeVersion: "docker://20.10.24",
      kubeletVersion: "v1.20.2",
      kubeProxyVersion: "v1.20.2",
      operatingSystem: "linux",
      architecture: "amd64",
    },
  };
}

/** The full periods in so much time: a node writes its state as often, and a watcher sees no more. */
const beats = (ms: number): number => Math.max(0, Math.floor(ms / HEARTBEAT_MS)) * HEARTBEAT_MS;

const isOver = (pod: JsonMap): boolean => ["Succeeded", "Failed"].includes(wordOf(stateOf(pod)["phase"]));

export const controllerOf = (pod: JsonMap): JsonMap | undefined =>
  itemsOf(metadataOf(pod)["ownerReferences"]).find(({ controller }) => controller === true);

function settleController(place: Place, controller: JsonMap, at: number): void {
  if (isGoing(controller)) return;
  const namespace = namespaceOf(controller);
  const { uid } = metadataOf(controller);
  const selector = mapAt(specOf(controller), "selector");
  const pods = listObjects(place, "pods", namespace).flatMap((pod) => {
    if (isOver(pod) || isGoing(pod)) return [];
    const owner = controllerOf(pod);
    if (owner) return owner["uid"] === uid ? [pod] : [];
    // One that fits and is nobody's is taken in.
    return isSelected(selector, labelsOf(pod)) ? [adopt(place, controller, pod, at)] : [];
  });
  const wanted = Number(specOf(controller)["replicas"] ?? 1);
  for (let more = pods.length; more < wanted; more += 1) {
    if (countObjects(place, "pods") >= limits.podsPerEngine) break;
    pods.push(addPodOf(place, controller, at));
  }
  for (const pod of inOrderOfRemoval(pods).slice(0, Math.max(0, pods.length - wanted))) endPod(place, pod, null, at);
  const left = pods.filter((pod) => !isGoing(getObject(place, "pods", namespace, nameOf(pod)) ?? pod)).slice(0, wanted);
  const ready = left.filter((pod) => stateOf(pod)["phase"] === "Running").length;
  const status: JsonMap = {
    replicas: left.length,
    ...(left.length > 0 && { fullyLabeledReplicas: left.length }),
    ...(ready > 0 && { readyReplicas: ready, availableReplicas: ready }),
    observedGeneration: metadataOf(controller)["generation"] ?? 1,
  };
  updateObject(place, "replicationcontrollers", { ...controller, status }, at);
}

function adopt(place: Place, controller: JsonMap, pod: JsonMap, at: number): JsonMap {
  const metadata = { ...metadataOf(pod), ownerReferences: [ownerReference(controller)] };
  return updateObject(place, "pods", { ...pod, metadata }, at);
}

const ownerReference = (controller: JsonMap): JsonMap => ({
  apiVersion: "v1",
  kind: "ReplicationController",
  name: nameOf(controller),
  uid: metadataOf(controller)["uid"] ?? "",
  controller: true,
  blockOwnerDeletion: true,
});

export const SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789";

function addPodOf(place: Place, controller: JsonMap, at: number): JsonMap {
  const template = mapAt(specOf(controller), "template");
  const metadata = metadataOf(template);
  const generateName = `${nameOf(controller)}-`;
  const pod: JsonMap = {
    kind: "Pod",
    apiVersion: "v1",
    metadata: {
      ...metadata,
      name: `${generateName}${pick(place.cloud.random, SUFFIX_LETTERS, 5)}`,
      generateName,
      namespace: namespaceOf(controller) ?? "default",
      ownerReferences: [ownerReference(controller)],
    },
    spec: { serviceAccountName: "default", serviceAccount: "default", ...specOf(template) },
    status: { phase: "Pending", qosClass: "BestEffort" },
  };
  return addObject(place, "pods", pod, at);
}

/** Those that do least good first. */
const inOrderOfRemoval = (pods: readonly JsonMap[]): JsonMap[] =>
  pods.toSorted((a, b) => {
    const rank = (pod: JsonMap): number =>
      stateOf(pod)["phase"] === "Running" ? 2 : specOf(pod)["nodeName"] === undefined ? 0 : 1;
    const [youngerA, youngerB] = [a, b].map((pod) => wordOf(metadataOf(pod)["creationTimestamp"]));
    return rank(a) - rank(b) || (youngerA === youngerB ? 0 : (youngerA ?? "") > (youngerB ?? "") ? -1 : 1);
  });

/** Asks the pod to end; null: within its own grace period. One on no node, or forced, is gone at once. */
export function endPod(place: Place, pod: JsonMap, graceSec: number | null, at: number): JsonMap {
  const own = Number(specOf(pod)["terminationGracePeriodSeconds"] ?? 30);
  const grace = specOf(pod)["nodeName"] === undefined ? 0 : (graceSec ?? own);
  const metadata = {
    ...metadataOf(pod),
    deletionTimestamp: metadataOf(pod)["deletionTimestamp"] ?? toIso(at + grace * 1000),
    deletionGracePeriodSeconds:
      isGoing(pod) && grace > 0 ? (metadataOf(pod)["deletionGracePeriodSeconds"] ?? grace) : grace,
  };
  const going: JsonMap = { ...pod, metadata };
  if (grace === 0) {
    dropObject(place, "pods", going, at);
    return going;
  }
  if (isGoing(pod)) return pod;
  const updated = updateObject(place, "pods", going, at);
  setDue(place, "pods", updated, at + place.cloud.knobs.settings.containerMs);
  return updated;
}

function settlePod(place: Place, listed: JsonMap, at: number): void {
  const pod = getObject(place, "pods", namespaceOf(listed), nameOf(listed));
  if (!pod) return;
  const node = specOf(pod)["nodeName"];
  if (node === undefined) return schedule(place, pod, at);
  const due = dueOf(place, "pods", pod);
  if (due === null || due > at || !isNodeWell(place, wordOf(node))) return;
  if (isGoing(pod)) return dropObject(place, "pods", pod, at);
  setDue(place, "pods", pod, null);
  if (stateOf(pod)["phase"] === "Pending") startPod(place, pod, at);
}

const isNodeWell = (place: Place, name: string): boolean =>
  place.cloud.engines.nodes.group(place.engine.id).some((one) => one.name === name && lostAt(place, one) === null);

function schedule(place: Place, pod: JsonMap, at: number): void {
  const nodes = listObjects(place, "nodes").filter(
    (node) =>
      isNodeWell(place, nameOf(node)) &&
      specOf(node)["unschedulable"] !== true &&
      isFitting(mapAt(specOf(pod), "nodeSelector"), labelsOf(node)),
  );
  const loads = nodes.map((node) => ({ name: nameOf(node), load: podsOn(place, nameOf(node)).length }));
  const [best] = loads.filter(({ load }) => load < limits.podsPerNode).toSorted((a, b) => a.load - b.load);
  const scheduled = (status: string, more: JsonMap): JsonMap => ({
    type: "PodScheduled",
    status,
    lastProbeTime: null,
    lastTransitionTime: toIso(at),
    ...more,
  });
  if (!best) {
    if (itemsOf(stateOf(pod)["conditions"]).length > 0) return;
    const message = `0/${nodes.length} nodes are available.`;
    updateState(place, "pods", pod, { conditions: [scheduled("False", { reason: "Unschedulable", message })] }, at);
    return;
  }
  const bound = updateObject(
    place,
    "pods",
    {
      ...pod,
      spec: { ...specOf(pod), nodeName: best.name },
      status: { ...stateOf(pod), conditions: [scheduled("True", {})] },
    },
    at,
  );
  setDue(place, "pods", bound, at + place.cloud.knobs.settings.containerMs);
}

const isFitting = (wanted: JsonMap, labels: JsonMap): boolean =>
  Object.entries(wanted).every(([key, value]) => labels[key] === value);

/** An image of a registry that cannot be (RFC 2606) is never fetched. */
export const isNoImage = (image: string): boolean => /^[^/]*\.invalid(:\d+)?\//.test(image);

function startPod(place: Place, pod: JsonMap, at: number): void {
  const { engine, cloud } = place;
  const containers = itemsOf(specOf(pod)["containers"]);
  const node = cloud.engines.nodes.group(engine.id).find((one) => one.name === specOf(pod)["nodeName"]);
  const isStuck = containers.some(({ image }) => isNoImage(wordOf(image)));
  engine.serial += 1;
  const podIP = `10.100.${(engine.serial >> 8) & 255}.${engine.serial & 255}`;
  const condition = (type: string, isTrue: boolean): JsonMap => ({
    type,
    status: isTrue ? "True" : "False",
    lastProbeTime: null,
    lastTransitionTime: toIso(at),
  });
  updateState(
    place,
    "pods",
    pod,
    {
      phase: isStuck ? "Pending" : "Running",
      hostIP: node?.privateAddress ?? "",
      podIP,
      podIPs: [{ ip: podIP }],
      startTime: toIso(at),
      conditions: [
        condition("Initialized", true),
        condition("Ready", !isStuck),
        condition("ContainersReady", !isStuck),
        condition("PodScheduled", true),
      ],
      containerStatuses: containers.map((one) => containerState(one, wordOf(metadataOf(pod)["uid"]), at)),
    },
    at,
  );
}

function containerState(container: JsonMap, uid: string, at: number): JsonMap {
  const image = wordOf(container["image"]);
  const isStuck = isNoImage(image);
  return {
    name: container["name"] ?? "",
    image,
    imageID: isStuck ? "" : `docker-pullable://${image}`,
    ready: !isStuck,
    started: !isStuck,
    restartCount: 0,
    ...(!isStuck && { containerID: `docker://${uid.replaceAll("-", "").repeat(2)}` }),
    state: isStuck
      ? { waiting: { reason: "ErrImagePull", message: `no such host: ${image}` } }
      : { running: { startedAt: toIso(at) } },
    lastState: {},
  };
}

/** A namespace that is going takes everything in it away, then goes. */
function settleNamespaces(place: Place, at: number): void {
  for (const one of listObjects(place, "namespaces")) {
    if (!isGoing(one)) continue;
    for (const resource of ["replicationcontrollers", "services"]) {
      for (const object of listObjects(place, resource, nameOf(one))) dropObject(place, resource, object, at);
    }
    const pods = listObjects(place, "pods", nameOf(one));
    for (const pod of pods) if (!isGoing(pod)) endPod(place, pod, null, at);
    if (listObjects(place, "pods", nameOf(one)).length === 0) dropObject(place, "namespaces", one, at);
  }
}
