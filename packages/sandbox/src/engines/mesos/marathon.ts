/** Marathon's API of one bay (engine sheet section 5): every change of an app is a deployment, which ends a while after the answer. */
import { isMap } from "../../json.ts";
import type { Json, JsonMap } from "../../json.ts";
import { limits } from "../../limits.ts";
import type { Place } from "../docker/containers.ts";
import { mastersOf } from "../bays.ts";
import { deploy, findApp, imageOf, instancesOf, isRunning, isoOf, listApps, putApp } from "./apps.ts";
import type { App, Deployment, Task } from "./apps.ts";

class MarathonFault extends Error {
  readonly status: number;
  readonly more: JsonMap;

  constructor(status: number, message: string, more: JsonMap = {}) {
    super(message);
    this.name = "MarathonFault";
    this.status = status;
    this.more = more;
  }
}

interface Call extends Place {
  readonly now: number;
  readonly query: URLSearchParams;
  readonly method: string;
  readonly body: unknown;
}

export async function serveMarathon(place: Place, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const leader = `${mastersOf(place.cloud, place.engine)[0]?.privateAddress ?? ""}:${place.engine.port}`;
  const headers = { "X-Marathon-Leader": `http://${leader}` };
  try {
    const call: Call = {
      ...place,
      now: place.cloud.clock.now(),
      query: url.searchParams,
      method: request.method,
      body: await readBody(request),
    };
    const response = route(call, url.pathname.replace(/(.)\/+$/, "$1"), leader);
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
    return response;
  } catch (error) {
    if (!(error instanceof MarathonFault)) throw error;
    return json({ message: error.message, ...error.more }, error.status, headers);
  }
}

const json = (body: Json, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json", ...headers } });

async function readBody(request: Request): Promise<unknown> {
  const text = await request.text();
  if (text === "") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new MarathonFault(400, "Invalid JSON", { details: (error as SyntaxError).message });
  }
}

function route(call: Call, path: string, leader: string): Response {
  if (path === "/ping") return new Response("pong", { headers: { "Content-Type": "text/plain" } });
  const [, , collection = "", ...rest] = path.split("/").map(decodeURIComponent);
  if (!path.startsWith("/v2/")) throw new MarathonFault(404, `The path ${path} is not there`);
  switch (collection) {
    case "info":
      return json(infoOf(call, leader));
    case "leader":
      return json({ leader });
    case "apps":
      return rest.length === 0 ? collectionOf(call) : appRoute(call, rest);
    case "tasks":
      return rest[0] === "delete" ? killTasks(call) : listTasks(call);
    case "deployments":
      return rest[0] === undefined ? json(deploymentsOf(call)) : cancel(call, rest[0]);
    case "queue":
      return json({ queue: [] });
    case "groups":
      return json({ id: "/", dependencies: [], groups: [], apps: listApps(call).map((app) => viewOf(call, app)) });
    default:
      throw new MarathonFault(500, "URI not found");
  }
}

const infoOf = ({ engine }: Call, leader: string): JsonMap => ({
  name: "marathon",
  version: "1.8.222",
  buildref: "sandbox",
  elected: true,
  leader,
  frameworkId: frameworkIdOf(engine.id),
  marathon_config: {
    master: `zk://${leader.replace(/:\d+$/, "")}:2181/mesos`,
    leader_proxy_connection_timeout_ms: 5_000,
  },
  zookeeper_config: { zk: `zk://${leader.replace(/:\d+$/, "")}:2181/marathon` },
  http_config: { http_port: engine.port, https_port: 8443 },
});

export const frameworkIdOf = (engineId: string): string => `${engineId}-0000`;

function collectionOf(call: Call): Response {
  if (call.method === "POST") return create(call);
  const [id, cmd, label] = ["id", "cmd", "label"].map((name) => call.query.get(name)?.toLowerCase() ?? "");
  const found = listApps(call).filter(
    (app) =>
      app.id.toLowerCase().includes(id ?? "") &&
      ((cmd ?? "") === "" ||
        wordOf(app.definition["cmd"])
          .toLowerCase()
          .includes(cmd ?? "")) &&
      isLabelled(app, label ?? ""),
  );
  const embeds = call.query.getAll("embed");
  return json({ apps: found.map((app) => viewOf(call, app, embedsOf(embeds))) });
}

const wordOf = (value: Json | undefined): string => (typeof value === "string" ? value : "");

/** `a`, `a==b`, several with commas. */
function isLabelled({ definition }: App, selector: string): boolean {
  const { labels } = definition;
  const own = isMap(labels) ? labels : {};
  return selector.split(",").every((one) => {
    if (one.trim() === "") return true;
    const [key = "", value] = one.split("==").map((part) => part.trim());
    return value === undefined ? key in own : wordOf(own[key]).toLowerCase() === value;
  });
}

interface Embeds {
  readonly hasTasks: boolean;
  readonly hasFailure: boolean;
}

const embedsOf = (embeds: readonly string[]): Embeds => ({
  hasTasks: embeds.includes("apps.tasks") || embeds.includes("apps.failures"),
  hasFailure: embeds.includes("apps.lastTaskFailure") || embeds.includes("apps.failures"),
});

function viewOf(
  call: Call,
  app: App,
  { hasTasks, hasFailure }: Embeds = { hasTasks: false, hasFailure: false },
): JsonMap {
  const running = app.tasks.filter((task) => isRunning(task, call.now)).length;
  const { failure } = app;
  return {
    cpus: 1,
    mem: 128,
    disk: 0,
    gpus: 0,
    instances: 1,
    cmd: null,
    args: null,
    container: null,
    env: {},
    labels: {},
    constraints: [],
    healthChecks: [],
    dependencies: [],
    backoffSeconds: 1,
    backoffFactor: 1.15,
    maxLaunchDelaySeconds: 300,
    upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
    ...app.definition,
    id: app.id,
    version: app.versions.at(-1) ?? "",
    versionInfo: { lastScalingAt: isoOf(app.changedAtMs), lastConfigChangeAt: isoOf(app.changedAtMs) },
    tasksStaged: app.tasks.length - running,
    tasksRunning: running,
    tasksHealthy: 0,
    tasksUnhealthy: 0,
    deployments: app.deployments.map(({ id }) => ({ id })),
    ...(hasTasks && { tasks: app.tasks.map((task) => taskView(call, app, task)) }),
    ...(hasFailure &&
      failure && {
        lastTaskFailure: {
          appId: app.id,
          taskId: failure.task.id,
          host: call.cloud.engines.nodes.get(failure.task.nodeId)?.name ?? "",
          state: failure.state,
          message: failure.message,
          timestamp: isoOf(failure.atMs),
          version: app.versions.at(-1) ?? "",
        },
      }),
  };
}

function taskView(call: Call, app: App, task: Task): JsonMap {
  const node = call.cloud.engines.nodes.get(task.nodeId);
  const runs = isRunning(task, call.now);
  return {
    id: task.id,
    appId: app.id,
    host: node?.name ?? "",
    ports: task.ports,
    servicePorts: [],
    ipAddresses: [{ ipAddress: node?.privateAddress ?? "", protocol: "IPv4" }],
    slaveId: task.nodeId,
    state: runs ? "TASK_RUNNING" : "TASK_STAGING",
    stagedAt: isoOf(task.stagedAtMs),
    ...(runs && { startedAt: isoOf(task.startsAtMs) }),
    version: app.versions.at(-1) ?? "",
    healthCheckResults: [],
  };
}

const PATH = /^\/([a-z0-9]([a-z0-9-]*[a-z0-9])?)([./][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** The body as an app's definition, its faults told by their place. */
function readDefinition(call: Call, id: string | null): JsonMap {
  const { body } = call;
  if (!isMap(body))
    throw new MarathonFault(400, "Invalid JSON", { details: [{ path: "/", errors: ["error.expected.jsobject"] }] });
  const given = id ?? (typeof body["id"] === "string" ? `/${body["id"].replace(/^\/+/, "")}` : null);
  const wrong = (path: string, error: string): JsonMap => ({ path, errors: [error] });
  if (given === null) {
    throw new MarathonFault(400, "Invalid JSON", {
      details: [wrong("/id", body["id"] === undefined ? "error.path.missing" : "error.expected.jsstring")],
    });
  }
  const malformed: JsonMap[] = ["instances", "cpus", "mem"]
    .filter((name) => body[name] !== undefined && typeof body[name] !== "number")
    .map((name) => wrong(`/${name}`, "error.expected.jsnumber"));
  if (malformed.length > 0) throw new MarathonFault(400, "Invalid JSON", { details: malformed });
  const invalid: JsonMap[] = [];
  if (!PATH.test(given))
    invalid.push(
      wrong(
        "/id",
        "must fully match regular expression '^(([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9])\\.)*([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9])|(\\.|\\.\\.)$'",
      ),
    );
  for (const name of ["instances", "cpus", "mem"]) {
    if (typeof body[name] === "number" && body[name] < 0) invalid.push(wrong(`/${name}`, "is less than 0"));
  }
  if (invalid.length > 0) throw new MarathonFault(422, "Object is not valid", { details: invalid });
  return { ...body, id: given };
}

function requireCommand(definition: JsonMap): void {
  const { cmd, args } = definition;
  if (wordOf(cmd) !== "" || Array.isArray(args) || imageOf(definition) !== "") return;
  throw new MarathonFault(422, "Object is not valid", {
    details: [
      { path: "/", errors: ["AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'."] },
    ],
  });
}

function create(call: Call): Response {
  const definition = readDefinition(call, null);
  requireCommand(definition);
  const id = wordOf(definition["id"]);
  if (findApp(call, id)) throw new MarathonFault(409, `An app with id [${id}] already exists.`);
  if (listApps(call).length >= limits.objectsPerCollection)
    throw new MarathonFault(403, "no more apps in this sandbox");
  const app = deploy(call, newApp(id, definition, call.now), "StartApplication", call.now);
  return json(viewOf(call, app), 201, {
    Location: `/v2/apps${id}`,
    "Marathon-Deployment-Id": app.deployments[0]?.id ?? "",
  });
}

const newApp = (id: string, definition: JsonMap, now: number): App => ({
  id,
  definition,
  changedAtMs: now,
  versions: [],
  tasks: [],
  deployments: [],
  failure: null,
  failures: 0,
  isGoing: false,
});

function appRoute(call: Call, rest: readonly string[]): Response {
  const parts = rest.filter((one) => one !== "");
  const at = parts.findIndex((one) => ["tasks", "versions", "restart"].includes(one));
  const id = `/${(at < 1 ? parts : parts.slice(0, at)).join("/")}`;
  const [sub, item] = at < 1 ? [] : parts.slice(at);
  if (sub === "restart") return accepted(change(call, need(call, id), {}, "RestartApplication"));
  if (sub === "versions") return json({ versions: need(call, id).versions });
  if (sub === "tasks")
    return call.method === "DELETE" ? killOf(call, need(call, id), item) : tasksOf(call, need(call, id));
  switch (call.method) {
    case "GET":
      return json({ app: viewOf(call, need(call, id), { hasTasks: true, hasFailure: true }) });
    case "PUT":
    case "PATCH":
      return put(call, id);
    case "DELETE":
      return accepted(change(call, need(call, id), {}, "StopApplication"));
    default:
      throw new MarathonFault(405, "Method not allowed");
  }
}

function need(call: Call, id: string): App {
  const app = findApp(call, id);
  if (!app || (app.isGoing && app.deployments.length === 0)) throw new MarathonFault(404, `App '${id}' does not exist`);
  return app;
}

/** Locked while a deployment of it is under way, unless forced; a deletion always is. */
function change(call: Call, app: App, wanted: JsonMap, action: Deployment["action"]): App {
  const isForced = call.query.get("force") === "true" || action === "StopApplication";
  if (app.deployments.length > 0 && !isForced) {
    throw new MarathonFault(
      409,
      "App is locked by one or more deployments. Override with the option '?force=true'. View details at '/v2/deployments/<DEPLOYMENT_ID>'.",
      { deployments: app.deployments.map(({ id }) => ({ id })) },
    );
  }
  return deploy(call, { ...app, definition: { ...app.definition, ...wanted } }, action, call.now);
}

const accepted = (app: App, status = 200): Response =>
  json({ version: app.versions.at(-1) ?? "", deploymentId: app.deployments[0]?.id ?? "" }, status);

function put(call: Call, id: string): Response {
  const definition = readDefinition(call, id);
  const before = findApp(call, id);
  if (!before) {
    if (call.method === "PATCH") throw new MarathonFault(404, `App '${id}' does not exist`);
    requireCommand(definition);
    return accepted(deploy(call, newApp(id, definition, call.now), "StartApplication", call.now), 201);
  }
  const isScaling = Object.keys(definition).every((name) => name === "id" || name === "instances");
  return accepted(change(call, before, definition, isScaling ? "ScaleApplication" : "RestartApplication"));
}

const tasksOf = (call: Call, app: App): Response => json({ tasks: app.tasks.map((task) => taskView(call, app, task)) });

function listTasks(call: Call): Response {
  const states = [...call.query.getAll("status"), ...call.query.getAll("status[]")];
  const all = listApps(call).flatMap((app) => app.tasks.map((task) => ({ app, task })));
  const found = all.filter(
    ({ task }) => states.length === 0 || states.includes(isRunning(task, call.now) ? "running" : "staging"),
  );
  return json({ tasks: found.map(({ app, task }) => taskView(call, app, task)) });
}

/** Kills tasks of an app: others take their places, or, when it is scaled as well, none. */
function killOf(call: Call, app: App, id: string | undefined): Response {
  const killed = app.tasks.filter((task) => id === undefined || task.id === id);
  if (id !== undefined && killed.length === 0) throw new MarathonFault(404, `Task '${id}' does not exist`);
  const left = { ...app, tasks: app.tasks.filter((task) => !killed.includes(task)) };
  if (call.query.get("scale") === "true") {
    const instances = Math.max(0, instancesOf(app) - killed.length);
    return accepted(change(call, left, { instances }, "ScaleApplication"));
  }
  putApp(call, left);
  const views = killed.map((task) => taskView(call, app, task));
  return json(id === undefined ? { tasks: views } : { task: views[0] ?? null });
}

function killTasks(call: Call): Response {
  const ids = isMap(call.body) && Array.isArray(call.body["ids"]) ? call.body["ids"] : [];
  const killed: JsonMap[] = [];
  for (const app of listApps(call)) {
    const own = app.tasks.filter((task) => ids.includes(task.id));
    if (own.length === 0) continue;
    killed.push(...own.map((task) => taskView(call, app, task)));
    putApp(call, { ...app, tasks: app.tasks.filter((task) => !own.includes(task)) });
  }
  return json({ tasks: killed });
}

const deploymentsOf = (call: Call): JsonMap[] =>
  listApps(call).flatMap((app) =>
    app.deployments.map(({ id, action, startedAtMs }): JsonMap => ({
      id,
      version: isoOf(startedAtMs),
      affectedApps: [app.id],
      affectedPods: [],
      steps: [{ actions: [{ action, app: app.id }] }],
      currentActions: [{ action, app: app.id, readinessCheckResults: [] }],
      currentStep: 1,
      totalSteps: 1,
    })),
  );

function cancel(call: Call, id: string): Response {
  const app = listApps(call).find(({ deployments }) => deployments.some((one) => one.id === id));
  if (!app) throw new MarathonFault(404, `DeploymentPlan ${id} does not exist`);
  putApp(call, { ...app, deployments: [] });
  return call.query.get("force") === "true"
    ? new Response(null, { status: 202 })
    : json({ version: app.versions.at(-1) ?? "", deploymentId: id });
}
