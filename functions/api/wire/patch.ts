/**
 * Magnum's dialect of JSON patch (cluster sheet 9, bay-era sheet 1.13): add, replace and remove of an attribute, or of
 * one entry of a dict. Wider than Magnum's where no client relies on the refusal (cluster sheet 32): false and 0 are
 * values, dicts may be objects, and the keys of dicts may hold dots and, as `~1`, slashes. The outcome is checked by the
 * resource's attributes, as a new one's body is; a removed attribute becomes its default by that.
 */
import { Rejected } from "@jeroboam/core/errors";
import type { Json, JsonObject } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import { invalid } from "./attributes.ts";
import { readPythonDict, readPythonList } from "./python-literal.ts";
import { describeBody } from "./reader.ts";

export interface PatchRules {
  /** Attributes that no patch may touch. */
  readonly internal: readonly string[];
  /** Attributes that may change, not go. */
  readonly mandatory: readonly string[];
  /** Attributes that are dicts: sent whole as an object or as the text of a Python dict, or entry by entry. */
  readonly dicts: readonly string[];
  /** Attributes that are lists of objects: sent whole, as a list or as the text of one. */
  readonly lists?: readonly string[];
}

export interface PatchOperation {
  readonly op: "add" | "replace" | "remove";
  readonly attribute: string;
  /** The entry of a dict. */
  readonly entry: string | undefined;
  readonly value: Json;
}

/** Internal to every resource. */
export const COMMON_INTERNAL = ["created_at", "id", "links", "updated_at", "uuid", "project_id", "user_id"] as const;

/** A reader of patches by these rules. */
export function patchReader(rules: PatchRules) {
  return describeBody({ kind: "patch", rules }, (given: Json | undefined) => readPatch(rules, given));
}

/** The operations in a body; what may be said of them without the record is said here, before it is looked for. */
export function readPatch(rules: PatchRules, given: Json | undefined): readonly PatchOperation[] {
  if (given === undefined) throw new Rejected(400, 'Missing argument: "patch"');
  if (!Array.isArray(given)) throw invalid("patch", given, "Value should be a list of operations");
  if (given.length > limits.api.patchOperations)
    throw new Rejected(400, `A patch has at most ${limits.api.patchOperations} operations`);
  return given.map((item) => readOperation(rules, item));
}

function readOperation(rules: PatchRules, item: Json): PatchOperation {
  if (item === null || typeof item !== "object" || Array.isArray(item))
    throw invalid("patch", item, "Each operation should be an object");
  const { op, path, value = null, ...rest } = item;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new Rejected(400, `Unknown attribute for argument patch: ${unknown.slice(0, 100)}`);
  if (op !== "add" && op !== "replace" && op !== "remove")
    throw invalid("op", op, "Value should be one of: add, replace, remove");
  if (typeof path !== "string" || !/^(?:\/[^/]+){1,2}$/.test(path))
    throw invalid("path", path, "Value should name an attribute, or an entry of one");
  const [attribute = "", entry] = path.slice(1).split("/").map(unescape);
  if (rules.internal.includes(attribute))
    throw new Rejected(400, `'${path}' is an internal attribute and can not be updated`);
  if (op === "remove" && entry === undefined && rules.mandatory.includes(attribute))
    throw new Rejected(400, `'${path}' is a mandatory attribute and can not be removed`);
  return { op, attribute, entry, value: op === "remove" ? null : readValue(rules, path, attribute, entry, value) };
}

function readValue(rules: PatchRules, path: string, attribute: string, entry: string | undefined, value: Json): Json {
  if (value === null) throw new Rejected(400, `'add' and 'replace' operations need a value (${path})`);
  if (entry === undefined && rules.lists?.includes(attribute)) {
    const list = typeof value === "string" ? readPythonList(value) : value;
    if (!Array.isArray(list)) throw invalid(path, value, "Value should be a list of objects, or the text of one");
    return list;
  }
  if (entry !== undefined || !rules.dicts.includes(attribute)) {
    const isScalar = typeof value === "string" || typeof value === "boolean" || Number.isInteger(value);
    if (!isScalar) throw invalid(path, value, "Value should be text, an integer or a boolean");
    return value;
  }
  const dict = typeof value === "string" ? readPythonDict(value) : value;
  if (dict === undefined || dict === null || typeof dict !== "object" || Array.isArray(dict))
    throw invalid(path, value, "Value should be an object, or the text of one");
  return dict;
}

/** `~1` is a slash and `~0` a tilde (RFC 6901). */
function unescape(segment: string): string {
  return segment.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** The document after the operations, in their order; all of them, or a refusal. */
export function applyPatch(document: JsonObject, operations: readonly PatchOperation[]): JsonObject {
  const patched = structuredClone(document);
  for (const operation of operations) {
    const { attribute, entry } = operation;
    if (!Object.hasOwn(patched, attribute))
      throw new Rejected(400, `Attribute '${attribute.slice(0, 100)}' does not exist`);
    if (entry === undefined) changeAttribute(patched, operation);
    else changeEntry(patched, { ...operation, entry });
  }
  return patched;
}

function changeAttribute(patched: JsonObject, { op, attribute, value }: PatchOperation): void {
  const present = patched[attribute];
  if (op === "add" && present !== null && !isEmptyDict(present))
    throw new Rejected(400, `Attribute '${attribute}' has a value already, please use replace instead`);
  patched[attribute] = value;
}

/** A dict that is not set is an empty one to us. */
function isEmptyDict(value: Json | undefined): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function changeEntry(patched: JsonObject, operation: PatchOperation & { readonly entry: string }): void {
  const { op, attribute, entry, value } = operation;
  const dict = patched[attribute];
  if (dict === null || typeof dict !== "object" || Array.isArray(dict))
    throw new Rejected(400, `Attribute '${attribute}' has no entries`);
  if (op !== "add" && !Object.hasOwn(dict, entry))
    throw new Rejected(400, `Couldn't apply patch: '${attribute}' has no entry '${entry.slice(0, 100)}'`);
  const { [entry]: _replaced, ...others } = dict;
  // An own property whatever its name: `__proto__` is a label like any other.
  patched[attribute] = op === "remove" ? others : Object.fromEntries([...Object.entries(others), [entry, value]]);
}
