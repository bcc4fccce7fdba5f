/** What a container's calls do and refuse (engine sheet 2.3, 2.6), the same for one engine and for classic Swarm but for a few words. */
import { hexId } from "../../ids.ts";
import { isMap } from "../../json.ts";
import type { Json, JsonMap } from "../../json.ts";
import { limits } from "../../limits.ts";
import { isNoImage } from "../kubernetes/control.ts";
import { DockerFault, json, nothing, streamOf } from "./answers.ts";
import {
  dropContainer,
  findContainer,
  listContainers,
  printedBy,
  putContainer,
  started,
  stateOf,
  stopped,
} from "./containers.ts";
import type { Container, Place } from "./containers.ts";
import { ENDLESS, runProgram } from "./programs.ts";
import { detailOf, nodesOf, summaryOf } from "./views.ts";

export interface Call extends Place {
  readonly now: number;
  readonly query: URLSearchParams;
  readonly body: unknown;
  /** Classic Swarm has words and codes of its own. */
  readonly isClassic: boolean;
}

export function need(call: Call, reference: string): Container {
  const found = findContainer(call, reference);
  if (found) return found;
  throw new DockerFault(404, `${call.isClassic ? "No such container" : "No such container:"} ${reference}`);
}

const NAME = /^\/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
const commandOf = (value: unknown): string[] | null => {
  if (typeof value === "string") return [value];
  const words = textsOf(value);
  return words.length === 0 ? null : words;
};

export function create(call: Call): Response {
  if (!isMap(call.body)) throw new DockerFault(400, "invalid JSON: got EOF while reading request body");
  const { Image: image, Hostname: hostname, Labels: labels, Tty: tty, HostConfig: config } = call.body;
  if (typeof image !== "string" || image === "") throw new DockerFault(400, "No command specified");
  const id = `${hexId(call.cloud.random)}${hexId(call.cloud.random)}`;
  const name = (call.query.get("name") ?? `sandbox_${id.slice(0, 8)}`).replace(/^\//, "");
  if (!NAME.test(name)) {
    throw new DockerFault(400, `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
  }
  const hostConfig: JsonMap = isMap(config) ? config : {};
  const { Memory: memory } = hostConfig;
  if (typeof memory === "number" && memory > 0 && memory < 6 * 1024 * 1024) {
    throw new DockerFault(400, "Minimum memory limit allowed is 6MB");
  }
  if (!hasImage(call, image)) throw new DockerFault(404, `No such image: ${image}`);
  const other = findContainer(call, name);
  if (other?.name === name) {
    throw new DockerFault(
      409,
      call.isClassic
        ? `Conflict: The name ${name} is already assigned. You have to delete (or rename) that container to be able to assign ${name} to a container again.`
        : `Conflict. The container name "/${name}" is already in use by container "${other.id}". You have to remove (or rename) that container to be able to reuse that name.`,
    );
  }
  if (listContainers(call).length >= limits.objectsPerCollection) {
    throw new DockerFault(500, "No resources available to schedule container");
  }
  putContainer(call, {
    id,
    name,
    nodeId: placeFor(call),
    image,
    command: commandOf(call.body["Cmd"]),
    entrypoint: commandOf(call.body["Entrypoint"]),
    hostname: typeof hostname === "string" && hostname !== "" ? hostname : id.slice(0, 12),
    environment: textsOf(call.body["Env"]),
    labels: isMap(labels) ? (labels as Record<string, string>) : {},
    hasTerminal: tty === true,
    hostConfig,
    createdAtMs: call.now,
    startedAtMs: null,
    stoppedAtMs: null,
    pausedAtMs: null,
    frozenMs: 0,
    program: ENDLESS,
    error: "",
    exitCode: 0,
    earlier: [],
  });
  return json(call.isClassic ? { Id: id } : { Id: id, Warnings: [] }, 201);
}

/** The node with the fewest containers. */
function placeFor(call: Call): string {
  const loads = nodesOf(call).map(({ id }) => ({
    id,
    load: listContainers(call).filter(({ nodeId }) => nodeId === id).length,
  }));
  const [best] = loads.toSorted((a, b) => a.load - b.load);
  if (!best) throw new DockerFault(500, "No healthy node available in the cluster");
  return best.id;
}

/** Images are known by name and tag, without one by `latest`. */
const fullName = (name: string): string => (/[:@][^/]*$/.test(name) ? name : `${name}:latest`);

export const imageOf = ({ cloud, engine }: Place, name: string): JsonMap | undefined =>
  cloud.engines.objects.get(`${engine.id}/images/${fullName(name)}`)?.object;

const hasImage = (call: Call, name: string): boolean => imageOf(call, name) !== undefined;

/** Fetches an image: all there are, but of registries that cannot be. */
export function pull(call: Call): Response {
  const repository = call.query.get("fromImage") ?? "";
  const tag = call.query.get("tag") ?? "latest";
  if (!/^[a-z0-9]+([._:/-]+[a-z0-9]+)*$/.test(repository)) throw new DockerFault(400, "invalid reference format");
  if (isNoImage(`${repository}:${tag}`)) {
    const host = repository.split("/")[0] ?? "";
    throw new DockerFault(500, `Get "https://${host}/v2/": dial tcp: lookup ${host}: no such host`);
  }
  const name = `${repository}${tag.startsWith("sha256:") ? "@" : ":"}${tag}`;
  const isThere = hasImage(call, name);
  if (!isThere) {
    call.cloud.engines.objects.put({
      id: `${call.engine.id}/images/${name}`,
      engineId: call.engine.id,
      collection: "images",
      key: name,
      object: { Id: `sha256:${hexId(call.cloud.random)}${hexId(call.cloud.random)}`, RepoTags: [name] },
      dueAtMs: null,
    });
  }
  const lines: Json[] = [
    { status: `Pulling from ${repository}`, id: tag },
    { status: isThere ? `Status: Image is up to date for ${name}` : `Status: Downloaded newer image for ${name}` },
  ];
  return new Response(lines.map((line) => `${JSON.stringify(line)}\r\n`).join(""), {
    headers: { "Content-Type": "application/json" },
  });
}

export function list(call: Call): Response {
  const isAll = ["1", "true", "True"].includes(call.query.get("all") ?? "");
  const test = filterOf(call.query.get("filters"));
  const found = listContainers(call).filter(
    (one) => (isAll || ["running", "paused"].includes(stateOf(one, call.now).status)) && test(one.labels, one),
  );
  const limit = Number(call.query.get("limit") ?? 0);
  const newest = found.toSorted((a, b) => b.createdAtMs - a.createdAtMs);
  return json((limit > 0 ? newest.slice(0, limit) : newest).map((one) => summaryOf(call, one)));
}

const FILTERS = ["label", "name", "id", "service", "status"] as const;

/** Filters of lists: by label, name, id. */
export function filterOf(
  text: string | null,
): (labels: Readonly<Record<string, string>>, one: { readonly id: string; readonly name: string }) => boolean {
  const filters = text === null || text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  const unknown = Object.keys(filters).find((name) => !FILTERS.some((known) => known === name));
  if (unknown !== undefined) throw new DockerFault(400, `Invalid filter '${unknown}'`);
  // Lists, or the maps that newer clients send.
  const valuesOf = (name: string): string[] => {
    const value = filters[name];
    return Array.isArray(value) ? textsOf(value) : isMap(value) ? Object.keys(value) : [];
  };
  return (labels, one) =>
    valuesOf("label").every((wanted) => {
      const [key = "", ...rest] = wanted.split("=");
      return rest.length === 0 ? key in labels : labels[key] === rest.join("=");
    }) &&
    (valuesOf("name").length === 0 || valuesOf("name").some((name) => one.name.includes(name))) &&
    (valuesOf("id").length === 0 || valuesOf("id").some((id) => one.id.startsWith(id)));
}

export const inspect = (call: Call, reference: string): Response => json(detailOf(call, need(call, reference)));

export function start(call: Call, reference: string): Response {
  const one = need(call, reference);
  const { status } = stateOf(one, call.now);
  if (status === "running") return nothing(304);
  if (status === "paused") throw new DockerFault(409, "cannot start a paused container, try unpause instead");
  const words = [...(one.entrypoint ?? []), ...(one.command ?? [])];
  const program = words.length === 0 ? ENDLESS : runProgram(words, surroundingsOf(one));
  if (!program) {
    const error = `failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "${words[0] ?? ""}": executable file not found in $PATH: unknown`;
    putContainer(call, { ...one, error, exitCode: 127 });
    throw new DockerFault(400, error);
  }
  putContainer(call, { ...started(one, call.now), program });
  return nothing();
}

const surroundingsOf = ({ hostname, environment }: Container) => ({
  hostname,
  environment: [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    `HOSTNAME=${hostname}`,
    ...environment,
  ],
});

const KILLED = 137;

export function stop(call: Call, reference: string): Response {
  const one = need(call, reference);
  const { status } = stateOf(one, call.now);
  if (status === "created" || status === "exited") return nothing(304);
  putContainer(call, stopped(one, call.now, KILLED));
  return nothing();
}

export function restart(call: Call, reference: string): Response {
  const one = need(call, reference);
  const { status } = stateOf(one, call.now);
  if (status === "running" || status === "paused") putContainer(call, stopped(one, call.now, KILLED));
  start(call, reference);
  return nothing();
}

export function kill(call: Call, reference: string): Response {
  const one = need(call, reference);
  const signal = call.query.get("signal") ?? "KILL";
  if (!/^(SIG)?(KILL|TERM|INT|HUP|QUIT|USR1|USR2)$|^\d+$/.test(signal)) {
    throw new DockerFault(400, `Invalid signal: ${signal}`);
  }
  refuseUnlessRunning(call, one, "Cannot kill container");
  putContainer(call, stopped(one, call.now, KILLED));
  return nothing();
}

function refuseUnlessRunning(call: Call, one: Container, what: string): void {
  const { status } = stateOf(one, call.now);
  if (status === "running" || status === "paused") return;
  throw new DockerFault(call.isClassic ? 500 : 409, `${what}: Container ${one.id} is not running`);
}

export function pause(call: Call, reference: string): Response {
  const one = need(call, reference);
  refuseUnlessRunning(call, one, "Cannot pause container");
  if (one.pausedAtMs !== null)
    throw new DockerFault(call.isClassic ? 500 : 409, `Container ${one.id} is already paused`);
  putContainer(call, { ...one, pausedAtMs: call.now });
  return nothing();
}

export function unpause(call: Call, reference: string): Response {
  const one = need(call, reference);
  if (one.pausedAtMs === null) throw new DockerFault(500, `Container ${one.id} is not paused`);
  putContainer(call, { ...one, frozenMs: one.frozenMs + call.now - one.pausedAtMs, pausedAtMs: null });
  return nothing();
}

export function logs(call: Call, reference: string): Response {
  const one = need(call, reference);
  const wants = (name: string): boolean => ["1", "true", "True"].includes(call.query.get(name) ?? "");
  if (!wants("stdout") && !wants("stderr")) {
    throw new DockerFault(400, "Bad parameters: you must choose at least one stream");
  }
  const printed = printedBy(one, call.now).filter(({ stream }) => wants(stream === 1 ? "stdout" : "stderr"));
  const tail = Number(call.query.get("tail") ?? "all");
  const shown = Number.isInteger(tail) ? printed.slice(Math.max(0, printed.length - tail)) : printed;
  return new Response(streamOf(shown, one.hasTerminal));
}

export function remove(call: Call, reference: string): Response {
  const one = need(call, reference);
  const isForced = ["1", "true", "True"].includes(call.query.get("force") ?? "");
  const { status } = stateOf(one, call.now);
  if (!isForced && (status === "running" || status === "paused")) {
    const words =
      status === "running"
        ? `You cannot remove a running container ${one.id}. Stop the container before attempting removal or force remove`
        : `You cannot remove a paused container ${one.id}. Unpause and then stop the container before attempting removal or force remove`;
    throw new DockerFault(call.isClassic ? 500 : 409, words);
  }
  dropContainer(call, one);
  return nothing();
}

export function rename(call: Call, reference: string): Response {
  const one = need(call, reference);
  const name = call.query.get("name") ?? "";
  if (!NAME.test(name)) throw new DockerFault(400, `Invalid container name (${name})`);
  const other = findContainer(call, name);
  if (other?.name === name)
    throw new DockerFault(409, `Conflict. The container name "/${name}" is already in use by container "${other.id}".`);
  putContainer(call, { ...one, name });
  return nothing();
}

/** A command prepared for a running container; it is kept until it has run. */
export function prepareExec(call: Call, reference: string): Response {
  const one = need(call, reference);
  const { status } = stateOf(one, call.now);
  if (status === "paused") {
    throw new DockerFault(409, `Container ${one.name} is paused, unpause the container before exec`);
  }
  if (status !== "running") throw new DockerFault(call.isClassic ? 500 : 409, `Container ${one.id} is not running`);
  const words = isMap(call.body) ? commandOf(call.body["Cmd"]) : null;
  if (!words) throw new DockerFault(400, "No exec command specified");
  const id = `${hexId(call.cloud.random)}${hexId(call.cloud.random)}`;
  keepExec(call, { id, containerId: one.id, words, exitCode: null, atMs: call.now });
  return json({ Id: id }, 201);
}

interface Exec {
  readonly id: string;
  readonly containerId: string;
  readonly words: string[];
  /** Null before it has run. */
  readonly exitCode: number | null;
  readonly atMs: number;
}

function keepExec({ cloud, engine, now }: Call, exec: Exec): void {
  for (const { id, object } of cloud.engines.objects.group(`${engine.id}/execs`)) {
    if (now - Number(object["atMs"]) > limits.execKeptMs) cloud.engines.objects.delete(id);
  }
  cloud.engines.objects.put({
    id: `${engine.id}/execs/${exec.id}`,
    engineId: engine.id,
    collection: "execs",
    key: exec.id,
    object: { ...exec },
    dueAtMs: null,
  });
}

function needExec({ cloud, engine }: Call, id: string): Exec {
  const found = cloud.engines.objects.get(`${engine.id}/execs/${id}`)?.object;
  if (!found) throw new DockerFault(404, `No such exec instance: ${id}`);
  return found as unknown as Exec;
}

const NOT_EXECUTABLE = 126;

export function startExec(call: Call, id: string): Response {
  const exec = needExec(call, id);
  const one = need(call, exec.containerId);
  const headers = { "Content-Type": "application/vnd.docker.raw-stream" };
  if (exec.exitCode !== null) {
    const text = `Error: Exec command ${id} has already run\n`;
    return new Response(streamOf([{ afterMs: 0, stream: 1, text }], false), { headers });
  }
  const program = runProgram(exec.words, surroundingsOf(one));
  const failure = `OCI runtime exec failed: exec failed: unable to start container process: exec: "${exec.words[0] ?? ""}": executable file not found in $PATH: unknown\r\n`;
  keepExec(call, { ...exec, exitCode: program ? program.exitCode : NOT_EXECUTABLE });
  const printed = program ? program.printed : [{ afterMs: 0, stream: 1 as const, text: failure }];
  return new Response(streamOf(printed, false), { headers });
}

export function inspectExec(call: Call, id: string): Response {
  const exec = needExec(call, id);
  const [entrypoint = "", ...given] = exec.words;
  return json({
    ID: id,
    Running: false,
    ExitCode: exec.exitCode,
    ProcessConfig: { tty: false, entrypoint, arguments: given, privileged: false },
    ContainerID: exec.containerId,
    Pid: 0,
  });
}
