/** The Mesos master's endpoints of one bay (engine sheet section 6): the first master leads, others point to it. */
import type { JsonMap } from "../../json.ts";
import type { Place } from "../docker/containers.ts";
import { isWell, sizeOf } from "../docker/views.ts";
import { mastersOf } from "../bays.ts";
import type { EngineNode } from "../records.ts";
import { agentsOf, isRunning, listApps } from "./apps.ts";
import type { Task } from "./apps.ts";
import { frameworkIdOf } from "./marathon.ts";

export const MESOS_PORT = 5050;
const VERSION = {
  version: "1.11.0",
  build_date: "2020-11-24",
  build_time: 1_606_176_000,
  build_user: "sandbox",
} as const;
const MEBIBYTE = 1024 * 1024;

/** `node`: the master that is asked. */
export function serveMesosMaster(place: Place, node: EngineNode, request: Request): Response {
  const url = new URL(request.url);
  const path = url.pathname
    .replace(/^\/master\//, "/")
    .replace(/\.json$/, "")
    .replace(/(.)\/+$/, "$1");
  if (path === "/health") return new Response(null, { status: 200 });
  if (path === "/version") return json({ ...VERSION });
  const [leader] = mastersOf(place.cloud, place.engine);
  if (!leader) return new Response("No leader elected", { status: 503 });
  if (leader.id !== node.id || path === "/redirect") {
    const host = leader.publicAddress || leader.privateAddress;
    const target = path === "/redirect" ? "" : `${url.pathname}${url.search}`;
    return new Response(null, { status: 307, headers: { Location: `//${host}:${MESOS_PORT}${target}` } });
  }
  const now = place.cloud.clock.now();
  switch (path) {
    case "/state":
      return json(stateOf(place, leader, now));
    case "/state-summary":
      return json({ hostname: leader.name, slaves: agentViews(place), frameworks: [frameworkView(place, now)] });
    case "/slaves":
      return json({ slaves: agentViews(place), recovered_slaves: [] });
    case "/frameworks":
      return json({ frameworks: [frameworkView(place, now)], completed_frameworks: [], unregistered_frameworks: [] });
    case "/tasks":
      return json({ tasks: taskViews(place, now) });
    default:
      return new Response(null, { status: 404 });
  }
}

const json = (body: JsonMap): Response =>
  new Response(JSON.stringify(body), { headers: { "Content-Type": "application/json" } });

const tasksOf = (place: Place): { appId: string; memMib: number; cpus: number; task: Task }[] =>
  listApps(place).flatMap((app) =>
    app.tasks.map((task) => ({
      appId: app.id,
      memMib: Number(app.definition["mem"] ?? 128),
      cpus: Number(app.definition["cpus"] ?? 1),
      task,
    })),
  );

function agentViews(place: Place): JsonMap[] {
  return agentsOf(place).map((node) => {
    const { Cpus, Memory } = sizeOf(place, node);
    const used = tasksOf(place).filter(({ task }) => task.nodeId === node.id);
    const total = resources(Cpus, Memory / MEBIBYTE);
    return {
      id: node.id,
      hostname: node.name,
      port: 5051,
      attributes: {},
      pid: `slave(1)@${node.privateAddress}:5051`,
      registered_time: node.joinedAtMs / 1_000,
      resources: total,
      used_resources: sumOf(used),
      offered_resources: resources(0, 0),
      reserved_resources: {},
      unreserved_resources: total,
      active: isWell(place, node),
      deactivated: false,
      version: VERSION.version,
      capabilities: ["MULTI_ROLE"],
    };
  });
}

const sumOf = (tasks: ReturnType<typeof tasksOf>): JsonMap =>
  resources(
    tasks.reduce((sum, { cpus }) => sum + cpus, 0),
    tasks.reduce((sum, { memMib }) => sum + memMib, 0),
  );

const resources = (cpus: number, mem: number): JsonMap => ({ cpus, mem, disk: 0, gpus: 0, ports: "[31000-32000]" });

const taskViews = (place: Place, now: number): JsonMap[] =>
  tasksOf(place).map(({ appId, cpus, memMib, task }) => ({
    id: task.id,
    name: appId.slice(1),
    framework_id: frameworkIdOf(place.engine.id),
    executor_id: "",
    slave_id: task.nodeId,
    state: isRunning(task, now) ? "TASK_RUNNING" : "TASK_STAGING",
    resources: resources(cpus, memMib),
    statuses: [],
  }));

const frameworkView = (place: Place, now: number): JsonMap => ({
  id: frameworkIdOf(place.engine.id),
  name: "marathon",
  active: true,
  connected: true,
  recovered: false,
  hostname: "",
  user: "root",
  role: "*",
  resources: sumOf(tasksOf(place)),
  used_resources: sumOf(tasksOf(place)),
  offered_resources: resources(0, 0),
  tasks: taskViews(place, now),
  unreachable_tasks: [],
  completed_tasks: [],
  executors: [],
});

function stateOf(place: Place, leader: EngineNode, now: number): JsonMap {
  const pid = `master@${leader.privateAddress}:${MESOS_PORT}`;
  const agents = agentViews(place);
  const active = agents.filter((one) => one["active"] === true).length;
  return {
    ...VERSION,
    id: place.engine.id,
    pid,
    leader: pid,
    hostname: leader.name,
    start_time: leader.joinedAtMs / 1_000,
    elected_time: leader.joinedAtMs / 1_000,
    activated_slaves: active,
    deactivated_slaves: 0,
    unreachable_slaves: agents.length - active,
    slaves: agents,
    recovered_slaves: [],
    frameworks: [frameworkView(place, now)],
    completed_frameworks: [],
    orphan_tasks: [],
    unregistered_frameworks: [],
    flags: {},
  };
}
