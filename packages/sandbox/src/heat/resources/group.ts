/** OS::Heat::ResourceGroup: so many members of one definition, in a stack of their own. */
import type { Json, JsonMap } from "../../json.ts";
import { isMap, toText } from "../../json.ts";
import { memberAttribute } from "../engine/nested-values.ts";
import type { StackScope } from "../engine/scope.ts";
import type { Kind, NestedTask } from "./kind.ts";
import { integer, list, map, text } from "./kind.ts";
import { schemas } from "./schemas/heat.ts";
import { arnOf } from "./template-type.ts";

/** Names that were taken out and are never used again. */
const skippedBefore = (task: NestedTask): string[] => list(task.resource?.data["skipped"]).map(toText);

/** Those and the members that the removal policies name now: by member name, index or reference id. */
function skipped(task: NestedTask): Set<string> {
  const before = new Set(skippedBefore(task));
  const names = new Set(task.properties["removal_policies_mode"] === "update" ? [] : before);
  const scope = task.child();
  for (const policy of list(task.properties["removal_policies"])) {
    for (const wanted of list(map(policy)["resource_list"])) {
      const name = toText(wanted);
      if (before.has(name) || !scope || scope.definitions.has(name)) names.add(name);
      else for (const member of scope.definitions.keys()) if (scope.reference(member) === wanted) names.add(member);
    }
  }
  return names;
}

/** The first `count` indexes that are not skipped. */
function memberNames(count: number, without: ReadonlySet<string>): string[] {
  const names: string[] = [];
  for (let index = 0; names.length < count; index += 1) if (!without.has(toText(index))) names.push(toText(index));
  return names;
}

function withIndex(value: Json, variable: string, name: string): Json {
  if (typeof value === "string") return value.replaceAll(variable, name);
  if (Array.isArray(value)) return value.map((item) => withIndex(item, variable, name));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withIndex(item, variable, name)]));
}

const withoutNulls = (properties: JsonMap): JsonMap =>
  Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== null));

export function groupTemplate(properties: JsonMap, names: readonly string[]): JsonMap {
  const definition = map(properties["resource_def"]);
  const variable = text(properties["index_var"]) || "%index%";
  const member = (name: string): JsonMap => ({
    type: text(definition["type"]),
    properties: withIndex(withoutNulls(map(definition["properties"])), variable, name),
    ...(isMap(definition["metadata"]) && { metadata: definition["metadata"] }),
  });
  return {
    heat_template_version: "2015-04-30",
    resources: Object.fromEntries(names.map((name) => [name, member(name)])),
    outputs: { refs_map: { value: Object.fromEntries(names.map((name) => [name, { get_resource: name }])) } },
  };
}

const members = (scope: StackScope): string[] => [...scope.definitions.keys()];

function groupAttribute(scope: StackScope, name: string, path: readonly Json[]): Json | undefined {
  if (name.startsWith("resource.")) return memberAttribute(scope, name, path);
  switch (name) {
    case "refs": {
      const refs = members(scope).map((member) => scope.reference(member) ?? null);
      return path.length === 0 ? refs : (refs.at(Number(path[0])) ?? null);
    }
    case "refs_map":
      return Object.fromEntries(members(scope).map((member) => [member, scope.reference(member) ?? null]));
    case "attributes": {
      const [attribute, ...rest] = path;
      const get = (member: string): Json => scope.attribute(member, toText(attribute), rest) ?? null;
      return Object.fromEntries(members(scope).map((member) => [member, get(member)]));
    }
    default:
      return members(scope).map((member) => scope.attribute(member, name, path) ?? null);
  }
}

const group: Kind = {
  ...schemas["OS::Heat::ResourceGroup"],
  className: "ResourceGroup",
  isRepairable: true,
  nested(task) {
    const names = memberNames(integer(task.properties["count"]), skipped(task));
    return { template: groupTemplate(task.properties, names), parameters: {} };
  },
  keep: (task) => ({ skipped: [...skipped(task)].toSorted() }),
  attribute(task, name, path) {
    if (name === "removed_rsrc_list") return skippedBefore(task);
    const scope = task.child();
    return scope ? groupAttribute(scope, name, path) : null;
  },
  reference(task) {
    const scope = task.child();
    return scope ? arnOf(scope.stack) : task.resource.name;
  },
};

export const groupKinds: Readonly<Record<string, Kind>> = { "OS::Heat::ResourceGroup": group };
