/**
 * Engines in memory, one a bay, for tests: they keep what the interface promises and what real ones do besides (a name
 * is there once, pods find a node, a controller keeps its pods, a stopped container cannot be paused). A test sees and
 * changes what a bay holds behind the product's back, and says when an engine is in trouble.
 */
import type { Coe } from "@jeroboam/core/bay-model/bay-model";
import type { ManifestKind } from "@jeroboam/core/manifest/manifest";
import { isSupported } from "./capabilities.ts";
import { composeEngine } from "./compose-engine.ts";
import type { Containers, Managed, Manifested } from "./compose-engine.ts";
import type {
  Acted,
  Container,
  ContainerAction,
  ContainerEngine,
  ManagedKind,
  ManagedObjects,
  NewObject,
  NodeMarks,
  Output,
  Reference,
  Refused,
  Unreachable,
} from "./container-engine.ts";
import type { OpenBayEngine } from "./open-bay-engine.ts";

type BorneMarks = Pick<NodeMarks, "labels" | "taints">;

export interface MemoryBay {
  /** Of each kind, by the engine's own ids. */
  readonly objects: { readonly [Kind in ManagedKind]: Map<string, ManagedObjects[Kind]> };
  /** What nodes bear, by their names: any node that is asked for is there. */
  readonly nodes: Map<string, BorneMarks>;
  /** The engine gives no other answer until this is taken away. */
  trouble: Unreachable | Refused | undefined;
  /** Of its nodes, as its health tells them: `{"node-0.Ready": "True"}`. */
  conditions: () => Readonly<Record<string, string>>;
  /** Calls so far, by what was asked: `list pod`. */
  readonly calls: string[];
  /** Objects made so far. */
  made: number;
}

export interface MemoryEngines {
  readonly open: OpenBayEngine;
  /** The same engines, by another way. */
  through(pass: Pass): OpenBayEngine;
  /** By the bay's uuid. */
  bay(uuid: string): MemoryBay;
}

/** Lets a call through, or says what became of it. */
type Pass = <Result>(name: string, run: () => Promise<Result>) => Promise<Result | Unreachable>;

export function createMemoryEngines(pass: Pass = (_name, run) => run()): MemoryEngines {
  const bays = new Map<string, MemoryBay>();
  const bay = (uuid: string): MemoryBay => {
    const found = bays.get(uuid) ?? newBay();
    bays.set(uuid, found);
    return found;
  };
  const through =
    (way: Pass): OpenBayEngine =>
    ({ uuid, status }, { apiAddress, model }) =>
      Promise.resolve(
        apiAddress === null
          ? { kind: "closed", reason: `the bay has no address yet; its status is ${status}` }
          : { kind: "open", engine: engineOf(bay(uuid), model.coe, way) },
      );
  return { bay, open: through(pass), through };
}

const newBay = (): MemoryBay => ({
  objects: { pod: new Map(), service: new Map(), "replication-controller": new Map(), container: new Map() },
  nodes: new Map(),
  trouble: undefined,
  conditions: () => ({}),
  calls: [],
  made: 0,
});

function engineOf(bay: MemoryBay, coe: Coe, pass: Pass): ContainerEngine {
  const call = <Result>(name: string, run: () => Result): Promise<Result | Unreachable | Refused> =>
    pass(`engine ${name}`, () => {
      bay.calls.push(name);
      return Promise.resolve(bay.trouble ?? run());
    });
  return composeEngine({
    coe,
    ...(isSupported(coe, "pod") && {
      manifested: {
        pod: manifested(bay, call, "pod", newPod),
        service: manifested(bay, call, "service", newService),
        "replication-controller": manifested(bay, call, "replication-controller", newController),
      },
    }),
    ...(isSupported(coe, "container") && { containers: containersOf(bay, call, coe) }),
    ...(isSupported(coe, "mark") && {
      markNode: (name, marks) =>
        call("mark node", () => {
          bay.nodes.set(name, markedAs(bay.nodes.get(name), marks));
          return { kind: "marked" };
        }),
    }),
    listNodes: () => call("list node", () => ({ kind: "listed", objects: [] })),
    checkHealth: async () => {
      const checked = await call("health", () => {
        const conditions = bay.conditions();
        const isHealthy = Object.values(conditions).every((value) => value === "True");
        return { kind: "checked" as const, isHealthy, reasons: { api: "ok", ...conditions } };
      });
      return checked.kind === "refused" ? { kind: "unreachable", cause: "broken", reason: checked.reason } : checked;
    },
    readVersion: () => call("version", () => ({ kind: "version", version: "v1.2.0" })),
  });
}

function markedAs(before: BorneMarks | undefined, { labels, taints, stale }: NodeMarks): BorneMarks {
  const kept = Object.entries(before?.labels ?? {}).filter(([key]) => !stale.labels.includes(key));
  const others = (before?.taints ?? []).filter(
    ({ key, effect }) => ![...taints, ...stale.taints].some((one) => one.key === key && one.effect === effect),
  );
  return { labels: { ...Object.fromEntries(kept), ...labels }, taints: [...others, ...taints] };
}

type Call = <Result>(name: string, run: () => Result) => Promise<Result | Unreachable | Refused>;

function managed<Kind extends ManagedKind>(bay: MemoryBay, call: Call, kind: Kind): Managed<ManagedObjects[Kind]> {
  const objects = bay.objects[kind] as Map<string, ManagedObjects[Kind]>;
  return {
    list: () => call(`list ${kind}`, () => ({ kind: "listed", objects: [...objects.values()] })),
    find: ({ uuid }) =>
      call(`find ${kind}`, () => {
        const object = markedIn(objects, uuid);
        return object ? { kind: "found", object } : { kind: "missing" };
      }),
    remove: ({ uuid }, { isForced }) =>
      call(`remove ${kind}`, () => {
        const object = markedIn(objects, uuid);
        const isRunning = kind === "container" && (object as Container | undefined)?.state === "Running";
        if (object && isRunning && !isForced) return { kind: "refused", status: 409, reason: "it runs" };
        if (object) objects.delete(object.engineId);
        return { kind: "removed" };
      }),
  };
}

function manifested<Kind extends ManifestKind>(
  bay: MemoryBay,
  call: Call,
  kind: Kind,
  make: (wanted: NewObject<Kind>, count: number) => ManagedObjects[Kind],
): Manifested<Kind> {
  const objects = bay.objects[kind] as Map<string, ManagedObjects[Kind]>;
  return {
    ...managed(bay, call, kind),
    create: (wanted) =>
      call(`create ${kind}`, () => {
        const { name } = wanted.manifest.metadata;
        const holder = [...objects.values()].find((one) => one.name === name);
        if (holder && holder.uuid !== wanted.uuid) return { kind: "taken", reason: `${kind} "${name}" already exists` };
        if (holder) return { kind: "written", object: holder };
        bay.made += 1;
        const object = make(wanted, bay.made);
        objects.set(object.engineId, object);
        return { kind: "written", object };
      }),
    replace: (wanted) =>
      call(`replace ${kind}`, () => {
        const found = markedIn(objects, wanted.uuid);
        if (!found) return { kind: "missing" };
        const object = { ...make(wanted, bay.made), engineId: found.engineId };
        objects.set(object.engineId, object);
        return { kind: "written", object };
      }),
  };
}

function markedIn<Value extends { readonly uuid: string | null }>(
  objects: ReadonlyMap<string, Value>,
  uuid: string,
): Value | undefined {
  return [...objects.values()].find((one) => one.uuid === uuid);
}

const common = ({ uuid, manifest }: NewObject<ManifestKind>, count: number) => ({
  uuid,
  engineId: `engine-${count}`,
  name: manifest.metadata.name,
  labels: manifest.metadata.labels ?? {},
});

const newPod = (wanted: NewObject<"pod">, count: number): ManagedObjects["pod"] => ({
  ...common(wanted, count),
  images: wanted.manifest.spec.containers.map(({ image }) => image),
  phase: "Running",
  host: "node-0",
  address: `10.100.0.${count}`,
  reason: null,
  isGoing: false,
});

const newService = (wanted: NewObject<"service">, count: number): ManagedObjects["service"] => ({
  ...common(wanted, count),
  selector: wanted.manifest.spec.selector ?? {},
  address: `10.254.0.${count}`,
  ports: (wanted.manifest.spec.ports ?? []).map(({ name, protocol, port, targetPort }) => ({
    name: name ?? null,
    protocol: protocol ?? "TCP",
    port,
    targetPort: targetPort ?? port,
    nodePort: null,
  })),
});

const newController = (
  wanted: NewObject<"replication-controller">,
  count: number,
): ManagedObjects["replication-controller"] => {
  const { replicas, template } = wanted.manifest.spec;
  return {
    ...common(wanted, count),
    images: template.spec.containers.map(({ image }) => image),
    wantedReplicas: replicas ?? 1,
    replicas: replicas ?? 1,
    readyReplicas: replicas ?? 1,
  };
};

const AFTER: Readonly<Record<ContainerAction, Container["state"]>> = {
  start: "Running",
  stop: "Stopped",
  reboot: "Running",
  pause: "Paused",
  unpause: "Running",
};

/** The state that an action needs where it needs one. */
const BEFORE: Partial<Record<ContainerAction, Container["state"]>> = { pause: "Running", unpause: "Paused" };

function containersOf(bay: MemoryBay, call: Call, coe: Coe): Containers {
  const { container: objects } = bay.objects;
  const act =
    (action: ContainerAction) =>
    ({ uuid }: Reference) =>
      call(action, (): Acted => {
        const found = markedIn(objects, uuid);
        if (!found) return { kind: "missing" };
        if (found.state === AFTER[action] && action !== "reboot") return { kind: "done" };
        const needed = BEFORE[action];
        if (needed !== undefined && found.state !== needed)
          return { kind: "refused", status: 409, reason: `the container is not ${needed.toLowerCase()}` };
        objects.set(found.engineId, { ...found, state: AFTER[action] });
        return { kind: "done" };
      });
  const output =
    (name: string, text: (container: Container) => string) =>
    ({ uuid }: Reference) =>
      call(name, (): Output => {
        const found = markedIn(objects, uuid);
        return found ? { kind: "output", text: text(found), isCut: false, exitCode: null } : { kind: "missing" };
      });
  const actions = Object.fromEntries(
    (Object.keys(AFTER) as ContainerAction[])
      .filter((action) => isSupported(coe, action))
      .map((action) => [action, act(action)]),
  );
  return {
    ...managed(bay, call, "container"),
    create: ({ uuid, name, image }) =>
      call("create container", () => {
        const holder = [...objects.values()].find((one) => one.uuid === uuid || (name !== null && one.name === name));
        if (holder && holder.uuid !== uuid) return { kind: "taken", reason: `the name "${name}" is in use` };
        if (holder) return { kind: "written", object: holder };
        bay.made += 1;
        const engineId = `engine-${bay.made}`;
        const object: Container = {
          uuid,
          engineId,
          name: name ?? engineId,
          labels: {},
          image,
          state: "Stopped",
          reason: null,
          host: null,
        };
        objects.set(engineId, object);
        return { kind: "written", object };
      }),
    actions,
    ...(isSupported(coe, "logs") && { readLogs: output("logs", ({ name }) => `log of ${name}\n`) }),
    ...(isSupported(coe, "execute") && {
      execute: (reference, words) => output("execute", () => `${words.join(" ")}\n`)(reference),
    }),
  };
}
