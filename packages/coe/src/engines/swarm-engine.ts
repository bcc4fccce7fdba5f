/**
 * Swarm as of 2015: one endpoint that speaks Docker's API for many engines behind it (engine sheet section 3), or one
 * engine alone. A container is found by its label, in one list of all; a list names the node that each runs on. Facts:
 * engine sheet sections 2 and 3, bay-era sheet 6; its bugs 30 to 33 are not repeated.
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
import { dockerTrouble, fetchImage, readDockerVersion } from "./docker-client.ts";
import { textOfStream } from "./docker-stream.ts";
import { askAt, broken, isSuccess, parseJson, readReply, refused, shorten } from "./engine-client.ts";
import type { Ask } from "./engine-client.ts";
import type { EngineEndpoint, EngineHttp } from "./engine-http.ts";
import { healthOfNodes } from "./node-health.ts";
import { nodesOfInfo, swarmInfoSchema } from "./swarm-info.ts";

export function createSwarmEngine(http: EngineHttp, endpoint: EngineEndpoint): ContainerEngine {
  const ask = askAt(http, endpoint);
  const listNodes = (signal?: AbortSignal) => readNodes(ask, signal);
  return composeEngine({
    coe: "swarm",
    containers: containersAt(ask),
    listNodes,
    checkHealth: async (signal) => healthOfNodes(await listNodes(signal)),
    readVersion: (signal) => readDockerVersion(ask, signal),
  });
}

function containersAt(ask: Ask): Containers {
  const act =
    (path: string, isSoBefore: (refusal: Refused) => boolean) => async (reference: Reference, signal?: AbortSignal) =>
      await actOn(ask, reference, path, isSoBefore, signal);
  const never = (): boolean => false;
  return {
    list: (signal) => listContainers(ask, signal),
    find: (reference, signal) => findContainer(ask, reference, signal),
    create: (wanted, signal) => createContainer(ask, wanted, signal),
    remove: (reference, { isForced }, signal) => removeContainer(ask, reference, isForced, signal),
    actions: {
      start: act("start", never),
      stop: act(`stop?t=${limits.containerEngine.stopGraceSec}`, never),
      reboot: act(`restart?t=${limits.containerEngine.stopGraceSec}`, never),
      pause: act("pause", ({ reason }) => /already paused/i.test(reason)),
      // An engine answers 500 where it means "already so" (sheet 9.6).
      unpause: act("unpause", ({ reason }) => /is not paused/i.test(reason)),
    },
    readLogs: (reference, signal) => readLogs(ask, reference, signal),
    execute: (reference, words, signal) => execute(ask, reference, words, signal),
  };
}

const labels = z.record(z.string(), z.string()).nullish();

const summarySchema = z.object({
  Id: z.string(),
  Names: z.array(z.string()).nullish(),
  Image: z.string().nullish(),
  Labels: labels,
  /** Not told before API 1.23. */
  State: z.string().nullish(),
  Status: z.string().nullish(),
});

const detailSchema = z.object({
  Id: z.string(),
  Name: z.string(),
  Config: z.object({ Image: z.string().nullish(), Labels: labels, Tty: z.boolean().nullish() }),
  State: z.object({
    Running: z.boolean().nullish(),
    Paused: z.boolean().nullish(),
    /** Text today; it is an error when there is any (sheet 9.11). */
    Error: z.string().nullish(),
  }),
  /** Classic Swarm's own. */
  Node: z.object({ Name: z.string().nullish() }).nullish(),
});
type Detail = z.output<typeof detailSchema>;

async function listContainers(ask: Ask, signal: AbortSignal | undefined): Promise<Listed<Container>> {
  const reply = await ask("GET", "/containers/json?all=1", { signal });
  if (reply.kind === "unreachable") return reply;
  if (!isSuccess(reply)) return dockerTrouble(reply);
  const read = readReply(reply, z.array(summarySchema));
  return read.kind === "unreachable" ? read : { kind: "listed", objects: read.value.map(ofSummary) };
}

function ofSummary(one: z.output<typeof summarySchema>): Container {
  const [host, name] = placeOf(one.Names ?? []);
  return {
    uuid: one.Labels?.[MARK] ?? null,
    engineId: one.Id,
    name: name ?? one.Id.slice(0, 12),
    labels: one.Labels ?? {},
    image: one.Image ?? "",
    state: stateOf(one.State ?? "", one.Status ?? ""),
    reason: null,
    host,
  };
}

/** `/web`, or with its node `/node-1/web`; links to it have more parts still. */
function placeOf(names: readonly string[]): readonly [host: string | null, name: string | undefined] {
  const [shortest = []] = names.map((name) => name.split("/").slice(1)).toSorted((a, b) => a.length - b.length);
  return shortest.length > 1 ? [shortest[0] ?? null, shortest[1]] : [null, shortest[0]];
}

/** By the word, or by the sentence of older engines: `Up 2 seconds (Paused)`. */
function stateOf(state: string, status: string): Container["state"] {
  if (state === "paused" || /\(Paused\)/.test(status)) return "Paused";
  if (state === "running" || state === "restarting" || /^(Up|Restarting)\b/.test(status)) return "Running";
  if (state === "dead" || /^Dead\b/.test(status)) return "Error";
  return "Stopped";
}

type Located = { readonly kind: "found"; readonly id: string } | { readonly kind: "missing" } | Refused | Unreachable;

async function locate(ask: Ask, uuid: string, signal: AbortSignal | undefined): Promise<Located> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`${MARK}=${uuid}`] }));
  const reply = await ask("GET", `/containers/json?all=1&filters=${filters}`, { signal });
  if (reply.kind === "unreachable") return reply;
  if (!isSuccess(reply)) return dockerTrouble(reply);
  const read = readReply(reply, z.array(summarySchema));
  if (read.kind === "unreachable") return read;
  // The filter saves work; whose it is, is seen here.
  const found = read.value.find((one) => one.Labels?.[MARK] === uuid);
  return found ? { kind: "found", id: found.Id } : { kind: "missing" };
}

type Inspected =
  | { readonly kind: "found"; readonly detail: Detail }
  | { readonly kind: "missing" }
  | Refused
  | Unreachable;

async function inspect(ask: Ask, uuid: string, signal: AbortSignal | undefined): Promise<Inspected> {
  const located = await locate(ask, uuid, signal);
  if (located.kind !== "found") return located;
  const reply = await ask("GET", `/containers/${located.id}/json`, { signal });
  if (reply.kind === "unreachable") return reply;
  if (reply.status === 404) return { kind: "missing" };
  if (!isSuccess(reply)) return dockerTrouble(reply);
  const read = readReply(reply, detailSchema);
  return read.kind === "unreachable" ? read : { kind: "found", detail: read.value };
}

async function findContainer(
  ask: Ask,
  { uuid }: Reference,
  signal: AbortSignal | undefined,
): Promise<Found<Container>> {
  const found = await inspect(ask, uuid, signal);
  return found.kind === "found" ? { kind: "found", object: ofDetail(found.detail) } : found;
}

function ofDetail({ Id, Name, Config, State, Node: node }: Detail): Container {
  const error = State.Error ?? "";
  // Paused comes before running: a paused one is both (sheet 2.5).
  const alive = State.Paused ? "Paused" : State.Running ? "Running" : "Stopped";
  return {
    uuid: Config.Labels?.[MARK] ?? null,
    engineId: Id,
    name: Name.replace(/^\//, ""),
    labels: Config.Labels ?? {},
    image: Config.Image ?? "",
    state: error === "" ? alive : "Error",
    reason: error === "" ? null : shorten(error),
    host: node?.Name ?? null,
  };
}

async function createContainer(
  ask: Ask,
  wanted: NewContainer,
  signal: AbortSignal | undefined,
): Promise<Written<Container>> {
  const before = await findContainer(ask, { uuid: wanted.uuid, name: wanted.name }, signal);
  if (before.kind === "found") return { kind: "written", object: before.object };
  if (before.kind !== "missing") return before;
  const image = await fetchImage(ask, wanted.image, signal);
  if (image.kind !== "there") return image;
  const query = wanted.name === null ? "" : `?name=${encodeURIComponent(wanted.name)}`;
  const reply = await ask("POST", `/containers/create${query}`, { json: bodyOf(wanted), signal });
  if (reply.kind === "unreachable") return reply;
  if (isSuccess(reply)) {
    const made = await findContainer(ask, { uuid: wanted.uuid, name: wanted.name }, signal);
    if (made.kind === "missing") return broken("the container that was made cannot be found");
    return made.kind === "found" ? { kind: "written", object: made.object } : made;
  }
  const trouble = dockerTrouble(reply);
  if (trouble.kind === "refused" && /already (in use|assigned)/i.test(trouble.reason)) {
    // Another run may have made it between the look and the call.
    const again = await findContainer(ask, { uuid: wanted.uuid, name: wanted.name }, signal);
    return again.kind === "found"
      ? { kind: "written", object: again.object }
      : { kind: "taken", reason: trouble.reason };
  }
  return trouble;
}

function bodyOf({ uuid, image, command, memoryBytes, environment }: NewContainer): unknown {
  return {
    Image: image,
    // The name within is the uuid, as Magnum's containers have it.
    Hostname: uuid,
    Labels: { [MARK]: uuid },
    Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    ...(command && { Cmd: command }),
    HostConfig: memoryBytes === null ? {} : { Memory: memoryBytes },
  };
}

async function removeContainer(
  ask: Ask,
  { uuid }: Reference,
  isForced: boolean,
  signal: AbortSignal | undefined,
): Promise<Removed> {
  const located = await locate(ask, uuid, signal);
  if (located.kind === "missing") return { kind: "removed" };
  if (located.kind !== "found") return located;
  const reply = await ask("DELETE", `/containers/${located.id}?v=1${isForced ? "&force=1" : ""}`, { signal });
  if (reply.kind === "unreachable") return reply;
  if (isSuccess(reply) || reply.status === 404) return { kind: "removed" };
  const trouble = dockerTrouble(reply);
  const isGoing = trouble.kind === "refused" && /removal .* in progress/i.test(trouble.reason);
  return isGoing ? { kind: "removing" } : conflictOf(trouble);
}

/** Classic Swarm says 500 to what an engine calls a conflict: the state of the container is in the way. */
const conflictOf = <Trouble extends Refused | Unreachable>(trouble: Trouble): Refused | Trouble =>
  trouble.kind === "refused" && trouble.status === 500 && /running|paused/i.test(trouble.reason)
    ? refused(409, trouble.reason)
    : trouble;

async function actOn(
  ask: Ask,
  { uuid }: Reference,
  path: string,
  isSoBefore: (refusal: Refused) => boolean,
  signal: AbortSignal | undefined,
): Promise<Acted> {
  const located = await locate(ask, uuid, signal);
  if (located.kind !== "found") return located;
  const reply = await ask("POST", `/containers/${located.id}/${path}`, {
    timeoutMs: limits.containerEngine.executeTimeoutMs,
    signal,
  });
  if (reply.kind === "unreachable") return reply;
  // 304: it is so already.
  if (isSuccess(reply) || reply.status === 304) return { kind: "done" };
  if (reply.status === 404 && /no such container/i.test(Buffer.from(reply.body).toString())) return { kind: "missing" };
  const trouble = dockerTrouble(reply);
  return trouble.kind === "refused" && isSoBefore(trouble) ? { kind: "done" } : conflictOf(trouble);
}

async function readLogs(ask: Ask, { uuid }: Reference, signal: AbortSignal | undefined): Promise<Output> {
  const found = await inspect(ask, uuid, signal);
  if (found.kind !== "found") return found;
  const { Id, Config } = found.detail;
  let cut = "";
  for (const lines of limits.containerEngine.logLines) {
    const reply = await ask("GET", `/containers/${Id}/logs?stdout=1&stderr=1&tail=${lines}`, {
      maxBytes: limits.containerEngine.outputBytes,
      whenLonger: "cut",
      signal,
    });
    if (reply.kind === "unreachable") return reply;
    if (reply.status === 404) return { kind: "missing" };
    if (!isSuccess(reply)) return dockerTrouble(reply);
    const text = textOfStream(reply.body, Config.Tty === true);
    // The end of a log matters most: fewer lines are asked for until they fit.
    if (!reply.isCut) return { kind: "output", text, isCut: cut !== "", exitCode: null };
    cut = text;
  }
  return { kind: "output", text: cut, isCut: true, exitCode: null };
}

const execSchema = z.object({ Id: z.string() });
const exitSchema = z.object({ ExitCode: z.number().nullish() });

async function execute(
  ask: Ask,
  { uuid }: Reference,
  words: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Output> {
  const located = await locate(ask, uuid, signal);
  if (located.kind !== "found") return located;
  const prepared = await ask("POST", `/containers/${located.id}/exec`, {
    json: { Cmd: words, AttachStdout: true, AttachStderr: true, Tty: false },
    signal,
  });
  if (prepared.kind === "unreachable") return prepared;
  if (prepared.status === 404) return { kind: "missing" };
  if (!isSuccess(prepared)) return conflictOf(dockerTrouble(prepared));
  const read = readReply(prepared, execSchema);
  if (read.kind === "unreachable") return read;
  const id = encodeURIComponent(read.value.Id);
  const ran = await ask("POST", `/exec/${id}/start`, {
    json: { Detach: false, Tty: false },
    timeoutMs: limits.containerEngine.executeTimeoutMs,
    maxBytes: limits.containerEngine.outputBytes,
    whenLonger: "cut",
    signal,
  });
  if (ran.kind === "unreachable") return ran;
  if (!isSuccess(ran)) return conflictOf(dockerTrouble(ran));
  // How it ended is told by a call of its own (sheet 9.10); the output is worth having without it.
  const ended = await ask("GET", `/exec/${id}/json`, { signal });
  const exit = ended.kind === "reply" ? exitSchema.safeParse(parseJson(Buffer.from(ended.body).toString())) : undefined;
  return {
    kind: "output",
    text: textOfStream(ran.body, false),
    isCut: ran.isCut,
    exitCode: exit?.success ? (exit.data.ExitCode ?? null) : null,
  };
}

async function readNodes(ask: Ask, signal: AbortSignal | undefined): Promise<Listed<Node>> {
  const reply = await ask("GET", "/info", { signal });
  if (reply.kind === "unreachable") return reply;
  if (!isSuccess(reply)) return dockerTrouble(reply);
  const read = readReply(reply, swarmInfoSchema);
  return read.kind === "unreachable" ? read : { kind: "listed", objects: nodesOfInfo(read.value) };
}
