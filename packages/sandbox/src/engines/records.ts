/** What the sandbox keeps of the bays' engines: which there are, the nodes that joined them, and the objects in them. */
import type { JsonMap } from "../json.ts";
import type { Database, Table } from "../state/database.ts";

/** `swarm` is classic Swarm; `swarm-mode` is what Docker has had of its own since 1.12. */
export type EngineKind = "kubernetes" | "swarm" | "swarm-mode" | "mesos";

/** One bay's engine. `id` is that of the root stack whose nodes it runs on. */
export interface Engine {
  id: string;
  kind: EngineKind;
  stackName: string;
  projectId: string;
  isTls: boolean;
  /** Where its API listens, on each master. */
  port: number;
  /** Counts writes: Kubernetes' resourceVersion, swarm mode's index. */
  revision: number;
  /** Counts what was given out: addresses of services and pods. */
  serial: number;
  createdAtMs: number;
}

/** PEM, all of them. */
export interface NodeCertificate {
  authority: string;
  certificate: string;
  privateKey: string;
}

/** Under which a bay says in its servers' metadata what to come to. */
export type MarkName = "certificate_rotation" | "master_upgrade";

/** A booted server that is a node of a bay. `id` is the server's. */
export interface EngineNode {
  id: string;
  engineId: string;
  role: "master" | "worker";
  name: string;
  privateAddress: string;
  /** Empty for none. */
  publicAddress: string;
  /** What its user data says, by name: its credential among it. */
  params: Record<string, string>;
  /** `pending`: it is still fetching its certificate. */
  setup: "pending" | "done" | "failed";
  /** Null where there is no TLS, and where nothing listens. */
  certificate: NodeCertificate | null;
  /** What its metadata said when it came to it last, by names; absent: it never did. */
  followed?: Partial<Record<MarkName, string>>;
  joinedAtMs: number;
  /** When its server went or its agent stopped. */
  lostAtMs: number | null;
}

/** An object in an engine, as its API shows it. `id` is the engine's id, the collection and the name in it. */
export interface EngineObject {
  id: string;
  engineId: string;
  /** `pods`, `services`: by engine. */
  collection: string;
  /** The key within the collection. */
  key: string;
  object: JsonMap;
  /** When something happens to it by itself. */
  dueAtMs: number | null;
}

export interface EngineTables {
  engines: Table<Engine>;
  /** Grouped by engine. */
  nodes: Table<EngineNode>;
  /** Grouped by engine and collection: `groupOf`. */
  objects: Table<EngineObject>;
}

export const groupOf = (engineId: string, collection: string): string => `${engineId}/${collection}`;

export const openEngineTables = (database: Database): EngineTables => ({
  engines: database.table("engines.engines"),
  nodes: database.table("engines.nodes", (one: EngineNode) => one.engineId),
  objects: database.table("engines.objects", (one: EngineObject) => groupOf(one.engineId, one.collection)),
});
