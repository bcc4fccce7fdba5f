/** Makes an engine of the parts that a COE has; what it lacks answers `unsupported`, in the words of capabilities.ts. */
import type { Coe } from "@jeroboam/core/bay-model/bay-model";
import type { ManifestKind } from "@jeroboam/core/manifest/manifest";
import { unsupported } from "./capabilities.ts";
import type { Ability } from "./capabilities.ts";
import type {
  Acted,
  Container,
  ContainerAction,
  ContainerEngine,
  Drained,
  EngineKind,
  EngineObjects,
  Forgotten,
  Found,
  Health,
  Listed,
  Marked,
  ManagedKind,
  ManagedObjects,
  NewContainer,
  NewObject,
  Node,
  NodeLoad,
  NodeMarks,
  Output,
  Reference,
  Removed,
  Replaced,
  Version,
  Written,
} from "./container-engine.ts";

export interface Managed<Value> {
  list(signal?: AbortSignal): Promise<Listed<Value>>;
  find(reference: Reference, signal?: AbortSignal): Promise<Found<Value>>;
  remove(reference: Reference, options: { readonly isForced: boolean }, signal?: AbortSignal): Promise<Removed>;
}

export interface Manifested<Kind extends ManifestKind> extends Managed<ManagedObjects[Kind]> {
  create(wanted: NewObject<Kind>, signal?: AbortSignal): Promise<Written<ManagedObjects[Kind]>>;
  replace(wanted: NewObject<Kind>, signal?: AbortSignal): Promise<Replaced<ManagedObjects[Kind]>>;
}

type Act = (reference: Reference, signal?: AbortSignal) => Promise<Acted>;

export interface Containers extends Managed<Container> {
  readonly create: (wanted: NewContainer, signal?: AbortSignal) => Promise<Written<Container>>;
  readonly actions: { readonly [Action in ContainerAction]?: Act };
  readonly readLogs?: (reference: Reference, signal?: AbortSignal) => Promise<Output>;
  readonly execute?: (reference: Reference, words: readonly string[], signal?: AbortSignal) => Promise<Output>;
}

export interface EngineParts {
  readonly coe: Coe;
  readonly manifested?: { readonly [Kind in ManifestKind]: Manifested<Kind> };
  readonly containers?: Containers;
  readonly listNodes: (signal?: AbortSignal) => Promise<Listed<Node>>;
  /** Absent: as its containers say which node they are on. */
  readonly listNodeLoads?: (signal?: AbortSignal) => Promise<Listed<NodeLoad>>;
  readonly drainNode?: (name: string, signal?: AbortSignal) => Promise<Drained>;
  readonly forgetNode?: (name: string, signal?: AbortSignal) => Promise<Forgotten>;
  readonly markNode?: (name: string, marks: NodeMarks, signal?: AbortSignal) => Promise<Marked>;
  readonly checkHealth: (signal?: AbortSignal) => Promise<Health>;
  readonly readVersion: (signal?: AbortSignal) => Promise<Version>;
}

type Lists = { readonly [Kind in EngineKind]: Pick<Managed<EngineObjects[Kind]>, "list"> };
type AllManaged = { readonly [Kind in ManagedKind]: Managed<ManagedObjects[Kind]> };

export function composeEngine(parts: EngineParts): ContainerEngine {
  const { coe, containers } = parts;
  const cannot = (ability: Ability) => async () => unsupported(coe, ability);
  const none = (ability: Ability) => {
    const refuse = cannot(ability);
    return { list: refuse, find: refuse, create: refuse, replace: refuse, remove: refuse };
  };
  const manifested: { readonly [Kind in ManifestKind]: Manifested<Kind> } = parts.manifested ?? {
    pod: none("pod"),
    service: none("service"),
    "replication-controller": none("replication-controller"),
  };
  const managed: AllManaged = { ...manifested, container: containers ?? none("container") };
  const lists: Lists = { ...managed, node: { list: parts.listNodes } };
  return {
    coe,
    list: (kind, signal) => lists[kind].list(signal),
    find: (kind, reference, signal) => managed[kind].find(reference, signal),
    create: (kind, wanted, signal) => manifested[kind].create(wanted, signal),
    replace: (kind, wanted, signal) => manifested[kind].replace(wanted, signal),
    remove: (kind, reference, options, signal) => managed[kind].remove(reference, options, signal),
    createContainer: containers?.create ?? cannot("container"),
    act: (action, reference, signal) => (containers?.actions[action] ?? cannot(action))(reference, signal),
    readLogs: containers?.readLogs ?? cannot("logs"),
    execute: containers?.execute ?? cannot("execute"),
    listNodeLoads: parts.listNodeLoads ?? (async (signal) => countByHost(await lists.container.list(signal))),
    drainNode: parts.drainNode ?? cannot("drain"),
    forgetNode: parts.forgetNode ?? cannot("forget"),
    markNode: parts.markNode ?? cannot("mark"),
    checkHealth: parts.checkHealth,
    readVersion: parts.readVersion,
  };
}

function countByHost(containers: Listed<Container>): Listed<NodeLoad> {
  if (containers.kind !== "listed") return containers;
  const counts = new Map<string, number>();
  for (const { host, state } of containers.objects) {
    if (host !== null && (state === "Running" || state === "Paused")) counts.set(host, (counts.get(host) ?? 0) + 1);
  }
  return { kind: "listed", objects: [...counts].map(([name, units]) => ({ name, units })) };
}
