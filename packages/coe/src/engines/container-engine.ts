/**
 * What runs inside a bay, seen through one interface whichever COE it is: Kubernetes, Swarm or Mesos. Every method is one
 * bounded piece of work that may be repeated; every outcome is a value. Bulk reads cost a call a kind (a page of it),
 * however many objects a bay holds.
 *
 * What is made bears our record's uuid as its mark (MARK: an annotation in Kubernetes, a label in Docker and Marathon).
 * It is found, changed and removed by that mark: what somebody else made is never adopted, though it has the same name.
 * Keeping records, deciding when to look and what an API caller is told are for others.
 */
import type { Coe } from "@jeroboam/core/bay-model/bay-model";
import type { Manifest, ManifestKind } from "@jeroboam/core/manifest/manifest";

/** The annotation or label that holds our record's uuid. */
export const MARK = "jeroboam-uuid";

/** The engine gave no answer that can be used. It may heal by itself; asking again later is right. */
export interface Unreachable {
  readonly kind: "unreachable";
  /**
   * `down`: nobody answers there. `slow`: no answer in time. `certificate`: its certificate is not of the bay's
   * authority, or it does not accept ours. `broken`: it answers in a way that nobody could use.
   */
  readonly cause: "down" | "slow" | "certificate" | "broken";
  /** For a person. */
  readonly reason: string;
}

/** This COE cannot do that; `describeUnsupported` has the words. */
export interface Unsupported {
  readonly kind: "unsupported";
  readonly coe: Coe;
  /** `pause a container`, `list pods`. */
  readonly action: string;
}

/** The engine understood, and said no. */
export interface Refused {
  readonly kind: "refused";
  /** As HTTP has them: 409 where the object's state is in the way, 422 or 400 where the object is wrong. */
  readonly status: number;
  /** The engine's own words. */
  readonly reason: string;
}

export type Trouble = Unreachable | Unsupported | Refused;

interface EngineObject {
  /** The uuid of our record that it was made for; null: somebody else made it. */
  readonly uuid: string | null;
  /** The engine's own id. */
  readonly engineId: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Pod extends EngineObject {
  readonly images: readonly string[];
  readonly phase: "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown";
  /** The node's name, once it has one. */
  readonly host: string | null;
  readonly address: string | null;
  /** Why it is not running, as far as it says. */
  readonly reason: string | null;
  /** It is being removed. */
  readonly isGoing: boolean;
}

export interface Service extends EngineObject {
  readonly selector: Readonly<Record<string, string>>;
  readonly address: string | null;
  readonly ports: readonly ServicePort[];
}

export interface ServicePort {
  readonly name: string | null;
  readonly protocol: string;
  readonly port: number;
  readonly targetPort: number | string | null;
  readonly nodePort: number | null;
}

export interface ReplicationController extends EngineObject {
  readonly images: readonly string[];
  readonly wantedReplicas: number;
  /** Pods there now. */
  readonly replicas: number;
  readonly readyReplicas: number;
}

export interface Container extends EngineObject {
  readonly image: string;
  readonly state: "Running" | "Stopped" | "Paused" | "Error" | "Unknown";
  /** Why it is in error, where the engine says. */
  readonly reason: string | null;
  readonly host: string | null;
}

export interface Node extends EngineObject {
  readonly isReady: boolean;
  readonly addresses: readonly string[];
  readonly reason: string | null;
}

/** What the API manages; each has a record. */
export interface ManagedObjects {
  pod: Pod;
  service: Service;
  "replication-controller": ReplicationController;
  container: Container;
}
export type ManagedKind = keyof ManagedObjects;

export interface EngineObjects extends ManagedObjects {
  node: Node;
}
export type EngineKind = keyof EngineObjects;

/** A Kubernetes object to be. */
export interface NewObject<Kind extends ManifestKind> {
  readonly uuid: string;
  readonly manifest: Manifest<Kind>;
}

/** A container to be, of an image; made, not started. */
export interface NewContainer {
  readonly uuid: string;
  /** Null: the engine chooses. */
  readonly name: string | null;
  /** `repository[:tag]`, the repository with its registry and port if it has one. */
  readonly image: string;
  /** Null: the image's own. */
  readonly command: readonly string[] | null;
  readonly memoryBytes: number | null;
  readonly environment: Readonly<Record<string, string>>;
}

/** How an object of ours is found: by the uuid it bears, in Kubernetes under the name it was given. */
export interface Reference {
  readonly uuid: string;
  readonly name: string | null;
}

export type Listed<Value> = { readonly kind: "listed"; readonly objects: readonly Value[] } | Trouble;

export type Found<Value> =
  | { readonly kind: "found"; readonly object: Value }
  /** It is not there; what stands under its name, if anything, is not ours. */
  | { readonly kind: "missing" }
  | Trouble;

export type Written<Value> =
  /** It is there as wanted: made now, or by an earlier run. */
  | { readonly kind: "written"; readonly object: Value }
  /** Something that is not ours has the name. */
  | { readonly kind: "taken"; readonly reason: string }
  | Trouble;

export type Replaced<Value> = Written<Value> | { readonly kind: "missing" };

export type Removed =
  /** It is gone, whoever did it. */
  | { readonly kind: "removed" }
  /** It is going; look again. */
  | { readonly kind: "removing" }
  | Trouble;

export type ContainerAction = "start" | "stop" | "reboot" | "pause" | "unpause";

/** `done`: it is so, also when it was so before. */
export type Acted = { readonly kind: "done" } | { readonly kind: "missing" } | Trouble;

export type Output =
  | {
      readonly kind: "output";
      readonly text: string;
      /** There was more than is told. */
      readonly isCut: boolean;
      /** Of a command; null for logs, and where the engine does not say. */
      readonly exitCode: number | null;
    }
  | { readonly kind: "missing" }
  | Trouble;

export type Health =
  | {
      readonly kind: "checked";
      readonly isHealthy: boolean;
      /** `{"api": "ok", "node-0.Ready": "True"}`. */
      readonly reasons: Readonly<Record<string, string>>;
    }
  | Unreachable;

export type Version = { readonly kind: "version"; readonly version: string } | Trouble;

/** How much a node has to do: pods, tasks or containers that another would have to take over. */
export interface NodeLoad {
  /** The node's name. */
  readonly name: string;
  readonly units: number;
}

export type Drained =
  /** It takes no more work, and has none left. */
  | { readonly kind: "drained" }
  /** It takes no more work; what it has is leaving. Look again. */
  | { readonly kind: "draining"; readonly left: number }
  | { readonly kind: "missing" }
  | Trouble;

/** What a node is to bear, and what it is not to bear any more. Whatever else it bears is not ours. */
export interface NodeMarks {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly stale: { readonly labels: readonly string[]; readonly taints: readonly Pick<Taint, "key" | "effect">[] };
}

interface Taint {
  readonly key: string;
  readonly value: string | null;
  readonly effect: string;
}

export type Marked = { readonly kind: "marked" } | { readonly kind: "missing" } | Trouble;

export type Forgotten = { readonly kind: "forgotten" } | Trouble;

export interface ContainerEngine {
  readonly coe: Coe;
  /** All of a kind in the bay, ours and others'. */
  list<Kind extends EngineKind>(kind: Kind, signal?: AbortSignal): Promise<Listed<EngineObjects[Kind]>>;
  /** One of ours, as it is now; tells of a container what lists do not, such as why it failed. */
  find<Kind extends ManagedKind>(
    kind: Kind,
    reference: Reference,
    signal?: AbortSignal,
  ): Promise<Found<ManagedObjects[Kind]>>;
  create<Kind extends ManifestKind>(
    kind: Kind,
    wanted: NewObject<Kind>,
    signal?: AbortSignal,
  ): Promise<Written<ManagedObjects[Kind]>>;
  createContainer(wanted: NewContainer, signal?: AbortSignal): Promise<Written<Container>>;
  /** Makes one of ours as the manifest says now; its name is the manifest's. */
  replace<Kind extends ManifestKind>(
    kind: Kind,
    wanted: NewObject<Kind>,
    signal?: AbortSignal,
  ): Promise<Replaced<ManagedObjects[Kind]>>;
  /** `isForced`: also when it runs, and without giving it time to end. */
  remove(
    kind: ManagedKind,
    reference: Reference,
    options: { readonly isForced: boolean },
    signal?: AbortSignal,
  ): Promise<Removed>;
  act(action: ContainerAction, reference: Reference, signal?: AbortSignal): Promise<Acted>;
  readLogs(reference: Reference, signal?: AbortSignal): Promise<Output>;
  /** Runs a command in a running container; its words are passed on as they are, to no shell. */
  execute(reference: Reference, words: readonly string[], signal?: AbortSignal): Promise<Output>;
  /** Of the nodes that have work; one that is not listed has none. */
  listNodeLoads(signal?: AbortSignal): Promise<Listed<NodeLoad>>;
  /** Gives a node no more work, and has what it has taken over by others. */
  drainNode(name: string, signal?: AbortSignal): Promise<Drained>;
  /** Takes a node whose server is gone off the list. */
  forgetNode(name: string, signal?: AbortSignal): Promise<Forgotten>;
  /** Has a node bear these labels and taints. */
  markNode(name: string, marks: NodeMarks, signal?: AbortSignal): Promise<Marked>;
  checkHealth(signal?: AbortSignal): Promise<Health>;
  readVersion(signal?: AbortSignal): Promise<Version>;
}
