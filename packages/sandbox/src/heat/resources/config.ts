/** Software configurations and deployments: texts for nodes, and the wait for what nodes make of them. */
import { stringify } from "yaml";
import { secret, uuid } from "../../ids.ts";
import type { Json, JsonMap } from "../../json.ts";
import { isMap, toText } from "../../json.ts";
import { signalUrl } from "../engine/signal-urls.ts";
import { createSignalUser, deleteSignalUser } from "../engine/signal-users.ts";
import type { Resource, SoftwareConfig, SoftwareDeployment } from "../records.ts";
import type { Kind, Progress, Schema, Task } from "./kind.ts";
import { done, list, map, optionalText, physicalName, text } from "./kind.ts";
import { schemas } from "./schemas/config.ts";

function configKind(schema: Schema, className: string, configOf: (task: Task) => Json): Kind {
  return {
    ...schema,
    className,
    create(task) {
      const { cloud, properties, stack, at } = task;
      const config: SoftwareConfig = {
        id: uuid(cloud.random),
        projectId: stack.projectId,
        name: physicalName(task),
        group: text(properties["group"]),
        config: configOf(task),
        inputs: list(properties["inputs"]),
        outputs: list(properties["outputs"]),
        options: map(properties["options"]),
        createdAtMs: at,
      };
      cloud.heat.configs.put(config);
      return { physicalId: config.id };
    },
    remove: ({ cloud, resource }) => cloud.heat.configs.delete(resource.physicalId ?? ""),
    attribute: ({ cloud, resource }, name) =>
      name === "config" ? (cloud.heat.configs.get(resource.physicalId ?? "")?.config ?? null) : undefined,
  };
}

const isAscii = (value: string): boolean => Buffer.byteLength(value) === value.length;

/** One MIME part: as it is when it is ASCII, in base64 otherwise, as Python's MIMEText does. */
function mimePart(body: string, subtype: string, filename: string | undefined): string {
  const disposition = filename === undefined ? "" : `Content-Disposition: attachment; filename="${filename}"\n`;
  const charset = isAscii(body) ? "us-ascii" : "utf-8";
  const encoding = isAscii(body) ? "7bit" : "base64";
  const content = isAscii(body)
    ? body
    : (
        Buffer.from(body)
          .toString("base64")
          .match(/.{1,76}/g) ?? []
      ).join("\n");
  return `Content-Type: text/${subtype}; charset="${charset}"\nMIME-Version: 1.0\nContent-Transfer-Encoding: ${encoding}\n${disposition}\n${content}`;
}

/** The parts of a multipart message that is itself a part. */
function innerParts(message: string): string[] {
  const boundary = /boundary="([^"]+)"/.exec(message)?.[1];
  if (boundary === undefined) return [];
  return message
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => part.replace(/^\n/, "").replace(/\n$/, ""));
}

function multipart(task: Task): string {
  const boundary = `===============${secret(task.cloud.random, 19)}==`;
  const parts = list(task.properties["parts"])
    .map(map)
    .flatMap((part) => {
      const given = text(part["config"]);
      const named = task.cloud.heat.configs.get(given)?.config;
      const body = named === undefined ? given : typeof named === "string" ? named : JSON.stringify(named);
      if (part["type"] === "multipart") return innerParts(body);
      return [mimePart(body, optionalText(part["subtype"]) ?? subtypeOf(body), optionalText(part["filename"]))];
    });
  const joined = parts.map((part) => `--${boundary}\n${part}\n`).join("");
  return `Content-Type: multipart/mixed; boundary="${boundary}"\nMIME-Version: 1.0\n\n${joined}--${boundary}--\n`;
}

/** By its first line, as cloud-init tells parts apart. */
function subtypeOf(body: string): string {
  if (body.startsWith("#cloud-config")) return "cloud-config";
  if (body.startsWith("#!")) return "x-shellscript";
  return body.startsWith("#cloud-boothook") ? "cloud-boothook" : "plain";
}

const SIGNAL_VALUES = ["deploy_stdout", "deploy_stderr", "deploy_status_code"];

function createDeployment(task: Task, serverId: string): SoftwareDeployment {
  const { cloud, properties, stack, at } = task;
  const actions = list(properties["actions"]);
  const isQuiet = properties["signal_transport"] === "NO_SIGNAL" || !actions.includes("CREATE");
  const made: SoftwareDeployment = {
    id: uuid(cloud.random),
    projectId: stack.projectId,
    serverId,
    configId: text(properties["config"]),
    action: "CREATE",
    status: isQuiet ? "COMPLETE" : "IN_PROGRESS",
    reason: isQuiet ? "Not waiting for outputs signal" : "Deploy data available",
    inputValues: map(properties["input_values"]),
    outputValues: {},
    createdAtMs: at,
    updatedAtMs: null,
  };
  cloud.heat.deployments.put(made);
  return made;
}

/** Done when every deployment has been answered; simulated nodes answer when they are up. */
function checkDeployments(task: Task, ids: readonly string[]): Progress {
  let untilMs: number | null = null;
  let isOpen = false;
  for (const id of ids) {
    const one = task.cloud.heat.deployments.get(id);
    if (!one || one.status === "COMPLETE") continue;
    if (one.status === "FAILED") return { kind: "failed", error: "Error", reason: one.reason };
    const upMs = nodeUpMs(task, one.serverId);
    if (upMs !== null && upMs <= task.at) {
      answerDeployment(task, one, { deploy_stdout: "", deploy_stderr: "", deploy_status_code: 0 });
      continue;
    }
    isOpen = true;
    if (upMs !== null) untilMs = Math.min(untilMs ?? upMs, upMs);
  }
  return isOpen ? { kind: "waiting", untilMs } : done;
}

function nodeUpMs({ cloud, resource, at }: Task, serverId: string): number | null {
  if (cloud.knobs.settings.signals === "manual") return null;
  const server = cloud.nova.servers.get(serverId);
  return server ? server.bootedAtMs : (resource.work?.startedAtMs ?? at) + cloud.knobs.settings.bootMs;
}

export function answerDeployment(
  { cloud, at }: Pick<Task, "cloud" | "at">,
  one: SoftwareDeployment,
  details: JsonMap,
): void {
  const code = Number(details["deploy_status_code"] ?? 0);
  cloud.heat.deployments.put({
    ...one,
    outputValues: details,
    status: code === 0 ? "COMPLETE" : "FAILED",
    reason:
      code === 0 ? "Outputs received" : `deploy_status_code : Deployment exited with non-zero status code: ${code}`,
    updatedAtMs: at,
  });
}

/** The deployments that a resource made: one, or one a server. */
export const deploymentIds = (resource: Resource): string[] =>
  Object.values(map(resource.data["deployments"])).map(toText);

const deployment = (schema: Schema): Kind => ({
  ...schema,
  className: "SoftwareDeployment",
  waitsForSignals: true,
  create(task) {
    const made = createDeployment(task, text(task.properties["server"]));
    const user = createSignalUser(task);
    return {
      physicalId: made.id,
      data: { deployments: { server: made.id }, userId: user.userId, endpoint: signalUrl(task, user.projectId) },
    };
  },
  check: (task) => checkDeployments(task, deploymentIds(task.resource)),
  update(task) {
    for (const id of deploymentIds(task.resource)) {
      const one = task.cloud.heat.deployments.get(id);
      const isRun = list(task.properties["actions"]).includes("UPDATE");
      if (one) {
        task.cloud.heat.deployments.put({
          ...one,
          action: "UPDATE",
          configId: text(task.properties["config"]),
          inputValues: map(task.properties["input_values"]),
          status: isRun ? "IN_PROGRESS" : "COMPLETE",
        });
      }
    }
    return "updated";
  },
  remove(task) {
    for (const id of deploymentIds(task.resource)) task.cloud.heat.deployments.delete(id);
    deleteSignalUser(task);
  },
  signal(task, details) {
    const one = task.cloud.heat.deployments.get(task.resource.physicalId ?? "");
    if (one) answerDeployment(task, one, details ?? {});
    return "deployment succeeded";
  },
  attribute(task, name) {
    const one = task.cloud.heat.deployments.get(task.resource.physicalId ?? "");
    const value = one?.outputValues[name];
    return value ?? (SIGNAL_VALUES.includes(name) ? null : undefined);
  },
});

const deploymentGroup = (schema: Schema): Kind => ({
  ...schema,
  className: "SoftwareDeploymentGroup",
  waitsForSignals: true,
  create(task) {
    const servers = map(task.properties["servers"]);
    const made = Object.fromEntries(
      Object.entries(servers).map(([key, id]) => [key, createDeployment(task, toText(id)).id]),
    );
    return { physicalId: physicalName(task), data: { deployments: made } };
  },
  check: (task) => checkDeployments(task, deploymentIds(task.resource)),
  update(task) {
    const known = map(task.resource.data["deployments"]);
    const servers = map(task.properties["servers"]);
    for (const [key, id] of Object.entries(known)) {
      if (!(key in servers)) task.cloud.heat.deployments.delete(toText(id));
    }
    const next = Object.entries(servers).map(([key, id]): [string, Json] => [
      key,
      known[key] ?? createDeployment(task, toText(id)).id,
    ]);
    task.resource.data = { ...task.resource.data, deployments: Object.fromEntries(next) };
    return "updated";
  },
  remove(task) {
    for (const id of deploymentIds(task.resource)) task.cloud.heat.deployments.delete(id);
  },
  attribute(task, name) {
    const one = name.replace(/s$/, "");
    const ids = Object.entries(map(task.resource.data["deployments"]));
    return Object.fromEntries(
      ids.map(([key, id]) => [key, task.cloud.heat.deployments.get(toText(id))?.outputValues[one] ?? null]),
    );
  },
});

/** A structured configuration's map; a text is taken as it is. */
const structured = ({ properties }: Task): Json => (isMap(properties["config"]) ? properties["config"] : {});

export const configKinds: Readonly<Record<string, Kind>> = {
  "OS::Heat::SoftwareConfig": configKind(schemas["OS::Heat::SoftwareConfig"], "SoftwareConfig", (task) =>
    text(task.properties["config"]),
  ),
  "OS::Heat::StructuredConfig": configKind(schemas["OS::Heat::StructuredConfig"], "StructuredConfig", structured),
  "OS::Heat::CloudConfig": configKind(
    schemas["OS::Heat::CloudConfig"],
    "CloudConfig",
    (task) => `#cloud-config\n${stringify(map(task.properties["cloud_config"]))}`,
  ),
  "OS::Heat::MultipartMime": configKind(schemas["OS::Heat::MultipartMime"], "MultipartMime", multipart),
  "OS::Heat::SoftwareDeployment": deployment(schemas["OS::Heat::SoftwareDeployment"]),
  "OS::Heat::StructuredDeployment": deployment(schemas["OS::Heat::StructuredDeployment"]),
  "OS::Heat::SoftwareDeploymentGroup": deploymentGroup(schemas["OS::Heat::SoftwareDeploymentGroup"]),
  "OS::Heat::StructuredDeploymentGroup": deploymentGroup(schemas["OS::Heat::StructuredDeploymentGroup"]),
};
