/** Reading a template: YAML or JSON to its sections, checked as heat's Template and template_format check them. */
import { parseDocument } from "yaml";
import type { ScalarTag } from "yaml";
import type { Json, JsonMap } from "../../json.ts";
import { isMap, pythonType, toText } from "../../json.ts";
import { limits } from "../../limits.ts";
import { HeatError, invalidStack } from "../faults.ts";
import { dialectOf, versions } from "./dialects.ts";
import type { Dialect } from "./dialects.ts";
import { readParameter } from "./parameters.ts";
import type { ParameterSchema } from "./parameters.ts";

export interface Template {
  readonly dialect: Dialect;
  readonly description: string;
  readonly parameters: readonly ParameterSchema[];
  readonly resources: Readonly<Record<string, ResourceDefinition>>;
  readonly outputs: Readonly<Record<string, OutputDefinition>>;
  readonly conditions: Readonly<JsonMap>;
  /** As it was given: what `template show` answers. */
  readonly source: JsonMap;
}

export interface ResourceDefinition {
  readonly type: string;
  readonly properties: Json;
  readonly metadata: Json;
  readonly dependsOn: readonly string[];
  readonly deletionPolicy: "Delete" | "Retain" | "Snapshot";
  readonly updatePolicy: Json;
  readonly description: string;
  /** A condition's name, a boolean or a condition function; undefined when there is none. */
  readonly condition: Json | undefined;
  readonly externalId: Json | undefined;
}

export interface OutputDefinition {
  readonly description: string;
  readonly value: Json;
  readonly condition: Json | undefined;
}

/** Dates stay texts, and what PyYAML takes for a boolean or a float is narrower than YAML 1.1 says: no `y`, no `1e3`. */
const NOT_PYTHON = /:(timestamp|bool|float)$/;

const scalar = (tag: string, test: RegExp, resolve: (text: string) => unknown): ScalarTag => ({
  tag: `tag:yaml.org,2002:${tag}`,
  default: true,
  test,
  resolve,
});

const PYTHON_SCALARS: readonly ScalarTag[] = [
  scalar("bool", /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/, () => true),
  scalar("bool", /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/, () => false),
  scalar("float", /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?)$/, (text) =>
    Number(text.replaceAll("_", "")),
  ),
];

/** What the last texts said, as JSON: the bays of one type send the same templates, and reading them is most of Heat's work. */
const lastRead = new Map<string, string>();

/** Reads YAML as PyYAML's safe loader does, dates staying texts. Throws Error with words for the user. */
export function readYaml(text: string): Json {
  const json = lastRead.get(text) ?? yamlToJson(text);
  lastRead.delete(text);
  lastRead.set(text, json);
  const [oldest] = lastRead.keys();
  if (lastRead.size > limits.yamlTextsKept && oldest !== undefined) lastRead.delete(oldest);
  return JSON.parse(json) as Json;
}

function yamlToJson(text: string): string {
  const document = parseDocument(text, {
    version: "1.1",
    schema: "yaml-1.1",
    merge: true,
    uniqueKeys: false,
    customTags: (tags) => [
      ...PYTHON_SCALARS,
      ...tags.filter((tag) => !(typeof tag === "object" && NOT_PYTHON.test(tag.tag))),
    ],
    logLevel: "silent",
  });
  const [error] = document.errors;
  if (error) throw new Error(error.message);
  const value = document.toJS({ maxAliasCount: limits.yamlAliases }) as unknown;
  // Through JSON once: what is no JSON (a date, a set) becomes what the wire would make of it, and aliases become copies.
  return JSON.stringify(value ?? null);
}

/** JSON or YAML to a map with a version in it. */
export function readTemplate(given: Json, name = "[root stack]"): JsonMap {
  const size = Buffer.byteLength(typeof given === "string" ? given : JSON.stringify(given));
  if (size > limits.templateBytes) {
    throw new HeatError(
      "RequestLimitExceeded",
      `Request limit exceeded: Template size (${size} bytes) exceeds maximum allowed size (${limits.templateBytes} bytes).`,
    );
  }
  const source = typeof given === "string" ? readText(given, name) : given;
  if (!isMap(source)) throw new HeatError("ValueError", "The template is not a JSON object or YAML mapping.");
  if (
    !["heat_template_version", "HeatTemplateFormatVersion", "AWSTemplateFormatVersion"].some((key) => key in source)
  ) {
    throw new HeatError("ValueError", "Template format version not found.");
  }
  if (depthOf(source) > limits.templateDepth) throw new HeatError("ValueError", "The template is nested too deeply.");
  return source;
}

function depthOf(value: Json): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function readText(text: string, name: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // Not JSON, so it is to be YAML; what is wrong with it then is the user's to know.
    try {
      return readYaml(text);
    } catch (error) {
      throw new HeatError("ValueError", `Error parsing template ${name} ${(error as Error).message}`);
    }
  }
}

function versionOf(source: JsonMap): Dialect {
  const version = source["heat_template_version"];
  if (version === undefined) {
    throw new HeatError(
      "InvalidTemplateVersion",
      "The template version is invalid: CloudFormation templates are not supported by this sandbox; use heat_template_version.",
    );
  }
  const dialect = dialectOf(toText(version));
  if (dialect) return dialect;
  throw new HeatError(
    "InvalidTemplateVersion",
    `The template version is invalid: "heat_template_version: ${toText(version)}". "heat_template_version" should be one of: ${[...versions()].toSorted().join(", ")}`,
  );
}

/** The template's sections, each of its right form. Functions inside them are not looked at yet. */
export function parseTemplate(source: JsonMap): Template {
  const dialect = versionOf(source);
  for (const key of Object.keys(source)) {
    if (!dialect.sections.includes(key)) {
      throw new HeatError("InvalidTemplateSection", `The template section is invalid: ${key}`);
    }
  }
  const conditions = source["conditions"] ?? {};
  if (!isMap(conditions))
    throw invalidStack(
      `Condition definitions must be a map. Found a ${pythonType(conditions)} instead`,
      [],
      "Conditions validation error",
    );
  checkGroups(source);
  return {
    dialect,
    description: typeof source["description"] === "string" ? source["description"] : "No description",
    parameters: Object.entries(sectionOf(source, "parameters")).map(([name, one]) => readParameter(name, one, dialect)),
    resources: mapEntries(sectionOf(source, "resources"), (name, one) => readResource(name, one, dialect)),
    outputs: mapEntries(sectionOf(source, "outputs"), readOutput),
    conditions,
    source,
  };
}

function mapEntries<T>(map: JsonMap, read: (name: string, value: Json) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, read(name, value)]));
}

function sectionOf(source: JsonMap, name: string): JsonMap {
  const given = source[name] ?? {};
  // Python takes any empty value for an empty section.
  const section = Array.isArray(given) && given.length === 0 ? {} : given;
  if (!isMap(section)) throw invalidStack(`"${name}" must contain a map of ${name.slice(0, -1)} maps.`);
  return section;
}

function readResource(name: string, given: Json, dialect: Dialect): ResourceDefinition {
  if (given === null) throw invalidStack("Each resource must contain a type key.");
  if (!isMap(given)) {
    throw invalidStack(
      `"resources" must contain a map of resource maps. Found a [<class '${pythonType(given)}'>] instead`,
    );
  }
  for (const key of Object.keys(given)) {
    if (!dialect.resourceKeys.includes(key)) throw unknownKeyword(key);
  }
  const { type } = given;
  if (type === undefined) throw invalidStack("Each resource must contain a type key.");
  if (type === null) throw invalidStack("Each Resource must contain a Type key.");
  if (typeof type !== "string") throw invalidStack(`Resource ${name} type type must be string`);
  const properties = given["properties"] ?? {};
  if (!isMap(properties)) throw invalidStack(`Resource ${name} properties type must be object`);
  const metadata = given["metadata"] ?? {};
  if (!isMap(metadata)) throw invalidStack(`Resource ${name} metadata type must be object`);
  return {
    type,
    properties,
    metadata,
    dependsOn: readDependsOn(name, given["depends_on"] ?? []),
    deletionPolicy: readDeletionPolicy(given["deletion_policy"] ?? "Delete", dialect),
    updatePolicy: given["update_policy"] ?? {},
    description: typeof given["description"] === "string" ? given["description"] : "",
    condition: given["condition"],
    externalId: given["external_id"],
  };
}

/** Keywords of later versions are told apart from those that no version has. */
const unknownKeyword = (key: string): HeatError =>
  key === "condition" || key === "external_id"
    ? invalidStack(`Invalid keyword(s) inside a resource definition: ${key}`)
    : invalidStack(`"${key}" is not a valid keyword inside a resource definition`);

function readDependsOn(name: string, given: Json): string[] {
  const list = typeof given === "string" ? [given] : given;
  if (!Array.isArray(list)) throw invalidStack(`Resource ${name} depends_on type must be list or string`);
  return list.map((one) => {
    if (typeof one !== "string") throw invalidStack(`Resource ${name} depends_on must be a list of strings`);
    return one;
  });
}

function readDeletionPolicy(given: Json, dialect: Dialect): "Delete" | "Retain" | "Snapshot" {
  const policies = ["Delete", "Retain", "Snapshot"] as const;
  const lower = dialect.resourceKeys.includes("condition");
  const found = policies.find((one) => one === given || (lower && one.toLowerCase() === given));
  if (!found) throw invalidStack(`Invalid deletion policy "${toText(given)}"`);
  return found;
}

function readOutput(name: string, given: Json): OutputDefinition {
  const refuse = (detail: string): HeatError => invalidStack(detail, ["outputs", name], "Output validation error");
  if (!isMap(given)) throw refuse(`Output definitions must be a map. Found a ${pythonType(given)} instead`);
  if (!("value" in given)) throw refuse("Each output definition must contain a value key.");
  return {
    description: typeof given["description"] === "string" ? given["description"] : "No description given",
    value: given["value"] ?? null,
    condition: given["condition"],
  };
}

/** Every parameter that a group names is there, and in one group only. */
function checkGroups(source: JsonMap): void {
  const groups = source["parameter_groups"] ?? [];
  if (isMap(groups) && Object.keys(groups).length === 0) return;
  if (!Array.isArray(groups)) {
    throw invalidStack("The parameter_groups should be a list.", [], "Parameter Groups error");
  }
  const seen = new Map<string, string>();
  for (const group of groups) {
    const names = isMap(group) ? group["parameters"] : undefined;
    const label = isMap(group) && typeof group["label"] === "string" ? group["label"] : "";
    if (!Array.isArray(names)) {
      throw invalidStack(
        "The parameters must be provided for each parameter group.",
        [`parameter_groups.${label}`],
        "Parameter Groups error",
      );
    }
    for (const name of names) {
      const key = toText(name);
      if (!(key in sectionOf(source, "parameters"))) {
        throw invalidStack(
          `The grouped parameter ${key} does not reference a valid parameter.`,
          [`parameter_groups.${label}`],
          "Parameter Groups error",
        );
      }
      if (seen.has(key)) {
        throw invalidStack(
          `The ${key} parameter must be assigned to one parameter group only.`,
          [`parameter_groups.${label}`],
          "Parameter Groups error",
        );
      }
      seen.set(key, label);
    }
  }
}
