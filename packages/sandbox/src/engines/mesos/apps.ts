/** Marathon's apps as they are kept, with their tasks and deployments: what becomes of them follows from the clock. */
import { uuid } from "../../ids.ts";
import { isMap } from "../../json.ts";
import type { Json, JsonMap } from "../../json.ts";
import { limits } from "../../limits.ts";
import { ENDLESS, runProgram } from "../docker/programs.ts";
import type { Program } from "../docker/programs.ts";
import { isWell } from "../docker/views.ts";
import type { Place } from "../docker/containers.ts";
import { wakeEngine } from "../bays.ts";
import { isNoImage } from "../kubernetes/control.ts";
import { groupOf } from "../records.ts";
import type { EngineNode } from "../records.ts";

export interface Task {
  readonly id: string;
  readonly nodeId: string;
  readonly stagedAtMs: number;
  readonly startsAtMs: number;
  readonly ports: number[];
  readonly program: Program;
  /** Why it cannot run. */
  readonly error: string;
}

export interface Deployment {
  readonly id: string;
  readonly action: "StartApplication" | "StopApplication" | "ScaleApplication" | "RestartApplication";
  readonly startedAtMs: number;
  readonly endsAtMs: number;
}

export interface App {
  /** `/web`. */
  readonly id: string;
  readonly definition: JsonMap;
  readonly changedAtMs: number;
  readonly versions: string[];
  readonly tasks: readonly Task[];
  readonly deployments: readonly Deployment[];
  readonly failure: {
    readonly task: Task;
    readonly state: string;
    readonly message: string;
    readonly atMs: number;
  } | null;
  /** Failures in a row, for the time until the next try. */
  readonly failures: number;
  /** Deleted: it is there until its deployment has ended. */
  readonly isGoing: boolean;
}

const COLLECTION = "apps";

export const listApps = ({ cloud, engine }: Place): App[] =>
  cloud.engines.objects.group(groupOf(engine.id, COLLECTION)).map(({ object }) => object as unknown as App);

export const findApp = ({ cloud, engine }: Place, id: string): App | undefined =>
  cloud.engines.objects.get(`${engine.id}/${COLLECTION}${id}`)?.object as unknown as App | undefined;

export function putApp({ cloud, engine }: Place, app: App): void {
  cloud.engines.objects.put({
    id: `${engine.id}/${COLLECTION}${app.id}`,
    engineId: engine.id,
    collection: COLLECTION,
    key: app.id,
    object: app as unknown as JsonMap,
    dueAtMs: null,
  });
  wakeEngine(cloud, engine.id, cloud.clock.now());
}

const dropApp = ({ cloud, engine }: Place, { id }: App): void =>
  cloud.engines.objects.delete(`${engine.id}/${COLLECTION}${id}`);

export const isoOf = (ms: number): string => new Date(ms).toISOString();

export const instancesOf = ({ definition }: App): number => Number(definition["instances"] ?? 1);

/** The agents: the bay's workers. */
export const agentsOf = ({ cloud, engine }: Place): EngineNode[] =>
  cloud.engines.nodes.group(engine.id).filter(({ role, setup }) => role === "worker" && setup === "done");

export const isRunning = (task: Task, now: number): boolean => task.error === "" && now >= task.startsAtMs;

/** Begins a deployment; those that were under way are overtaken. */
export function deploy(place: Place, app: App, action: Deployment["action"], now: number): App {
  const deployment: Deployment = {
    id: uuid(place.cloud.random),
    action,
    startedAtMs: now,
    endsAtMs: now + place.cloud.knobs.settings.containerMs,
  };
  const kept = action === "RestartApplication" || action === "StopApplication" ? [] : app.tasks;
  const next: App = {
    ...app,
    tasks: kept,
    changedAtMs: now,
    versions: [...app.versions, isoOf(now)].slice(-limits.appVersions),
    deployments: [deployment],
    failures: 0,
    failure: action === "RestartApplication" || action === "ScaleApplication" ? null : app.failure,
    isGoing: action === "StopApplication",
  };
  putApp(place, next);
  return next;
}

const BACKOFF_MS = 1_000;
const BACKOFF_FACTOR = 1.15;
const LONGEST_BACKOFF_MS = 300_000;

/** Lets deployments end, tasks end and begin; tells when the next thing happens. */
export function settleMesos(place: Place, at: number): number | null {
  const moments: number[] = [];
  for (const node of place.cloud.engines.nodes.group(place.engine.id)) {
    if (node.lostAtMs === null) continue;
    const forgottenAt = node.lostAtMs + AGENT_TIMEOUT_MS;
    if (forgottenAt <= at) place.cloud.engines.nodes.delete(node.id);
    else moments.push(forgottenAt);
  }
  for (const one of listApps(place)) {
    const app = settleApp(place, one, at);
    if (!app) continue;
    for (const { endsAtMs } of app.deployments) moments.push(endsAtMs);
    for (const task of app.tasks) {
      if (task.error !== "" || task.startsAtMs > at) moments.push(task.startsAtMs);
      if (task.program.endsAfterMs !== null) moments.push(task.startsAtMs + task.program.endsAfterMs);
    }
  }
  const later = moments.filter((one) => one > at);
  return later.length === 0 ? null : Math.min(...later);
}

/** How long an agent may be away (`agent_ping_timeout` times `max_agent_ping_timeouts`). */
export const AGENT_TIMEOUT_MS = 75_000;

function settleApp(place: Place, before: App, at: number): App | undefined {
  let app: App = { ...before, deployments: before.deployments.filter(({ endsAtMs }) => endsAtMs > at) };
  if (app.isGoing && app.deployments.length === 0) {
    dropApp(place, app);
    return undefined;
  }
  const agents = agentsOf(place).filter((node) => isWell(place, node));
  for (const task of app.tasks) {
    const end = endOf(task, at, agents);
    if (!end) continue;
    app = {
      ...app,
      tasks: app.tasks.filter(({ id }) => id !== task.id),
      failure: end.state === "TASK_FINISHED" ? app.failure : { task, ...end, atMs: at },
      failures: app.failures + 1,
    };
  }
  const wanted = app.isGoing ? 0 : Math.min(instancesOf(app), limits.podsPerEngine);
  const tasks = app.tasks.slice(0, wanted);
  while (tasks.length < wanted && agents.length > 0) tasks.push(newTask(place, app, tasks.length, agents, at));
  app = { ...app, tasks };
  if (JSON.stringify(app) !== JSON.stringify(before)) {
    place.cloud.engines.objects.put({
      id: `${place.engine.id}/${COLLECTION}${app.id}`,
      engineId: place.engine.id,
      collection: COLLECTION,
      key: app.id,
      object: app as unknown as JsonMap,
      dueAtMs: null,
    });
  }
  return app;
}

function endOf(task: Task, at: number, agents: readonly EngineNode[]): { state: string; message: string } | null {
  if (!agents.some(({ id }) => id === task.nodeId)) return { state: "TASK_LOST", message: "Agent removed" };
  if (task.error !== "" && at >= task.startsAtMs) return { state: "TASK_FAILED", message: task.error };
  const { endsAfterMs, exitCode } = task.program;
  if (endsAfterMs === null || at < task.startsAtMs + endsAfterMs) return null;
  return exitCode === 0
    ? { state: "TASK_FINISHED", message: "Container exited with status 0" }
    : { state: "TASK_FAILED", message: `Container exited with status ${exitCode}` };
}

const textsOf = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];

export const imageOf = (definition: JsonMap): string => {
  const { container } = definition;
  const docker = isMap(container) ? container["docker"] : undefined;
  const image = isMap(docker) ? docker["image"] : undefined;
  return typeof image === "string" ? image : "";
};

function newTask(place: Place, app: App, index: number, agents: readonly EngineNode[], at: number): Task {
  const { cmd, args, env } = app.definition;
  const words = typeof cmd === "string" && cmd !== "" ? ["sh", "-c", cmd] : textsOf(args);
  const environment = Object.entries(isMap(env) ? env : {}).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const program = words.length === 0 ? ENDLESS : runProgram(words, { hostname: "", environment });
  const image = imageOf(app.definition);
  const backoff = Math.min(LONGEST_BACKOFF_MS, BACKOFF_MS * BACKOFF_FACTOR ** app.failures);
  place.engine.serial += 1;
  const id = uuid(place.cloud.random);
  return {
    id: `${app.id.slice(1).replaceAll("/", "_")}.${id}`,
    nodeId: agents[(index + place.engine.serial) % agents.length]?.id ?? "",
    stagedAtMs: at,
    startsAtMs: at + place.cloud.knobs.settings.containerMs + (app.failures > 0 ? Math.ceil(backoff) : 0),
    ports: [31_000 + (place.engine.serial % 1_000)],
    program: program ?? ENDLESS,
    error: isNoImage(image)
      ? `Failed to launch container: Failed to run 'docker pull ${image}': no such host`
      : program
        ? ""
        : `Failed to launch container: exec: "${words[0] ?? ""}": executable file not found in $PATH`,
  };
}
