/** Label and field selectors (engine sheet 1.1), read and applied. */
import { isMap } from "../../json.ts";
import type { Json, JsonMap } from "../../json.ts";
import { badRequest } from "./status.ts";

/** A plain value as text; empty for what is none. */
export const wordOf = (value: Json | undefined): string =>
  value === undefined || value === null || typeof value === "object" ? "" : String(value);

type Test = (object: JsonMap) => boolean;

const LABEL = /^([A-Za-z0-9][-A-Za-z0-9_./]*)$/;

export const labelsOf = (object: JsonMap): JsonMap => mapAt(mapAt(object, "metadata"), "labels");

export function mapAt(value: Json | undefined, key: string): JsonMap {
  const inner = isMap(value) ? value[key] : undefined;
  return isMap(inner) ? inner : {};
}

/** Splits at commas that are in no parentheses. */
const requirements = (text: string): string[] =>
  (text.match(/[^,(]+(\([^)]*\))?[^,(]*/g) ?? []).map((one) => one.trim()).filter((one) => one !== "");

export function labelSelector(text: string): Test {
  const tests = requirements(text).map((one): Test => {
    const equal = /^([^\s=!]+)\s*(==|=|!=)\s*(\S*)$/.exec(one);
    if (equal) {
      const [, key = "", operator, value = ""] = equal;
      return operator === "!="
        ? (object) => labelsOf(object)[checked(key)] !== value
        : (object) => labelsOf(object)[checked(key)] === value;
    }
    const among = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(one);
    if (among) {
      const [, key = "", operator, list = ""] = among;
      const values = list.split(",").map((item) => item.trim());
      return (object) => values.includes(wordOf(labelsOf(object)[checked(key)])) === (operator === "in");
    }
    const bare = /^(!?)\s*(\S+)$/.exec(one);
    if (!bare) throw unreadable(text);
    const [, not = "", key = ""] = bare;
    checked(key);
    return (object) => key in labelsOf(object) === (not === "");
  });
  return (object) => tests.every((test) => test(object));

  function checked(key: string): string {
    if (!LABEL.test(key)) throw unreadable(text);
    return key;
  }
}

const unreadable = (text: string) => badRequest(`unable to parse requirement: found '${text}', expected: identifier`);

/** By resource; `metadata.name` and `metadata.namespace` go for all. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  pods: ["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "status.phase", "status.podIP"],
  nodes: ["spec.unschedulable"],
  replicationcontrollers: ["status.replicas"],
  namespaces: ["status.phase"],
  events: [
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "reason",
    "type",
  ],
};

export function fieldSelector(resource: string, text: string): Test {
  const allowed = ["metadata.name", "metadata.namespace", ...(FIELDS[resource] ?? [])];
  const tests = requirements(text).map((one): Test => {
    const [, path = "", operator = "", value = ""] = /^([^\s=!]+)\s*(==|=|!=)\s*(\S*)$/.exec(one) ?? [];
    if (operator === "") throw badRequest(`invalid selector: '${text}'; can't understand '${one}'`);
    if (!allowed.includes(path)) throw badRequest(`field label not supported: ${path}`);
    return (object) => (textAtPath(object, path) === value) === (operator !== "!=");
  });
  return (object) => tests.every((test) => test(object));
}

function textAtPath(object: JsonMap, path: string): string {
  let value: Json | undefined = object;
  for (const key of path.split(".")) value = isMap(value) ? value[key] : undefined;
  return wordOf(value);
}

/** Whether a map of labels has all that a selector's map asks for. */
export const isSelected = (selector: JsonMap, labels: JsonMap): boolean =>
  Object.keys(selector).length > 0 && Object.entries(selector).every(([key, value]) => labels[key] === value);
