/**
 * Reads a body's object by a resource's attributes, with Magnum's refusals: unknown, read-only and missing attributes
 * are named (bay-era sheet 1.3, cluster sheet 6.1). What the values mean is left to the resource.
 */
import { Rejected } from "@jeroboam/core/errors";
import type { Json, JsonObject } from "@jeroboam/core/json";
import type { z } from "zod";

export interface AttributeSet<Schema extends z.ZodObject> {
  /** What Magnum calls the argument. */
  readonly argument: string;
  /** Its keys are the attributes that a caller may set. */
  readonly schema: Schema;
  /** Refused when they are sent. */
  readonly readOnly: readonly string[];
  /** Taken and overwritten. */
  readonly ignored?: readonly string[];
  /** Attributes whose null is not the same as their absence. */
  readonly keepsNull?: readonly string[];
}

const SHOWN_CHARS = 100;

export function readAttributes<Schema extends z.ZodObject>(
  set: AttributeSet<Schema>,
  given: Json | undefined,
): z.output<Schema> {
  const { argument, schema } = set;
  if (given === undefined || given === null) throw new Rejected(400, `Missing argument: "${argument}"`);
  const cleaned = clean(set, requireObject(argument, given));
  const read = schema.safeParse(cleaned);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const [name] = issue?.path ?? [];
  const attribute = String(name ?? argument);
  if (!(attribute in cleaned))
    throw new Rejected(400, `Invalid input for field/attribute ${attribute}. Mandatory field missing.`);
  throw invalid(issue?.path.join("/") ?? argument, cleaned[attribute], issue?.message ?? "Value is not valid");
}

/** The refusal of a value; its title names the attribute. */
export function invalid(attribute: string, value: Json | undefined, message: string): Rejected {
  const shown = (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).slice(0, SHOWN_CHARS);
  return new Rejected(
    400,
    `Invalid input for field/attribute ${attribute.slice(0, SHOWN_CHARS)}. Value: '${shown}'. ${message}`,
  );
}

function requireObject(argument: string, given: Json): JsonObject {
  if (given !== null && typeof given === "object" && !Array.isArray(given)) return given;
  throw invalid(argument, given, "Value should be an object");
}

/** What says nothing is left out: null, and the empty text that magnum-ui sends (a name is not to be empty, though). */
function clean<Schema extends z.ZodObject>(set: AttributeSet<Schema>, given: JsonObject): JsonObject {
  const cleaned: JsonObject = {};
  for (const [name, value] of Object.entries(given)) {
    if (set.readOnly.includes(name))
      throw new Rejected(400, `Invalid input for field/attribute ${name}. Cannot set read only field.`);
    if (set.ignored?.includes(name)) continue;
    if (!Object.hasOwn(set.schema.shape, name))
      throw new Rejected(400, `Unknown attribute for argument ${set.argument}: ${name.slice(0, SHOWN_CHARS)}`);
    if (value === null && !set.keepsNull?.includes(name)) continue;
    if (value === "" && name !== "name") continue;
    cleaned[name] = value;
  }
  return cleaned;
}
