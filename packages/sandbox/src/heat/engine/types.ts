/** From a type's name in a template to its kind: by the environment's registry, a template file, or what Heat brings along. */
import type { Cloud } from "../../cloud.ts";
import type { JsonMap } from "../../json.ts";
import { isMap } from "../../json.ts";
import { HeatError, invalidStack } from "../faults.ts";
import { readTemplate } from "../hot/template.ts";
import type { Environment, Resource, Stack } from "../records.ts";
import { builtIn } from "../resources/all.ts";
import type { Kind } from "../resources/kind.ts";
import { templateKind } from "../resources/template-type.ts";
import { filesOf } from "./templates.ts";

/** How many registry entries a name may lead through. */
const MAX_ALIASES = 10;

const isTemplateName = (name: string): boolean => /\.(yaml|template)$/.test(name);

/** What the registry makes of the name, for that resource: another type or a template file. */
function mapped(registry: JsonMap, type: string, resource: string): string | undefined {
  const { resources } = registry;
  const own = isMap(resources) && isMap(resources[resource]) ? resources[resource][type] : undefined;
  if (typeof own === "string") return own;
  if (typeof registry[type] === "string") return registry[type];
  for (const [pattern, target] of Object.entries(registry)) {
    if (!pattern.endsWith("*") || typeof target !== "string" || !type.startsWith(pattern.slice(0, -1))) continue;
    return target.endsWith("*") ? target.slice(0, -1) + type.slice(pattern.length - 1) : target;
  }
  return undefined;
}

const parsedFiles = new WeakMap<Record<string, string>, Map<string, JsonMap>>();

function readNested(text: string, name: string): JsonMap {
  try {
    return readTemplate(text, name);
  } catch (error) {
    if (error instanceof HeatError && error.type === "ValueError") throw invalidStack(error.message);
    throw error;
  }
}

/** The template in a file, read once for each set of files. */
export function templateInFile(files: Record<string, string>, name: string): JsonMap {
  const cache = parsedFiles.get(files) ?? new Map<string, JsonMap>();
  parsedFiles.set(files, cache);
  const known = cache.get(name);
  if (known) return known;
  const text = files[name];
  if (text === undefined) throw invalidStack(`Could not fetch remote template "${name}": Invalid URL scheme`);
  const source = readNested(text, name);
  cache.set(name, source);
  return source;
}

/** The kind of a resource's type. Refuses one that is not known. */
export function kindOf(
  environment: Environment,
  files: Record<string, string>,
  type: string,
  resource: string,
): { kind: Kind; builtIn: string | null; templateName: string | null } {
  let name = type;
  for (let hop = 0; hop < MAX_ALIASES; hop += 1) {
    const next = mapped(environment.resource_registry, name, resource);
    if (next === undefined || next === name) break;
    name = next;
  }
  if (isTemplateName(name) || (name in files && !(name in builtIn))) {
    return { kind: templateKind(templateInFile(files, name), environment), builtIn: null, templateName: name };
  }
  const kind = Object.hasOwn(builtIn, name) ? builtIn[name] : undefined;
  if (!kind) throw new HeatError("StackValidationFailed", `The Resource Type (${name}) could not be found.`);
  return { kind, builtIn: name, templateName: null };
}

/** What is known of a nested stack whose template may be gone: that it is one. */
const orphan: Kind = {
  className: "TemplateResource",
  properties: {},
  attributes: [],
  isRepairable: true,
  nested: () => {
    throw new Error("a nested stack that is to go is not made");
  },
};

/** The kind by which a resource is taken away: its own, whatever the goal says of its type by now. */
export const kindToRemove = (resource: Resource): Kind =>
  (resource.builtIn === null ? undefined : builtIn[resource.builtIn]) ?? orphan;

export const kindIn = (cloud: Cloud, stack: Stack, type: string, resource: string): Kind =>
  kindOf(stack.goal.environment, filesOf(cloud, stack), type, resource).kind;
