/**
 * Mesos with Marathon: a container is an app of one instance, stopped is an app of none; nodes are what the Mesos master
 * knows. Both speak plain HTTP in these bays (bay-era sheet 9). An app's id is made from our record's uuid and bears our
 * mark as a label; every change of one is a deployment, which goes on after the answer. Facts: engine sheet 5 and 6.
 */
import { z } from "zod";
import { composeEngine } from "./compose-engine.ts";
import type { Containers } from "./compose-engine.ts";
import { MARK } from "./container-engine.ts";
import type {
  Acted,
  Container,
  ContainerEngine,
  Found,
  Health,
  Listed,
  NewContainer,
  Node,
  Reference,
  Refused,
  Removed,
  Unreachable,
  Version,
  Written,
} from "./container-engine.ts";
import { askAt, broken, isSuccess, parseJson, readReply, refused, shorten, textOfReply } from "./engine-client.ts";
import type { Ask } from "./engine-client.ts";
import type { EngineEndpoint, EngineHttp, EngineReply } from "./engine-http.ts";
import { healthOfNodes } from "./node-health.ts";

export interface MesosEndpoints {
  readonly marathon: EngineEndpoint;
  /** Every master: only the one that leads answers, and where a follower points is not gone to. */
  readonly masters: readonly EngineEndpoint[];
}

export function createMesosEngine(http: EngineHttp, { marathon, masters }: MesosEndpoints): ContainerEngine {
  const ask = askAt(http, marathon);
  const askMasters = masters.map((endpoint) => askAt(http, endpoint));
  const listNodes = (signal?: AbortSignal) => readNodes(askMasters, signal);
  return composeEngine({
    coe: "mesos",
    containers: containersAt(ask),
    listNodes,
    checkHealth: (signal) => checkHealth(ask, listNodes, signal),
    readVersion: (signal) => readVersion(askMasters, signal),
  });
}

function containersAt(ask: Ask): Containers {
  const scaleTo = (instances: number) => async (reference: Reference, signal?: AbortSignal) =>
    await act(ask, reference, "PUT", "", { instances }, signal);
  return {
    list: (signal) => listContainers(ask, signal),
    find: ({ uuid }, signal) => findContainer(ask, uuid, signal),
    create: (wanted, signal) => createContainer(ask, wanted, signal),
    remove: ({ uuid }, _options, signal) => removeContainer(ask, uuid, signal),
    actions: {
      start: scaleTo(1),
      stop: scaleTo(0),
      reboot: (reference, signal) => act(ask, reference, "POST", "/restart", undefined, signal),
    },
  };
}

/** The label that keeps the name: an app's id is no place for what users choose. */
const NAME = "jeroboam-name";

const appSchema = z.object({
  id: z.string(),
  instances: z.number(),
  tasksRunning: z.number().nullish(),
  labels: z.record(z.string(), z.string()).nullish(),
  container: z.object({ docker: z.object({ image: z.string() }).nullish() }).nullish(),
  tasks: z.array(z.object({ host: z.string().nullish() })).nullish(),
  lastTaskFailure: z.object({ message: z.string().nullish(), state: z.string().nullish() }).nullish(),
});
type App = z.output<typeof appSchema>;

const appPath = (uuid: string): string => `/v2/apps/jeroboam-${uuid}`;

function containerOf(app: App): Container {
  const failure = app.lastTaskFailure;
  const state = stateOf(app);
  return {
    uuid: app.labels?.[MARK] ?? null,
    engineId: app.id,
    name: app.labels?.[NAME] ?? app.id.replace(/^\//, ""),
    labels: app.labels ?? {},
    image: app.container?.docker?.image ?? "",
    state,
    reason: state === "Error" ? shorten(failure?.message ?? "") || (failure?.state ?? null) : null,
    host: app.tasks?.[0]?.host ?? null,
  };
}

function stateOf({ instances, tasksRunning, lastTaskFailure }: App): Container["state"] {
  if (instances === 0) return "Stopped";
  if ((tasksRunning ?? 0) > 0) return "Running";
  return lastTaskFailure ? "Error" : "Unknown";
}

async function listContainers(ask: Ask, signal: AbortSignal | undefined): Promise<Listed<Container>> {
  const reply = await ask("GET", "/v2/apps?embed=apps.tasks&embed=apps.lastTaskFailure", { signal });
  if (reply.kind === "unreachable") return reply;
  if (!isSuccess(reply)) return troubleOf(reply);
  const read = readReply(reply, z.object({ apps: z.array(appSchema) }));
  return read.kind === "unreachable" ? read : { kind: "listed", objects: read.value.apps.map(containerOf) };
}

async function findContainer(ask: Ask, uuid: string, signal: AbortSignal | undefined): Promise<Found<Container>> {
  const reply = await ask("GET", appPath(uuid), { signal });
  if (reply.kind === "unreachable") return reply;
  if (reply.status === 404) return { kind: "missing" };
  if (!isSuccess(reply)) return troubleOf(reply);
  const read = readReply(reply, z.object({ app: appSchema }));
  if (read.kind === "unreachable") return read;
  const object = containerOf(read.value.app);
  return object.uuid === uuid ? { kind: "found", object } : { kind: "missing" };
}

async function createContainer(
  ask: Ask,
  wanted: NewContainer,
  signal: AbortSignal | undefined,
): Promise<Written<Container>> {
  const reply = await ask("POST", "/v2/apps", { json: bodyOf(wanted), signal });
  if (reply.kind === "unreachable") return reply;
  if (!isSuccess(reply) && reply.status !== 409) return troubleOf(reply);
  // 409: an earlier run made it, or is still at it; or somebody took the id.
  const found = await findContainer(ask, wanted.uuid, signal);
  if (found.kind === "found") return { kind: "written", object: found.object };
  if (found.kind !== "missing") return found;
  return isSuccess(reply)
    ? broken("the app that was made cannot be found")
    : { kind: "taken", reason: messageOf(reply) };
}

const MEBIBYTE = 2 ** 20;

function bodyOf({ uuid, name, image, command, memoryBytes, environment }: NewContainer): unknown {
  return {
    id: `/jeroboam-${uuid}`,
    labels: { [MARK]: uuid, ...(name !== null && { [NAME]: name }) },
    container: { type: "DOCKER", docker: { image } },
    ...(command && { args: command }),
    ...(memoryBytes !== null && { mem: Math.ceil(memoryBytes / MEBIBYTE) }),
    env: environment,
    instances: 0,
  };
}

async function removeContainer(ask: Ask, uuid: string, signal: AbortSignal | undefined): Promise<Removed> {
  const found = await findContainer(ask, uuid, signal);
  if (found.kind === "missing") return { kind: "removed" };
  if (found.kind !== "found") return found;
  const reply = await ask("DELETE", `${appPath(uuid)}?force=true`, { signal });
  if (reply.kind === "unreachable") return reply;
  if (reply.status === 404) return { kind: "removed" };
  return isSuccess(reply) ? { kind: "removing" } : troubleOf(reply);
}

/** Forced: a deployment that hangs, for want of room or of an image, must not lock the app. */
async function act(
  ask: Ask,
  { uuid }: Reference,
  method: "PUT" | "POST",
  path: string,
  json: unknown,
  signal: AbortSignal | undefined,
): Promise<Acted> {
  // A PUT to what is not there would make it.
  const found = await findContainer(ask, uuid, signal);
  if (found.kind !== "found") return found;
  const reply = await ask(method, `${appPath(uuid)}${path}?force=true`, { json, signal });
  if (reply.kind === "unreachable") return reply;
  if (reply.status === 404) return { kind: "missing" };
  return isSuccess(reply) ? { kind: "done" } : troubleOf(reply);
}

const messageSchema = z.object({ message: z.string() });

function messageOf(reply: EngineReply): string {
  const text = textOfReply(reply);
  const read = messageSchema.safeParse(parseJson(text));
  return shorten(read.success ? read.data.message : text) || `status ${reply.status}`;
}

function troubleOf(reply: EngineReply): Refused | Unreachable {
  const isAnswer = reply.status >= 400 && reply.status < 500 && reply.status !== 429;
  return isAnswer
    ? refused(reply.status, messageOf(reply))
    : broken(`it answered ${reply.status}: ${messageOf(reply)}`);
}

const agentsSchema = z.object({
  slaves: z.array(
    z.object({
      id: z.string(),
      hostname: z.string(),
      /** `slave(1)@10.0.0.5:5051` */
      pid: z.string().nullish(),
      active: z.boolean().nullish(),
    }),
  ),
});

/** The first answer of a master that leads. */
async function askLeader(
  masters: readonly Ask[],
  path: string,
  signal: AbortSignal | undefined,
): Promise<EngineReply | Unreachable> {
  let last: Unreachable = broken("the bay has no Mesos master");
  for (const ask of masters) {
    const reply = await ask("GET", path, { signal });
    if (reply.kind === "reply" && reply.status < 300) return reply;
    last = reply.kind === "reply" ? broken(`its Mesos master answered ${reply.status}: no leader is known`) : reply;
  }
  return last;
}

async function readNodes(masters: readonly Ask[], signal: AbortSignal | undefined): Promise<Listed<Node>> {
  const reply = await askLeader(masters, "/slaves", signal);
  if (reply.kind === "unreachable") return reply;
  const read = readReply(reply, agentsSchema);
  if (read.kind === "unreachable") return read;
  return {
    kind: "listed",
    objects: read.value.slaves.map(({ id, hostname, pid, active }) => ({
      uuid: null,
      engineId: id,
      name: hostname,
      labels: {},
      isReady: active === true,
      addresses: [/@(.+):\d+$/.exec(pid ?? "")?.[1]].filter((address) => address !== undefined),
      reason: active === true ? null : "the Mesos master does not reach it",
    })),
  };
}

async function checkHealth(
  ask: Ask,
  listNodes: (signal?: AbortSignal) => Promise<Listed<Node>>,
  signal: AbortSignal | undefined,
): Promise<Health> {
  const ping = await ask("GET", "/ping", { signal });
  if (ping.kind === "unreachable") return ping;
  if (!isSuccess(ping)) return { kind: "checked", isHealthy: false, reasons: { api: messageOf(ping) } };
  return healthOfNodes(await listNodes(signal));
}

async function readVersion(masters: readonly Ask[], signal: AbortSignal | undefined): Promise<Version> {
  const reply = await askLeader(masters, "/version", signal);
  if (reply.kind === "unreachable") return reply;
  const read = readReply(reply, z.object({ version: z.string() }));
  return read.kind === "unreachable" ? read : { kind: "version", version: read.value.version };
}
