/**
 * Docker's swarm mode: a container is a service of one task, so that the managers place it on any node; stopped is a
 * service of none. What needs the node itself (pausing, executing) a manager cannot do. A list takes three calls
 * (services, tasks, nodes), however many containers there are. Facts: engine sheet section 4.
 */
import { z } from "zod";
import { limits } from "@jeroboam/core/limits";
import { composeEngine } from "./compose-engine.ts";
import type { Containers } from "./compose-engine.ts";
import { MARK } from "./container-engine.ts";
import type {
  Acted,
  Container,
  ContainerEngine,
  Found,
  Listed,
  NewContainer,
  Node,
  Output,
  Reference,
  Refused,
  Removed,
  Unreachable,
  Written,
} from "./container-engine.ts";
import { dockerTrouble, readDockerVersion } from "./docker-client.ts";
import { textOfStream } from "./docker-stream.ts";
import { askAt, broken, isSuccess, readReply, shorten } from "./engine-client.ts";
import type { Ask, Read } from "./engine-client.ts";
import type { EngineEndpoint, EngineHttp } from "./engine-http.ts";
import { drainNode, forgetNode, listNodeLoads } from "./swarm-mode-nodes.ts";
import { healthOfNodes } from "./node-health.ts";

export function createSwarmModeEngine(http: EngineHttp, endpoint: EngineEndpoint): ContainerEngine {
  const ask = askAt(http, endpoint);
  const listNodes = (signal?: AbortSignal) => readNodes(ask, signal);
  return composeEngine({
    coe: "swarm-mode",
    containers: containersAt(ask),
    listNodes,
    listNodeLoads: (signal) => listNodeLoads(ask, signal),
    drainNode: (name, signal) => drainNode(ask, name, signal),
    forgetNode: (name, signal) => forgetNode(ask, name, signal),
    checkHealth: async (signal) => healthOfNodes(await listNodes(signal)),
    readVersion: (signal) => readDockerVersion(ask, signal),
  });
}

function containersAt(ask: Ask): Containers {
  const act = (replicas: number, isAnew: boolean) => async (reference: Reference, signal?: AbortSignal) =>
    await scale(ask, reference, { replicas, isAnew }, signal);
  return {
    list: (signal) => listContainers(ask, signal),
    find: (reference, signal) => findContainer(ask, reference, signal),
    create: (wanted, signal) => createContainer(ask, wanted, signal),
    remove: (reference, _options, signal) => removeContainer(ask, reference, signal),
    actions: { start: act(1, false), stop: act(0, false), reboot: act(1, true) },
    readLogs: (reference, signal) => readLogs(ask, reference, signal),
  };
}

const labels = z.record(z.string(), z.string()).nullish();

/** The specification is sent back as it came, so all of it is kept. */
const serviceSchema = z.object({
  ID: z.string(),
  Version: z.object({ Index: z.number() }),
  Spec: z.looseObject({
    Name: z.string(),
    Labels: labels,
    TaskTemplate: z.looseObject({
      ContainerSpec: z.looseObject({ Image: z.string().nullish(), TTY: z.boolean().nullish() }).nullish(),
      ForceUpdate: z.number().nullish(),
    }),
    Mode: z.looseObject({ Replicated: z.looseObject({ Replicas: z.number().nullish() }).nullish() }).nullish(),
  }),
});
type Service = z.output<typeof serviceSchema>;

const taskSchema = z.object({
  ServiceID: z.string().nullish(),
  NodeID: z.string().nullish(),
  CreatedAt: z.string(),
  Status: z.object({ State: z.string(), Err: z.string().nullish() }),
});
type Task = z.output<typeof taskSchema>;

const nodeSchema = z.object({
  ID: z.string(),
  Spec: z.object({ Labels: labels }),
  Description: z.object({ Hostname: z.string().nullish() }).nullish(),
  Status: z.object({ State: z.string(), Addr: z.string().nullish(), Message: z.string().nullish() }),
});

async function read<Schema extends z.ZodType>(
  ask: Ask,
  path: string,
  schema: Schema,
  signal: AbortSignal | undefined,
): Promise<Read<z.output<Schema>> | Refused> {
  const reply = await ask("GET", path, { signal });
  if (reply.kind === "unreachable") return reply;
  return isSuccess(reply) ? readReply(reply, schema) : dockerTrouble(reply);
}

async function listContainers(ask: Ask, signal: AbortSignal | undefined): Promise<Listed<Container>> {
  const services = await read(ask, "/services", z.array(serviceSchema), signal);
  return services.kind === "read" ? await describe(ask, services.value, "/tasks", signal) : services;
}

/** The services with the newest task of each, and the name of its node. */
async function describe(
  ask: Ask,
  services: readonly Service[],
  tasksPath: string,
  signal: AbortSignal | undefined,
): Promise<Listed<Container>> {
  const tasks = await read(ask, tasksPath, z.array(taskSchema), signal);
  if (tasks.kind !== "read") return tasks;
  const nodes = await readNodes(ask, signal);
  if (nodes.kind !== "listed") return nodes;
  const newest = new Map<string, Task>();
  for (const task of tasks.value) {
    const before = newest.get(task.ServiceID ?? "");
    if (!before || before.CreatedAt < task.CreatedAt) newest.set(task.ServiceID ?? "", task);
  }
  const hosts = new Map(nodes.objects.map(({ engineId, name }) => [engineId, name]));
  return { kind: "listed", objects: services.map((one) => containerOf(one, newest.get(one.ID), hosts)) };
}

function containerOf({ ID, Spec }: Service, task: Task | undefined, hosts: ReadonlyMap<string, string>): Container {
  const isWanted = (Spec.Mode?.Replicated?.Replicas ?? 1) > 0;
  const state = isWanted ? stateOf(task) : "Stopped";
  return {
    uuid: Spec.Labels?.[MARK] ?? null,
    engineId: ID,
    name: Spec.Name,
    labels: Spec.Labels ?? {},
    image: (Spec.TaskTemplate.ContainerSpec?.Image ?? "").replace(/@sha256:.*$/, ""),
    state,
    reason: state === "Error" ? shorten(task?.Status.Err ?? "") : null,
    host: isWanted ? (hosts.get(task?.NodeID ?? "") ?? null) : null,
  };
}

/** In the order of a task's life (sheet section 4); what is on its way is neither running nor stopped. */
function stateOf(task: Task | undefined): Container["state"] {
  switch (task?.Status.State) {
    case "running":
      return "Running";
    case "complete":
    case "shutdown":
    case "remove":
      return "Stopped";
    case "failed":
    case "rejected":
    case "orphaned":
      return "Error";
    default:
      return "Unknown";
  }
}

type Located =
  | { readonly kind: "found"; readonly service: Service }
  | { readonly kind: "missing" }
  | Refused
  | Unreachable;

async function locate(ask: Ask, uuid: string, signal: AbortSignal | undefined): Promise<Located> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`${MARK}=${uuid}`] }));
  const services = await read(ask, `/services?filters=${filters}`, z.array(serviceSchema), signal);
  if (services.kind !== "read") return services;
  const service = services.value.find(({ Spec }) => Spec.Labels?.[MARK] === uuid);
  return service ? { kind: "found", service } : { kind: "missing" };
}

async function findContainer(
  ask: Ask,
  { uuid }: Reference,
  signal: AbortSignal | undefined,
): Promise<Found<Container>> {
  const located = await locate(ask, uuid, signal);
  if (located.kind !== "found") return located;
  const filters = encodeURIComponent(JSON.stringify({ service: [located.service.ID] }));
  const listed = await describe(ask, [located.service], `/tasks?filters=${filters}`, signal);
  if (listed.kind !== "listed") return listed;
  const [object] = listed.objects;
  return object ? { kind: "found", object } : { kind: "missing" };
}

async function createContainer(
  ask: Ask,
  wanted: NewContainer,
  signal: AbortSignal | undefined,
): Promise<Written<Container>> {
  const reference = { uuid: wanted.uuid, name: wanted.name };
  const before = await findContainer(ask, reference, signal);
  if (before.kind === "found") return { kind: "written", object: before.object };
  if (before.kind !== "missing") return before;
  const reply = await ask("POST", "/services/create", { json: bodyOf(wanted), signal });
  if (reply.kind === "unreachable") return reply;
  const trouble = isSuccess(reply) ? null : dockerTrouble(reply);
  if (trouble && !(trouble.kind === "refused" && trouble.status === 409)) return trouble;
  // Made now; or the name was in use, by what another run made at the same moment or by somebody else's.
  const made = await findContainer(ask, reference, signal);
  if (made.kind === "found") return { kind: "written", object: made.object };
  if (made.kind !== "missing") return made;
  return trouble ? { kind: "taken", reason: trouble.reason } : broken("the service that was made cannot be found");
}

/** A command replaces the image's, as with containers: a service has a word of its own for its arguments. */
function bodyOf({ uuid, name, image, command, memoryBytes, environment }: NewContainer): unknown {
  return {
    Name: name ?? `container-${uuid}`,
    Labels: { [MARK]: uuid },
    TaskTemplate: {
      ContainerSpec: {
        Image: image,
        Hostname: uuid,
        ...(command && { Args: command }),
        Env: Object.entries(environment).map(([key, value]) => `${key}=${value}`),
      },
      Resources: memoryBytes === null ? {} : { Limits: { MemoryBytes: memoryBytes } },
      // One that has ended stays so, as a container would.
      RestartPolicy: { Condition: "none" },
    },
    Mode: { Replicated: { Replicas: 0 } },
  };
}

async function removeContainer(ask: Ask, { uuid }: Reference, signal: AbortSignal | undefined): Promise<Removed> {
  const located = await locate(ask, uuid, signal);
  if (located.kind === "missing") return { kind: "removed" };
  if (located.kind !== "found") return located;
  const reply = await ask("DELETE", `/services/${located.service.ID}`, { signal });
  if (reply.kind === "unreachable") return reply;
  return isSuccess(reply) || reply.status === 404 ? { kind: "removed" } : dockerTrouble(reply);
}

async function scale(
  ask: Ask,
  { uuid }: Reference,
  { replicas, isAnew }: { readonly replicas: number; readonly isAnew: boolean },
  signal: AbortSignal | undefined,
): Promise<Acted> {
  for (let attempt = 0; attempt < limits.containerEngine.conflictRetries; attempt += 1) {
    const located = await locate(ask, uuid, signal);
    if (located.kind !== "found") return located;
    const { ID, Version, Spec } = located.service;
    if (!isAnew && Spec.Mode?.Replicated?.Replicas === replicas) return { kind: "done" };
    const template = Spec.TaskTemplate;
    const reply = await ask("POST", `/services/${ID}/update?version=${Version.Index}`, {
      json: {
        ...Spec,
        TaskTemplate: { ...template, ...(isAnew && { ForceUpdate: (template.ForceUpdate ?? 0) + 1 }) },
        Mode: { Replicated: { Replicas: replicas } },
      },
      signal,
    });
    if (reply.kind === "unreachable") return reply;
    if (isSuccess(reply)) return { kind: "done" };
    if (reply.status === 404) return { kind: "missing" };
    const trouble = dockerTrouble(reply);
    if (!/out of sequence/i.test(trouble.reason)) return trouble;
  }
  return broken("the service was changed by others each time that it was to be changed");
}

async function readLogs(ask: Ask, { uuid }: Reference, signal: AbortSignal | undefined): Promise<Output> {
  const located = await locate(ask, uuid, signal);
  if (located.kind !== "found") return located;
  const { ID, Spec } = located.service;
  const hasTerminal = Spec.TaskTemplate.ContainerSpec?.TTY === true;
  let cut = "";
  for (const lines of limits.containerEngine.logLines) {
    const reply = await ask("GET", `/services/${ID}/logs?stdout=1&stderr=1&tail=${lines}`, {
      maxBytes: limits.containerEngine.outputBytes,
      whenLonger: "cut",
      signal,
    });
    if (reply.kind === "unreachable") return reply;
    if (reply.status === 404) return { kind: "missing" };
    if (!isSuccess(reply)) return dockerTrouble(reply);
    const text = textOfStream(reply.body, hasTerminal);
    if (!reply.isCut) return { kind: "output", text, isCut: cut !== "", exitCode: null };
    cut = text;
  }
  return { kind: "output", text: cut, isCut: true, exitCode: null };
}

async function readNodes(ask: Ask, signal: AbortSignal | undefined): Promise<Listed<Node>> {
  const nodes = await read(ask, "/nodes", z.array(nodeSchema), signal);
  if (nodes.kind !== "read") return nodes;
  return {
    kind: "listed",
    objects: nodes.value.map(({ ID, Spec, Description, Status }) => {
      const isReady = Status.State === "ready";
      return {
        uuid: null,
        engineId: ID,
        name: Description?.Hostname ?? ID,
        labels: Spec.Labels ?? {},
        isReady,
        addresses: Status.Addr ? [Status.Addr] : [],
        reason: isReady ? null : shorten(Status.Message ?? "") || Status.State,
      };
    }),
  };
}
