/** The parameters of a template: their schemas, and the values that a stack gives them. */
import type { Json, JsonMap } from "../../json.ts";
import { dump, isEqual, isMap, pythonType, toText } from "../../json.ts";
import { HeatError, invalidStack } from "../faults.ts";
import { checkConstraints, toBoolean, toNumber } from "./constraints.ts";
import type { Constraint, CustomCheck, ValueType } from "./constraints.ts";
import type { Dialect } from "./dialects.ts";

export type ParameterType = "string" | "number" | "comma_delimited_list" | "json" | "boolean";

export interface ParameterSchema {
  readonly name: string;
  readonly type: ParameterType;
  readonly description: string;
  readonly label: string | null;
  readonly default: Json | undefined;
  readonly hidden: boolean;
  readonly immutable: boolean;
  readonly tags: readonly string[];
  readonly constraints: readonly Constraint[];
}

export const PSEUDO_PARAMETERS = ["OS::stack_id", "OS::stack_name", "OS::region", "OS::project_id"] as const;

const VALUE_TYPES: Readonly<Record<ParameterType, ValueType>> = {
  string: "string",
  number: "number",
  comma_delimited_list: "list",
  json: "map",
  boolean: "boolean",
};

const badSchema = (message: string): HeatError => new HeatError("InvalidSchemaError", message);

function checkKeys(value: Json, allowed: readonly string[], entity: string): JsonMap {
  if (!isMap(value)) throw badSchema(`Invalid ${entity}, expected a mapping`);
  for (const key of Object.keys(value)) {
    if (!allowed.includes(key)) throw badSchema(`Invalid key '${key}' for ${entity}`);
  }
  return value;
}

/** Reads one parameter's definition. */
export function readParameter(name: string, definition: Json, dialect: Dialect): ParameterSchema {
  const given = checkKeys(definition, dialect.parameterKeys, `parameter (${name})`);
  const { type } = given;
  if (type === undefined) throw badSchema(`Missing parameter type for parameter: ${name}`);
  if (typeof type !== "string" || !Object.hasOwn(VALUE_TYPES, type)) throw badSchema(`Invalid type (${toText(type)})`);
  const tags = given["tags"] ?? [];
  if (!Array.isArray(tags)) throw badSchema(`Tags property should be a list for parameter: ${name}`);
  return {
    name,
    type: type as ParameterType,
    description: typeof given["description"] === "string" ? given["description"] : "",
    label: typeof given["label"] === "string" ? given["label"] : null,
    default: given["default"] ?? undefined,
    hidden: toBoolean(given["hidden"] ?? false) === true,
    immutable: toBoolean(given["immutable"] ?? false) === true,
    tags: tags.map(toText),
    constraints: readConstraints(name, given["constraints"] ?? [], dialect),
  };
}

const CONSTRAINT_KEYS = [
  "description",
  "length",
  "range",
  "modulo",
  "allowed_values",
  "allowed_pattern",
  "custom_constraint",
];

function readConstraints(name: string, given: Json, dialect: Dialect): Constraint[] {
  if (!Array.isArray(given)) throw badSchema(`Invalid parameter constraints for parameter ${name}, expected a list`);
  return given.map((one) => {
    const map = checkKeys(one, CONSTRAINT_KEYS, "parameter constraints");
    const description = typeof map["description"] === "string" ? { description: map["description"] } : {};
    return { ...description, ...readConstraint(map, dialect) };
  });
}

function readBounds(value: Json, entity: string): { min?: number; max?: number } {
  const map = checkKeys(value, ["min", "max"], `${entity} constraint`);
  const number = (key: string): number | undefined => {
    if (map[key] === undefined || map[key] === null) return undefined;
    const found = toNumber(map[key]);
    if (found === undefined)
      throw new HeatError("ValueError", `could not convert string to float: '${toText(map[key])}'`);
    return found;
  };
  const [min, max] = [number("min"), number("max")];
  if (min === undefined && max === undefined) {
    throw badSchema(`A ${entity} constraint must have a min value and/or a max value specified.`);
  }
  return { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
}

function readConstraint(map: JsonMap, dialect: Dialect): Constraint {
  if (map["range"] !== undefined) return { kind: "range", ...readBounds(map["range"], "range") };
  if (map["length"] !== undefined) return { kind: "length", ...readBounds(map["length"], "length") };
  if (map["modulo"] !== undefined && dialect.hasModulo) {
    const { step, offset } = checkKeys(map["modulo"], ["step", "offset"], "modulo constraint");
    const [by, plus] = [toNumber(step ?? null), toNumber(offset ?? null)];
    if (by === undefined || plus === undefined) {
      throw badSchema("A modulo constraint must have a step value and an offset value specified.");
    }
    if (by === 0) throw badSchema("step cannot be 0.");
    return { kind: "modulo", step: by, offset: plus };
  }
  if (map["allowed_values"] !== undefined) {
    if (!Array.isArray(map["allowed_values"])) throw badSchema("AllowedValues must be a list");
    return { kind: "allowed_values", allowed: map["allowed_values"] };
  }
  if (map["allowed_pattern"] !== undefined) {
    if (typeof map["allowed_pattern"] !== "string") throw badSchema("AllowedPattern must be a string");
    return { kind: "allowed_pattern", pattern: map["allowed_pattern"] };
  }
  if (map["custom_constraint"] !== undefined) return { kind: "custom", name: toText(map["custom_constraint"]) };
  throw badSchema("No constraint expressed");
}

/** Which types each constraint may stand on. */
const VALID_TYPES: Readonly<Record<Constraint["kind"], readonly ParameterType[]>> = {
  range: ["number"],
  modulo: ["number"],
  length: ["string", "comma_delimited_list", "json"],
  allowed_values: ["string", "number", "boolean", "comma_delimited_list"],
  allowed_pattern: ["string"],
  custom: ["string", "number", "boolean", "comma_delimited_list"],
};

const CONSTRAINT_NAMES: Readonly<Record<Constraint["kind"], string>> = {
  range: "Range",
  modulo: "Modulo",
  length: "Length",
  allowed_values: "AllowedValues",
  allowed_pattern: "AllowedPattern",
  custom: "CustomConstraint",
};

/** The value as the template's functions see it. Throws the words against a value that is not of the type. */
function convert(schema: ParameterSchema, given: Json): Json {
  switch (schema.type) {
    case "string":
      return toText(given);
    case "number": {
      const number = toNumber(given);
      if (number === undefined) throw invalidStack(`could not convert string to float: '${toText(given)}'`);
      return number;
    }
    case "boolean": {
      const value = toBoolean(given);
      if (value === undefined) {
        throw invalidStack(
          `Unrecognized value '${toText(given)}', acceptable values are: '0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'`,
        );
      }
      return value;
    }
    case "comma_delimited_list":
      if (Array.isArray(given)) return given.map(toText);
      if (typeof given !== "string")
        throw invalidStack(
          `Value must be a comma-delimited list string: '${pythonType(given)}' object has no attribute 'split'`,
        );
      return given === "" ? [] : given.split(",");
    case "json":
      return toJson(given);
    default:
      return schema.type satisfies never;
  }
}

function toJson(given: Json): Json {
  if (typeof given !== "string") return given;
  if (given === "") return given;
  try {
    return JSON.parse(given) as Json;
  } catch (error) {
    // Not JSON: the user's mistake, told in the parser's words.
    throw invalidStack(`Value must be valid JSON: ${(error as Error).message}`);
  }
}

/** Raw values by name: what the user gave, and the environment's defaults. */
export interface GivenParameters {
  readonly values: Readonly<JsonMap>;
  readonly defaults: Readonly<JsonMap>;
}

export const rawValue = (schema: ParameterSchema, given: GivenParameters): Json | undefined =>
  given.values[schema.name] ?? given.defaults[schema.name] ?? schema.default;

/** The value of one parameter; undefined when none was given and there is no default. */
export function parameterValue(schema: ParameterSchema, given: GivenParameters): Json | undefined {
  const raw = rawValue(schema, given);
  return raw === undefined ? undefined : convert(schema, raw);
}

function checkSchema(schema: ParameterSchema): void {
  for (const one of schema.constraints) {
    if (!VALID_TYPES[one.kind].includes(schema.type)) {
      throw badSchema(
        `Parameter '${schema.name}' is invalid: ${CONSTRAINT_NAMES[one.kind]} constraint invalid for ${schema.type}`,
      );
    }
  }
  if (schema.default === undefined) return;
  const plain = schema.constraints.filter((one) => one.kind !== "custom");
  const found = checkConstraints(plain, convert(schema, schema.default), VALUE_TYPES[schema.type], () => undefined);
  if (found !== undefined) {
    throw badSchema(`Parameter '${schema.name}' is invalid: Invalid default ${toText(schema.default)} (${found})`);
  }
}

/** Refuses unknown, missing and unfit values. Without `values`, only the schemas are looked at (template-validate). */
export function checkParameters(
  schemas: readonly ParameterSchema[],
  given: GivenParameters,
  custom: CustomCheck,
  options: { values: boolean } = { values: true },
): void {
  for (const name of Object.keys(given.values)) {
    if (!schemas.some((one) => one.name === name)) {
      throw new HeatError("UnknownUserParameter", `The Parameter (${name}) was not defined in template.`);
    }
  }
  for (const schema of schemas) {
    try {
      checkSchema(schema);
      if (options.values) checkValue(schema, given, custom);
    } catch (error) {
      if (!(error instanceof HeatError) || error.type !== "StackValidationFailed") throw error;
      throw invalidStack(`Parameter '${schema.name}' is invalid: ${error.detail}`);
    }
  }
}

/** Constraints of lists and JSON are held against what was read from the text, those of the others against the text itself. */
function checkValue(schema: ParameterSchema, given: GivenParameters, custom: CustomCheck): void {
  const raw = rawValue(schema, given);
  if (raw === undefined)
    throw new HeatError("UserParameterMissing", `The Parameter (${schema.name}) was not provided.`);
  const value = convert(schema, raw);
  const held = schema.type === "comma_delimited_list" || schema.type === "json" ? value : raw;
  const found = checkConstraints(schema.constraints, held, VALUE_TYPES[schema.type], custom);
  if (found !== undefined) throw invalidStack(found);
}

/** The parameter as a stack shows it: hidden ones masked, all as text. */
export function parameterText(schema: ParameterSchema, given: GivenParameters): string {
  if (schema.hidden) return "******";
  const value = parameterValue(schema, given);
  if (value === undefined) return "None";
  if (schema.type === "comma_delimited_list" && Array.isArray(value)) return value.map(toText).join(",");
  return schema.type === "json" ? dumpUnsorted(value) : toText(value);
}

/** As Python's json.dumps without sorting. */
function dumpUnsorted(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(dumpUnsorted).join(", ")}]`;
  if (!isMap(value)) return dump(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${dump(key)}: ${dumpUnsorted(item)}`)
    .join(", ")}}`;
}

/** Names of the immutable parameters that the new values would change. */
export function changedImmutables(
  before: { schemas: readonly ParameterSchema[]; given: GivenParameters },
  after: { schemas: readonly ParameterSchema[]; given: GivenParameters },
): string[] {
  return after.schemas
    .filter((schema) => {
      const old = before.schemas.find((one) => one.name === schema.name);
      if (!old || !schema.immutable) return false;
      return !isEqual(parameterValue(old, before.given), parameterValue(schema, after.given));
    })
    .map((schema) => schema.name);
}
