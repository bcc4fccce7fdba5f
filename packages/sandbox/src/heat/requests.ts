/** What comes in a request to Heat: a template with its environment and files, and the arguments around them. */
import type { Context } from "hono";
import type { Json, JsonMap } from "../json.ts";
import { isMap, toText } from "../json.ts";
import { limits } from "../limits.ts";
import { readJson } from "../http/requests.ts";
import { HeatError } from "./faults.ts";
import { toBoolean } from "./hot/constraints.ts";
import { readTemplate, readYaml } from "./hot/template.ts";
import type { Environment, Goal } from "./records.ts";

const bad = (message: string): HeatError => new HeatError("HTTPBadRequest", message);

/** The JSON body; empty for none. */
export const bodyOf = async (c: Context): Promise<JsonMap> => (await bodyOrNull(c)) ?? {};

/** The JSON body; null for none. */
export async function bodyOrNull(c: Context): Promise<JsonMap | null> {
  const body = await readJson(c, limits.heatBodyBytes);
  switch (body.kind) {
    case "empty":
      return null;
    case "malformed":
      throw bad(`Malformed JSON in request body: ${body.why}`);
    case "too-large":
      throw new HeatError(
        "RequestLimitExceeded",
        `Request limit exceeded: JSON body size exceeds maximum allowed size (${limits.heatBodyBytes} bytes).`,
      );
    case "json":
      if (!isMap(body.value)) throw bad("The request body must be a JSON object.");
      return body.value;
    default:
      return body satisfies never;
  }
}

export function booleanIn(name: string, value: Json | undefined): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  const found =
    typeof value === "boolean"
      ? value
      : ["true", "false"].includes(toText(value).toLowerCase())
        ? toBoolean(value)
        : undefined;
  if (found === undefined) {
    throw bad(`Unrecognized value "${toText(value)}" for "${name}", acceptable values are: true, false`);
  }
  return found;
}

export function integerIn(name: string, value: Json | undefined): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (!/^\d+$/.test(toText(value))) {
    throw bad(`Value '${toText(value)}' is invalid for '${name}' which only accepts non-negative integer.`);
  }
  return Number(value);
}

/** Tags come as a text with commas or as a list. */
export function tagsIn(value: Json | undefined): string[] | undefined {
  if (value === undefined || value === null) return undefined;
  const list = typeof value === "string" ? value.split(",") : value;
  if (!Array.isArray(list)) throw bad(`Invalid tags, not a list: ${toText(value)}`);
  return list.map((tag) => {
    if (typeof tag !== "string") throw bad(`Invalid tag, "${toText(tag)}" is not a string`);
    if (tag.length > 80) throw bad(`Invalid tag, "${tag}" is longer than 80 characters`);
    if (tag === "" || tag.includes(",")) throw bad(`Invalid tag, "${tag}" contains a comma`);
    return tag;
  });
}

/** The template of a body: a map or a text. Null when there is none. */
export function templateIn(body: JsonMap): JsonMap | null {
  const given = body["template"];
  if (given === undefined || given === null) {
    if (typeof body["template_url"] === "string") {
      throw bad(`Could not retrieve template: this sandbox fetches nothing; send it in the body`);
    }
    return null;
  }
  try {
    return readTemplate(given);
  } catch (error) {
    if (error instanceof HeatError && error.type === "ValueError") {
      throw bad(`Template not in valid format: ${error.message}`);
    }
    throw error;
  }
}

const SECTIONS = [
  "parameters",
  "resource_registry",
  "parameter_defaults",
  "encrypted_param_names",
  "event_sinks",
  "parameter_merge_strategies",
];

function readEnvironment(given: Json): JsonMap {
  const value = typeof given === "string" ? (readYamlOr(given) ?? {}) : given;
  if (!isMap(value)) {
    throw bad("Environment not in valid format: The environment is not a valid YAML mapping data type.");
  }
  for (const [section, content] of Object.entries(value)) {
    if (!SECTIONS.includes(section)) {
      throw bad(`Environment not in valid format: environment has wrong section "${section}"`);
    }
    if (content === null) throw bad(`Environment not in valid format: environment has empty section "${section}"`);
  }
  if (isMap(value["parameter_merge_strategies"]) && Object.keys(value["parameter_merge_strategies"]).length > 0) {
    throw new HeatError("NotSupported", "parameter_merge_strategies is not supported.");
  }
  return value;
}

function readYamlOr(text: string): Json {
  try {
    return readYaml(text);
  } catch (error) {
    // The parser's words are the user's to read.
    throw bad(`Environment not in valid format: ${(error as Error).message}`);
  }
}

const sectionOf = (environment: JsonMap, name: string): JsonMap => {
  const section = environment[name];
  return isMap(section) ? section : {};
};

/** Maps merge key by key, deeply; the later one wins. */
function merged(base: JsonMap, over: JsonMap): JsonMap {
  const result = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const old = result[key];
    result[key] = isMap(old) && isMap(value) ? merged(old, value) : value;
  }
  return result;
}

function mergedEnvironment(base: Environment, over: JsonMap): Environment {
  return {
    parameters: { ...base.parameters, ...sectionOf(over, "parameters") },
    parameter_defaults: { ...base.parameter_defaults, ...sectionOf(over, "parameter_defaults") },
    resource_registry: merged(base.resource_registry, sectionOf(over, "resource_registry")),
  };
}

const emptyEnvironment = (): Environment => ({ parameters: {}, parameter_defaults: {}, resource_registry: {} });

export function filesIn(body: JsonMap): Record<string, string> {
  const files = body["files"] ?? {};
  if (!isMap(files)) throw bad("files must be a map of names to texts");
  return Object.fromEntries(
    Object.entries(files).map(([name, content]) => [
      name,
      typeof content === "string" ? content : JSON.stringify(content),
    ]),
  );
}

/** The environment of a body: its environment files in their order, or its environment, then its parameters over them. */
export function environmentIn(
  body: JsonMap,
  files: Record<string, string>,
  base: Environment = emptyEnvironment(),
): Environment {
  const names = body["environment_files"];
  let environment = base;
  if (Array.isArray(names) && names.length > 0) {
    for (const name of names) {
      const text = files[toText(name)];
      if (text === undefined) throw bad(`environment file ${toText(name)} is not in files`);
      environment = mergedEnvironment(environment, readEnvironment(text));
    }
  } else if (body["environment"] !== undefined && body["environment"] !== null) {
    environment = mergedEnvironment(environment, readEnvironment(body["environment"]));
  }
  const parameters = body["parameters"] ?? {};
  if (!isMap(parameters)) throw bad("parameters must be a map");
  return { ...environment, parameters: { ...environment.parameters, ...parameters } };
}

/** What a create, preview or full update asks for. */
export function goalIn(body: JsonMap): Goal {
  const template = templateIn(body);
  if (!template) throw bad("No template specified");
  const files = filesIn(body);
  return { template, files, environment: environmentIn(body, files) };
}

/** What a PATCH, or a PUT with `existing`, asks for: the goal that is there with what is given over it. */
export function patchedGoal(body: JsonMap, old: Goal, parameterNames: (template: JsonMap) => readonly string[]): Goal {
  const template = templateIn(body) ?? old.template;
  const files = { ...old.files, ...filesIn(body) };
  const cleared = body["clear_parameters"];
  const dropped = Array.isArray(cleared) ? cleared.map(toText) : [];
  const kept = Object.fromEntries(
    Object.entries(old.environment.parameters).filter(([name]) => !dropped.includes(name)),
  );
  const environment = environmentIn(body, files, { ...old.environment, parameters: kept });
  const known = parameterNames(template);
  const parameters = Object.fromEntries(
    Object.entries(environment.parameters).filter(([name]) => known.includes(name)),
  );
  return { template, files, environment: { ...environment, parameters } };
}

export function argumentsIn(body: JsonMap): { timeoutMins?: number; disableRollback?: boolean; tags?: string[] } {
  const timeoutMins = integerIn("timeout_mins", body["timeout_mins"]);
  const disableRollback = booleanIn("disable_rollback", body["disable_rollback"]);
  const tags = tagsIn(body["tags"]);
  return {
    ...(timeoutMins !== undefined && timeoutMins > 0 && { timeoutMins }),
    ...(disableRollback !== undefined && { disableRollback }),
    ...(tags && { tags }),
  };
}
