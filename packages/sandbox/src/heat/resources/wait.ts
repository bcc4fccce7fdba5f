/** Wait conditions and their handles, Heat's and CloudFormation's: a stack that waits until its nodes have said how they are. */
import type { Json, JsonMap } from "../../json.ts";
import { dump, isMap, toText } from "../../json.ts";
import { signalUrl, waitUrl } from "../engine/signal-urls.ts";
import { createSignalUser, deleteSignalUser } from "../engine/signal-users.ts";
import { bootOfRequired } from "../engine/nodes.ts";
import type { Resource } from "../records.ts";
import type { Kind, Progress, Task } from "./kind.ts";
import { ResourceError, done, integer, map, text } from "./kind.ts";
import { schemas } from "./schemas/wait.ts";

interface Keys {
  status: string;
  reason: string;
  data: string;
  id: string;
}

const HEAT_KEYS: Keys = { status: "status", reason: "reason", data: "data", id: "id" };
const CFN_KEYS: Keys = { status: "Status", reason: "Reason", data: "Data", id: "UniqueId" };

const statuses = ["SUCCESS", "FAILURE"];

/** Files a signal in the handle's metadata under its id; a second one of the same id takes the first one's place. */
function file(resource: Resource, keys: Keys, entry: JsonMap): string {
  const names = [keys.data, keys.id, keys.reason, keys.status];
  const isWhole = names.every((name) => name in entry) && Object.keys(entry).length === names.length;
  if (!isWhole || !statuses.includes(text(entry[keys.status]))) {
    throw new ResourceError("ValueError", "Metadata format invalid");
  }
  const { [keys.id]: id, ...rest } = entry;
  resource.metadata = { ...resource.metadata, [toText(id)]: rest };
  return `status:${text(entry[keys.status])} reason:${toText(entry[keys.reason])}`;
}

function signalHeat({ resource }: Task, details: JsonMap | null): string {
  const number = Object.keys(resource.metadata).length + 1;
  const given = details ?? {};
  return file(resource, HEAT_KEYS, {
    ...given,
    reason: given["reason"] ?? `Signal ${number} received`,
    data: given["data"] ?? null,
    id: given["id"] ?? number,
    status: given["status"] ?? "SUCCESS",
  });
}

const heatHandle: Kind = {
  ...schemas["OS::Heat::WaitConditionHandle"],
  className: "HeatWaitConditionHandle",
  create(task) {
    const user = createSignalUser(task);
    const isToken = task.properties["signal_transport"] === "TOKEN_SIGNAL";
    const isQuiet = task.properties["signal_transport"] === "NO_SIGNAL";
    const data: JsonMap = { userId: user.userId, isHandle: true, isQuiet };
    if (isToken) Object.assign(data, { token: user.token, endpoint: signalUrl(task, user.projectId) });
    else data["url"] = waitUrl(task);
    return { physicalId: user.userId, data };
  },
  remove: deleteSignalUser,
  signal: signalHeat,
  attribute({ resource }, name) {
    const { token = null, endpoint = null, url = null } = resource.data;
    switch (name) {
      case "token":
        return token;
      case "endpoint":
        return endpoint;
      case "curl_cli":
        return endpoint === null
          ? null
          : `curl -i -X POST -H 'X-Auth-Token: ${text(token)}' -H 'Content-Type: application/json' -H 'Accept: application/json' ${text(endpoint)}`;
      case "signal":
        return dump(endpoint === null ? { alarm_url: url } : { alarm_url: endpoint, token });
      default:
        return undefined;
    }
  },
};

const cfnHandle: Kind = {
  ...schemas["AWS::CloudFormation::WaitConditionHandle"],
  className: "WaitConditionHandle",
  create(task) {
    const user = createSignalUser(task);
    return { physicalId: user.userId, data: { userId: user.userId, isHandle: true, url: waitUrl(task) } };
  },
  remove: deleteSignalUser,
  reference: ({ resource }) => resource.data["url"] ?? resource.name,
  signal: ({ resource }, details) => (details === null ? "" : file(resource, CFN_KEYS, details)),
};

const updateHandle: Kind = {
  ...cfnHandle,
  className: "UpdateWaitConditionHandle",
  update: () => "replace",
  alwaysChanges: true,
};

/** The handle of a wait condition, by the reference that its property holds. */
function handleOf(task: Task, property: string): Resource | undefined {
  const wanted = task.properties[property];
  return task.cloud.heat.resources
    .group(task.stack.id)
    .find((one) => one.data["isHandle"] === true && (one.physicalId === wanted || one.data["url"] === wanted));
}

const entriesOf = (handle: Resource, keys: Keys): { status: string; reason: string; data: Json }[] =>
  Object.values(handle.metadata).map((entry) => {
    const values = isMap(entry) ? entry : {};
    return { status: text(values[keys.status]), reason: toText(values[keys.reason]), data: values[keys.data] ?? null };
  });

function waitCondition(
  names: { handle: string; timeout: string; count: string; data: string },
  schema: Pick<Kind, "properties" | "attributes">,
): Kind {
  const keysOf = (handle: Resource): Keys =>
    handle.type.startsWith("OS::Heat::WaitConditionHandle") ? HEAT_KEYS : CFN_KEYS;
  const check = (task: Task): Progress => {
    const handle = handleOf(task, names.handle);
    if (!handle) {
      return {
        kind: "failed",
        error: "ValueError",
        reason: `${text(task.properties[names.handle])} is not a valid wait condition handle.`,
      };
    }
    const startedAtMs = task.resource.work?.startedAtMs ?? task.at;
    const endMs = startedAtMs + integer(task.properties[names.timeout]) * 1000;
    const count = integer(task.properties[names.count]);
    const entries = entriesOf(handle, keysOf(handle));
    const failures = entries.filter((one) => one.status !== "SUCCESS");
    if (failures.length > 0) {
      return { kind: "failed", error: "WaitConditionFailure", reason: failures.map((one) => one.reason).join(";") };
    }
    if (entries.length >= count || handle.data["isQuiet"] === true) return done;
    if (task.at >= endMs) {
      const reasons = entries.length === 0 ? "" : ` - ${entries.map((one) => one.reason).join(";")}`;
      return {
        kind: "failed",
        error: "WaitConditionTimeout",
        reason: `${entries.length} of ${count} received${reasons}`,
      };
    }
    return nodesSignal(task, handle, endMs, count);
  };
  return {
    ...schema,
    className: "HeatWaitCondition",
    waitsForSignals: true,
    create: (task) => ({ physicalId: null, data: { handle: handleOf(task, names.handle)?.name ?? null } }),
    check,
    update: () => "updated",
    remove(task) {
      const handle = handleOf(task, names.handle);
      if (!handle) return;
      handle.metadata = {};
      task.cloud.heat.resources.put(handle);
    },
    attribute(task, name) {
      if (name !== names.data) return undefined;
      const handle = handleOf(task, names.handle);
      if (!handle) return "";
      const keys = keysOf(handle);
      return JSON.stringify(
        Object.fromEntries(Object.entries(handle.metadata).map(([id, entry]) => [id, map(entry)[keys.data] ?? null])),
      );
    },
  };
}

/**
 * Simulated nodes signal a handle that their user data names; nodes.ts sees to that. A handle that no node names is signalled here,
 * when the servers that the wait condition comes after are up: their user data may speak to it in a way that cannot be seen.
 */
function nodesSignal(task: Task, handle: Resource, endMs: number, count: number): Progress {
  const waiting: Progress = { kind: "waiting", untilMs: endMs };
  if (task.cloud.knobs.settings.signals === "manual" || handle.data["isNamed"] === true) return waiting;
  const bootMs = bootOfRequired(task);
  if (bootMs === null) return waiting;
  if (bootMs > task.at) return { kind: "waiting", untilMs: Math.min(bootMs, endMs) };
  const isHeat = handle.type === "OS::Heat::WaitConditionHandle";
  for (let number = 1; number <= count; number += 1) {
    const entry = { data: "OK", reason: `Signal ${number} received`, status: "SUCCESS" };
    const spelled = isHeat ? entry : { Data: entry.data, Reason: entry.reason, Status: entry.status };
    handle.metadata = { ...handle.metadata, [toText(number)]: spelled };
  }
  task.cloud.heat.resources.put(handle);
  return done;
}

export const waitKinds: Readonly<Record<string, Kind>> = {
  "OS::Heat::WaitConditionHandle": heatHandle,
  "OS::Heat::UpdateWaitConditionHandle": updateHandle,
  "OS::Heat::WaitCondition": waitCondition(
    { handle: "handle", timeout: "timeout", count: "count", data: "data" },
    schemas["OS::Heat::WaitCondition"],
  ),
  "AWS::CloudFormation::WaitConditionHandle": cfnHandle,
  "AWS::CloudFormation::WaitCondition": waitCondition(
    { handle: "Handle", timeout: "Timeout", count: "Count", data: "Data" },
    schemas["AWS::CloudFormation::WaitCondition"],
  ),
};
