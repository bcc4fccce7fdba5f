/**
 * Docker's swarm mode (engine sheet 4): services whose tasks the managers place on nodes. A task prepares for a while, then
 * runs its program on paper. A task that has ended is not restarted, whatever the service's policy.
 */
import { pick } from "../../ids.ts";
import { isMap } from "../../json.ts";
import type { Json, JsonMap } from "../../json.ts";
import { limits } from "../../limits.ts";
import { isNoImage } from "../kubernetes/control.ts";
import { groupOf } from "../records.ts";
import { DockerFault, json, streamOf } from "./answers.ts";
import { filterOf } from "./calls.ts";
import type { Call } from "./calls.ts";
import type { Place } from "./containers.ts";
import { ENDLESS, runProgram } from "./programs.ts";
import type { Printed, Program } from "./programs.ts";
import { isWell, nodesOf, sizeOf } from "./views.ts";

interface Task {
  readonly id: string;
  readonly nodeId: string;
  readonly slot: number;
  readonly createdAtMs: number;
  readonly startsAtMs: number;
  /** When it was told to end; null while it is wanted. */
  readonly stoppedAtMs: number | null;
  readonly program: Program;
  /** Why it can never run. */
  readonly error: string;
}

interface Service {
  readonly id: string;
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly spec: JsonMap;
  readonly tasks: readonly Task[];
}

const COLLECTION = "swarm-services";

const listServices = ({ cloud, engine }: Place): Service[] =>
  cloud.engines.objects.group(groupOf(engine.id, COLLECTION)).map(({ object }) => object as unknown as Service);

function putService({ cloud, engine }: Place, service: Service): void {
  cloud.engines.objects.put({
    id: `${engine.id}/${COLLECTION}/${service.id}`,
    engineId: engine.id,
    collection: COLLECTION,
    key: service.id,
    object: service as unknown as JsonMap,
    dueAtMs: null,
  });
}

function nextIndex({ cloud, engine }: Place): number {
  engine.revision += 1;
  cloud.engines.engines.put(engine);
  return engine.revision;
}

const mapAt = (value: Json | undefined, key: string): JsonMap => {
  const inner = isMap(value) ? value[key] : undefined;
  return isMap(inner) ? inner : {};
};
const textOf = (value: Json | undefined): string => (typeof value === "string" ? value : "");
const textsOf = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];

const nameOf = ({ spec }: Service): string => textOf(spec["Name"]);
const labelsOf = ({ spec }: Service): Record<string, string> => mapAt(spec, "Labels") as Record<string, string>;
const replicasOf = (spec: JsonMap): number => Number(mapAt(mapAt(spec, "Mode"), "Replicated")["Replicas"] ?? 1);
const forcedOf = (spec: JsonMap): number => Number(mapAt(spec, "TaskTemplate")["ForceUpdate"] ?? 0);
const containerOf = (spec: JsonMap): JsonMap => mapAt(mapAt(spec, "TaskTemplate"), "ContainerSpec");
const newId = (call: Call): string => pick(call.cloud.random, "abcdefghijklmnopqrstuvwxyz0123456789", 25);

export function serveSwarmMode(call: Call, method: string, parts: readonly string[]): Response | undefined {
  const [collection, id, act] = parts;
  switch (`${method} ${collection ?? ""}`) {
    case "GET swarm":
      return json({ ID: call.engine.id, Version: { Index: call.engine.revision }, Spec: { Name: "default" } });
    case "GET nodes":
      return id === undefined ? json(nodeViews(call)) : json(needNode(call, id));
    case "GET tasks":
      return listTasks(call);
    case "GET services":
      if (id === undefined) return listAll(call);
      return act === "logs" ? logs(call, id) : json(viewOf(need(call, id)));
    case "POST services":
      if (id === "create") return create(call);
      return act === "update" ? update(call, id ?? "") : undefined;
    case "DELETE services":
      call.cloud.engines.objects.delete(`${call.engine.id}/${COLLECTION}/${need(call, id ?? "").id}`);
      return new Response(null, { status: 200 });
    default:
      return undefined;
  }
}

function need(call: Call, reference: string): Service {
  const found = listServices(call).find((one) => one.id === reference || nameOf(one) === reference);
  if (!found) throw new DockerFault(404, `service ${reference} not found`);
  return found;
}

function checkedSpec(body: unknown): JsonMap {
  if (!isMap(body)) throw new DockerFault(400, "invalid JSON: got EOF while reading request body");
  const name = textOf(body["Name"]);
  if (!/^[a-zA-Z0-9]([-_]*[A-Za-z0-9]+)*$/.test(name)) {
    throw new DockerFault(400, "rpc error: code = InvalidArgument desc = name must be valid as a DNS name component");
  }
  if (textOf(containerOf(body)["Image"]) === "") {
    throw new DockerFault(
      400,
      "rpc error: code = InvalidArgument desc = ContainerSpec: image reference must be provided",
    );
  }
  return body;
}

function create(call: Call): Response {
  const spec = checkedSpec(call.body);
  const name = textOf(spec["Name"]);
  const all = listServices(call);
  if (all.some((one) => nameOf(one) === name)) {
    throw new DockerFault(
      409,
      `rpc error: code = AlreadyExists desc = name conflicts with an existing object: service ${name} already exists`,
    );
  }
  if (all.length >= limits.objectsPerCollection) throw new DockerFault(500, "no more services in this sandbox");
  const service: Service = {
    id: newId(call),
    version: nextIndex(call),
    createdAtMs: call.now,
    updatedAtMs: call.now,
    spec,
    tasks: [],
  };
  putService(call, { ...service, tasks: withTasks(call, service, false) });
  return json({ ID: service.id }, 201);
}

function update(call: Call, reference: string): Response {
  const before = need(call, reference);
  if (Number(call.query.get("version")) !== before.version) {
    throw new DockerFault(500, "rpc error: code = Unknown desc = update out of sequence");
  }
  const spec = checkedSpec(call.body);
  const isAnew = forcedOf(spec) !== forcedOf(before.spec);
  const service: Service = { ...before, spec, version: nextIndex(call), updatedAtMs: call.now };
  putService(call, { ...service, tasks: withTasks(call, service, isAnew) });
  return json({ Warnings: null });
}

/** The tasks as the specification wants them: those that are too many end, those that lack begin. */
function withTasks(call: Call, service: Service, isAnew: boolean): Task[] {
  const wanted = Math.min(replicasOf(service.spec), limits.podsPerEngine);
  const tasks = service.tasks.map((task) => {
    const isKept = task.slot <= wanted && !isAnew;
    return task.stoppedAtMs === null && !isKept ? { ...task, stoppedAtMs: call.now } : task;
  });
  const open = tasks.filter(({ stoppedAtMs }) => stoppedAtMs === null);
  for (let slot = 1; slot <= wanted; slot += 1) {
    if (!open.some((task) => task.slot === slot)) tasks.push(newTask(call, service, slot));
  }
  // As many ended ones of a slot are remembered as a swarm does by default.
  return tasks.slice(-(wanted * limits.tasksOfSlot + limits.tasksOfSlot));
}

function newTask(call: Call, service: Service, slot: number): Task {
  const container = containerOf(service.spec);
  const words = [...textsOf(container["Command"]), ...textsOf(container["Args"])];
  const hostname = textOf(container["Hostname"]);
  const program =
    words.length === 0 ? ENDLESS : runProgram(words, { hostname, environment: textsOf(container["Env"]) });
  const image = textOf(container["Image"]);
  const nodes = nodesOf(call);
  const node = nodes[(slot + service.tasks.length) % Math.max(1, nodes.length)];
  return {
    id: newId(call),
    nodeId: node?.id ?? "",
    slot,
    createdAtMs: call.now,
    startsAtMs: call.now + call.cloud.knobs.settings.containerMs,
    stoppedAtMs: null,
    program: program ?? ENDLESS,
    error: isNoImage(image)
      ? `No such image: ${image}`
      : program
        ? ""
        : `starting container failed: exec: "${words[0] ?? ""}": executable file not found in $PATH: unknown`,
  };
}

function stateOf(task: Task, now: number): { state: string; message: string; exitCode: number } {
  const { error, program, startsAtMs, stoppedAtMs } = task;
  const until = stoppedAtMs ?? now;
  if (until < startsAtMs) {
    return stoppedAtMs === null
      ? { state: "preparing", message: "preparing", exitCode: 0 }
      : { state: "shutdown", message: "shutdown", exitCode: 0 };
  }
  if (error !== "") {
    const isImage = error.startsWith("No such image");
    return { state: isImage ? "rejected" : "failed", message: isImage ? "preparing" : "starting", exitCode: 127 };
  }
  if (program.endsAfterMs !== null && until - startsAtMs >= program.endsAfterMs) {
    const isWell = program.exitCode === 0;
    return {
      state: isWell ? "complete" : "failed",
      message: isWell ? "finished" : "started",
      exitCode: program.exitCode,
    };
  }
  if (stoppedAtMs !== null) return { state: "shutdown", message: "shutdown", exitCode: 137 };
  return { state: "running", message: "started", exitCode: 0 };
}

const iso = (ms: number): string => new Date(ms).toISOString();

const viewOf = (service: Service): JsonMap => ({
  ID: service.id,
  Version: { Index: service.version },
  CreatedAt: iso(service.createdAtMs),
  UpdatedAt: iso(service.updatedAtMs),
  Spec: service.spec,
  Endpoint: { Spec: {} },
});

function listAll(call: Call): Response {
  const test = filterOf(call.query.get("filters"));
  const found = listServices(call).filter((one) => test(labelsOf(one), { id: one.id, name: nameOf(one) }));
  return json(found.map(viewOf));
}

function listTasks(call: Call): Response {
  const { service: wanted } = JSON.parse(call.query.get("filters") ?? "{}") as { service?: unknown };
  const names = Array.isArray(wanted) ? wanted : isMap(wanted) ? Object.keys(wanted) : [];
  const services = listServices(call).filter(
    (one) => names.length === 0 || names.includes(one.id) || names.includes(nameOf(one)),
  );
  return json(services.flatMap((service) => service.tasks.map((task) => taskView(call, service, task))));
}

function taskView(call: Call, service: Service, task: Task): JsonMap {
  const { state, message, exitCode } = stateOf(task, call.now);
  return {
    ID: task.id,
    Version: { Index: service.version },
    CreatedAt: iso(task.createdAtMs),
    UpdatedAt: iso(task.stoppedAtMs ?? task.startsAtMs),
    ServiceID: service.id,
    Slot: task.slot,
    NodeID: task.nodeId.replaceAll("-", "").slice(0, 25),
    Spec: mapAt(service.spec, "TaskTemplate"),
    Status: {
      Timestamp: iso(call.now),
      State: state,
      Message: message,
      ...(task.error !== "" && { Err: task.error }),
      ContainerStatus: { ContainerID: task.id, PID: state === "running" ? 1_000 : 0, ExitCode: exitCode },
    },
    DesiredState: task.stoppedAtMs === null ? "running" : "shutdown",
  };
}

function logs(call: Call, reference: string): Response {
  const service = need(call, reference);
  const wants = (name: string): boolean => ["1", "true"].includes(call.query.get(name) ?? "");
  if (!wants("stdout") && !wants("stderr")) {
    throw new DockerFault(400, "Bad parameters: you must choose at least one stream");
  }
  const printed = service.tasks.flatMap((task): Printed[] =>
    task.error !== ""
      ? []
      : task.program.printed.filter(({ afterMs }) => afterMs <= (task.stoppedAtMs ?? call.now) - task.startsAtMs),
  );
  const shown = printed.filter(({ stream }) => wants(stream === 1 ? "stdout" : "stderr"));
  const tail = Number(call.query.get("tail") ?? "all");
  const last = Number.isInteger(tail) ? shown.slice(Math.max(0, shown.length - tail)) : shown;
  return new Response(streamOf(last, containerOf(service.spec)["TTY"] === true));
}

function nodeViews(call: Call): JsonMap[] {
  const nodes = call.cloud.engines.nodes.group(call.engine.id).filter(({ setup }) => setup === "done");
  const leader = nodes.find(({ role }) => role === "master");
  return nodes.map((node) => {
    const { Cpus, Memory } = sizeOf(call, node);
    const isReady = isWell(call, node);
    return {
      ID: node.id.replaceAll("-", "").slice(0, 25),
      Version: { Index: call.engine.revision },
      CreatedAt: iso(node.joinedAtMs),
      Spec: { Labels: {}, Role: node.role === "master" ? "manager" : "worker", Availability: "active" },
      Description: {
        Hostname: node.name,
        Platform: { Architecture: "x86_64", OS: "linux" },
        Resources: { NanoCPUs: Cpus * 1e9, MemoryBytes: Memory },
        Engine: { EngineVersion: "20.10.24" },
      },
      Status: {
        State: isReady ? "ready" : "down",
        Addr: node.privateAddress,
        ...(!isReady && { Message: "heartbeat failure" }),
      },
      ...(node.role === "master" && {
        ManagerStatus: { Leader: node === leader, Reachability: "reachable", Addr: `${node.privateAddress}:2377` },
      }),
    };
  });
}

function needNode(call: Call, id: string): JsonMap {
  const found = nodeViews(call).find((one) => one["ID"] === id);
  if (!found) throw new DockerFault(404, `node ${id} not found`);
  return found;
}
