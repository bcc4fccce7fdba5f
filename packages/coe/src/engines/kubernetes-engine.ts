/**
 * Kubernetes' core API, version 1, of any release since 1.8: a thin client of the few calls that pods, services,
 * replication controllers and nodes need. All of ours lies in the namespace `default` (bay-era sheet 5). Facts: engine
 * sheet section 1; its traps 1 to 5, 15 and 16 are answered here and in kubernetes-collection.ts.
 */
import { composeEngine } from "./compose-engine.ts";
import type { ContainerEngine, Health, Listed, Node, Version } from "./container-engine.ts";
import { askAt, isSuccess, readReply, shorten, textOfReply } from "./engine-client.ts";
import type { Ask } from "./engine-client.ts";
import type { EngineEndpoint, EngineHttp } from "./engine-http.ts";
import { collectionAt, listAll, troubleOf } from "./kubernetes-collection.ts";
import { readers, versionSchema } from "./kubernetes-objects.ts";
import { drainNode, forgetNode, listNodeLoads, markNode } from "./kubernetes-nodes.ts";
import { healthOfNodes } from "./node-health.ts";

const NAMESPACE = "/api/v1/namespaces/default";

export function createKubernetesEngine(http: EngineHttp, endpoint: EngineEndpoint): ContainerEngine {
  const ask = askAt(http, endpoint);
  const listNodes = (signal?: AbortSignal) => listAll(ask, "/api/v1/nodes", readers.node, signal);
  return composeEngine({
    coe: "kubernetes",
    manifested: {
      pod: collectionAt(ask, `${NAMESPACE}/pods`, readers.pod),
      service: collectionAt(ask, `${NAMESPACE}/services`, readers.service),
      "replication-controller": collectionAt(
        ask,
        `${NAMESPACE}/replicationcontrollers`,
        readers["replication-controller"],
      ),
    },
    listNodes,
    listNodeLoads: (signal) => listNodeLoads(ask, signal),
    drainNode: (name, signal) => drainNode(ask, name, signal),
    markNode: (name, marks, signal) => markNode(ask, name, { marks, signal }),
    forgetNode: (name, signal) => forgetNode(ask, name, signal),
    checkHealth: (signal) => checkHealth(ask, listNodes, signal),
    readVersion: (signal) => readVersion(ask, signal),
  });
}

/** Its own word first: with its store away that comes at once, while lists hang (sheet 9.15). */
async function checkHealth(
  ask: Ask,
  listNodes: (signal?: AbortSignal) => Promise<Listed<Node>>,
  signal: AbortSignal | undefined,
): Promise<Health> {
  const reply = await ask("GET", "/healthz", { signal });
  if (reply.kind === "unreachable") return reply;
  const word = shorten(textOfReply(reply));
  if (!isSuccess(reply) || word !== "ok") {
    const trouble = troubleOf(reply);
    if (trouble.kind === "unreachable" && trouble.cause === "certificate") return trouble;
    return { kind: "checked", isHealthy: false, reasons: { api: word || `status ${reply.status}` } };
  }
  return healthOfNodes(await listNodes(signal));
}

async function readVersion(ask: Ask, signal: AbortSignal | undefined): Promise<Version> {
  const reply = await ask("GET", "/version", { signal });
  if (reply.kind === "unreachable") return reply;
  if (!isSuccess(reply)) return troubleOf(reply);
  const read = readReply(reply, versionSchema);
  return read.kind === "unreachable" ? read : { kind: "version", version: read.value.gitVersion };
}
