/**
 * Resolves a snippet of a template to a value: walks it, and where it finds a map of one key that is a function of the template's version,
 * puts the function's result in its place. The functions themselves stand in functions.ts (those of values) and below (those of the scope).
 * Heat's order is kept: arguments first, but for `if`, which looks only at the branch that is taken.
 */
import type { Json, JsonMap } from "../../json.ts";
import { isEqual, isMap, toText } from "../../json.ts";
import { HeatError, invalidStack } from "../faults.ts";
import type { Dialect, FunctionName } from "./dialects.ts";
import { FunctionError, valueFunctions } from "./functions.ts";

/** What a snippet can see. `undefined` from `attribute` and `reference` means that there is no such resource. */
export interface Scope {
  readonly dialect: Dialect;
  parameter(name: string): Json | undefined;
  /** The resource's reference id: its name as long as it is not there. */
  reference(resource: string): Json | undefined;
  /** The attribute's value, null as long as the resource is not there; `attribute` null asks for all of them. */
  attribute(resource: string, attribute: string | null, path: readonly Json[]): Json | undefined;
  file(key: string): string | undefined;
  isEnabled(condition: string): boolean;
}

const misuse = (message: string): FunctionError => new FunctionError(message, true);

type Path = readonly (string | number)[];

/** An `if` without a third argument that is not taken: whatever holds it is as if it were not written. */
const OMITTED = Symbol("omitted");
type Value = Json | typeof OMITTED;

export function evaluate(snippet: Json, scope: Scope, path: Path = []): Json {
  const value = walk(snippet, scope, scope.dialect.functions, path);
  return value === OMITTED ? null : value;
}

/** A condition's definition, or the condition of a resource or an output: a name, a boolean or a condition function. */
export function evaluateCondition(snippet: Json, scope: Scope, path: Path): boolean {
  const functions: Record<string, FunctionName> = {};
  for (const [name, kind] of Object.entries(scope.dialect.functions))
    functions[name] = kind === "removed" ? kind : "out_of_place";
  Object.assign(functions, scope.dialect.conditionFunctions);
  try {
    const value = walk(snippet, scope, functions, path);
    return toCondition(value === OMITTED ? null : value, scope);
  } catch (error) {
    throw error instanceof FunctionError ? invalidStack(error.message, path) : error;
  }
}

function toCondition(value: Json, scope: Scope): boolean {
  if (typeof value === "boolean") return value;
  if (typeof value === "string") return scope.isEnabled(value);
  throw misuse(`Invalid condition "${toText(value)}"`);
}

function walk(snippet: Json, scope: Scope, functions: Readonly<Record<string, FunctionName>>, path: Path): Value {
  if (Array.isArray(snippet)) {
    const items = snippet.map((item, index) => walk(item, scope, functions, [...path, index]));
    return items.filter((item) => item !== OMITTED);
  }
  if (!isMap(snippet)) return snippet;
  const entries = Object.entries(snippet);
  const [only] = entries;
  if (entries.length === 1 && only) {
    const kind = Object.hasOwn(functions, only[0]) ? functions[only[0]] : undefined;
    if (kind !== undefined) return call(kind, only[0], only[1], scope, functions, [...path, only[0]]);
  }
  const result: JsonMap = {};
  for (const [key, item] of entries) {
    const value = walk(item, scope, functions, [...path, key]);
    if (value !== OMITTED) result[key] = value;
  }
  return result;
}

function call(
  kind: FunctionName,
  name: string,
  raw: Json,
  scope: Scope,
  functions: Readonly<Record<string, FunctionName>>,
  path: Path,
): Value {
  try {
    if (kind === "if" || kind === "if_nullable") return takeBranch(kind, name, raw, scope, functions, path);
    const inner = walk(raw, scope, functions, path);
    return apply(kind, name, inner === OMITTED ? null : inner, scope, path);
  } catch (error) {
    throw placed(error, path);
  }
}

/** What a function has against its arguments, told once, with the place: of the function for their form, of the property for their values. */
function placed(error: unknown, path: Path): unknown {
  const isValue = error instanceof HeatError && error.type === "UserParameterMissing" && path[2] === "properties";
  if (error instanceof FunctionError && error.isMisuse) return invalidStack(error.message, path);
  if (!isValue && !(error instanceof FunctionError)) return error;
  if (path[2] === "properties") return invalidStack(error.message, path.slice(0, 4), "Property error");
  return new HeatError("ValueError", error.message);
}

function takeBranch(
  kind: "if" | "if_nullable",
  name: string,
  raw: Json,
  scope: Scope,
  functions: Readonly<Record<string, FunctionName>>,
  path: Path,
): Value {
  const isWhole = Array.isArray(raw) && (raw.length === 3 || (kind === "if_nullable" && raw.length === 2));
  if (!isWhole) {
    throw misuse(`Arguments to "${name}" must be of the form: [condition_name, value_if_true, value_if_false]`);
  }
  const isTaken = evaluateCondition(raw[0] ?? null, scope, path);
  if (isTaken) return walk(raw[1] ?? null, scope, functions, [...path, 1]);
  return raw.length === 2 ? OMITTED : walk(raw[2] ?? null, scope, functions, [...path, 2]);
}

function apply(kind: FunctionName, name: string, args: Json, scope: Scope, path: Path): Json {
  switch (kind) {
    case "get_param":
      return getParam(name, args, scope);
    case "get_resource":
      return getResource(name, args, scope, path);
    case "get_attr":
    case "get_attr_or_all":
    case "get_attr_then_select":
      return getAttribute(kind, name, args, scope, path);
    case "get_file":
      return getFile(name, args, scope);
    case "and":
    case "or":
      return combine(kind, name, args, scope);
    case "not":
      if (args === null) throw misuse(`Argument to "${name}" must be a condition`);
      return !toCondition(args, scope);
    case "equals":
      if (!Array.isArray(args) || args.length !== 2) {
        throw misuse(`Arguments to "${name}" must be of the form: [value_1, value_2]`);
      }
      return isEqual(args[0], args[1]);
    case "removed":
      throw misuse(`The template version is invalid: The function ${name} is not supported in this version of HOT.`);
    case "out_of_place":
      throw misuse(`The function "${name}" is invalid in this context`);
    case "unsupported":
      throw misuse(`The function ${name} is not supported by this sandbox.`);
    case "if":
    case "if_nullable":
      throw new Error("a macro is applied before its arguments are resolved");
    default:
      return valueFunctions[kind](name, args);
  }
}

function getParam(name: string, args: Json, scope: Scope): Json {
  const [parameter, ...path] = Array.isArray(args) ? args : [args];
  if (parameter === undefined || args === null || args === "") {
    throw new FunctionError(`Function "${name}" must have arguments`);
  }
  if (typeof parameter !== "string") throw new FunctionError(`Parameter name in "${name}" must be string`);
  const value = scope.parameter(parameter);
  if (value === undefined) {
    throw new HeatError("UserParameterMissing", `The Parameter (${parameter}) was not provided.`);
  }
  return path.length === 0 ? value : (select(value, path) ?? "");
}

/** The value at the end of a path through maps and lists; undefined where the path leaves them. */
export function select(value: Json, path: readonly Json[]): Json | undefined {
  let here: Json | undefined = value;
  for (const key of path) {
    if (Array.isArray(here)) here = here.at(Number(key));
    else if (typeof here === "string") here = here.at(Number(key));
    else if (isMap(here)) here = Object.hasOwn(here, toText(key)) ? here[toText(key)] : undefined;
    else return undefined;
  }
  return here;
}

const badReference = (resource: Json, path: Path): HeatError =>
  new HeatError(
    "InvalidTemplateReference",
    `The specified reference "${toText(resource)}" (in ${path.slice(0, -1).join(".") || "unknown"}) is incorrect.`,
  );

function getResource(name: string, args: Json, scope: Scope, path: Path): Json {
  if (typeof args !== "string") throw new FunctionError(`Argument to "${name}" must be a string`);
  const parameter = name === "Ref" ? scope.parameter(args) : undefined;
  const value = scope.reference(args) ?? parameter;
  if (value === undefined) throw badReference(args, path);
  return value;
}

function getAttribute(kind: FunctionName, name: string, args: Json, scope: Scope, path: Path): Json {
  const allowsAll = kind === "get_attr_or_all";
  if (!Array.isArray(args)) throw misuse(`Argument to "${name}" must be a list`);
  const [resource, attribute, ...rest] = args;
  if (resource === undefined || (attribute === undefined && !allowsAll)) {
    throw misuse(
      allowsAll
        ? `Arguments to "${name}" can be of the next forms: [resource_name] or [resource_name, attribute, (path), ...]`
        : `Arguments to "${name}" must be of the form [resource_name, attribute, (path), ...]`,
    );
  }
  if (typeof resource !== "string") throw badReference(resource, path);
  if (attribute === undefined) {
    const all = scope.attribute(resource, null, []);
    if (all === undefined) throw badReference(resource, path);
    return all;
  }
  const isSelectedAfter = kind === "get_attr_then_select";
  const value = scope.attribute(resource, toText(attribute), isSelectedAfter ? [] : rest);
  if (value === undefined) throw badReference(resource, path);
  return isSelectedAfter && value !== null ? (select(value, rest) ?? null) : value;
}

function getFile(name: string, args: Json, scope: Scope): Json {
  if (typeof args !== "string") throw new FunctionError(`Argument to "${name}" must be a string`);
  const file = scope.file(args);
  if (file === undefined) throw new FunctionError(`No content found in the "files" section for ${name} path: ${args}`);
  return file;
}

function combine(kind: "and" | "or", name: string, args: Json, scope: Scope): boolean {
  if (!Array.isArray(args)) throw misuse(`Arguments to "${name}" must be a list of conditions`);
  if (args.length < 2) throw misuse(`The minimum number of condition arguments to "${name}" is 2.`);
  return kind === "and" ? args.every((one) => toCondition(one, scope)) : args.some((one) => toCondition(one, scope));
}
