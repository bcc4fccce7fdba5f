/** The constraints that parameters and properties share: what they say of a value, in heat's words. */
import type { Json } from "../../json.ts";
import { dump, isEqual, isMap, toText } from "../../json.ts";

export type ValueType = "string" | "number" | "integer" | "list" | "map" | "boolean" | "any";

export type Constraint = { description?: string } & (
  | { kind: "range"; min?: number; max?: number }
  | { kind: "length"; min?: number; max?: number }
  | { kind: "modulo"; step: number; offset: number }
  | { kind: "allowed_values"; allowed: readonly Json[] }
  | { kind: "allowed_pattern"; pattern: string }
  | { kind: "custom"; name: string }
);

/** What a custom constraint (`nova.flavor`) says against a value; undefined when it has nothing against it. */
export type CustomCheck = (name: string, value: Json) => string | undefined;

export const toNumber = (value: Json): number | undefined => {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value !== "string" || !/^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(value)) return undefined;
  return Number(value);
};

/** The booleans that oslo's strict bool_from_string knows. */
export function toBoolean(value: Json): boolean | undefined {
  const text = toText(value).trim().toLowerCase();
  if (["1", "t", "true", "on", "y", "yes"].includes(text)) return true;
  return ["0", "f", "false", "off", "n", "no"].includes(text) ? false : undefined;
}

const bounds = (one: { min?: number; max?: number }): string =>
  `(min: ${one.min ?? "None"}, max: ${one.max ?? "None"})`;

const isWithin = (size: number, one: { min?: number; max?: number }): boolean =>
  (one.min === undefined || size >= one.min) && (one.max === undefined || size <= one.max);

const sizeOf = (value: Json): number => {
  if (typeof value === "string") return Array.from(value).length;
  if (Array.isArray(value)) return value.length;
  return isMap(value) ? Object.keys(value).length : 0;
};

function isAllowed(value: Json, allowed: readonly Json[], type: ValueType): boolean {
  if (Array.isArray(value)) return value.every((item) => allowed.some((one) => isEqual(one, item)));
  return allowed.some((one) => isEqual(normal(one, type), normal(value, type)));
}

function normal(value: Json, type: ValueType): Json {
  switch (type) {
    case "string":
      return toText(value);
    case "boolean":
      return toBoolean(value) ?? value;
    case "number":
    case "integer":
      return toNumber(value) ?? value;
    case "list":
    case "map":
    case "any":
      return value;
    default:
      return type satisfies never;
  }
}

/** A pattern of Python's `re`, matched against the whole value. Named groups and flags of Python's own are not translated. */
function isMatch(pattern: string, value: string): boolean {
  return new RegExp(`^(?:${pattern})$`).test(value);
}

/** The complaint about the value; undefined when the constraint holds. */
function complaint(one: Constraint, value: Json, type: ValueType, custom: CustomCheck): string | undefined {
  switch (one.kind) {
    case "range": {
      const number = toNumber(value);
      return number !== undefined && isWithin(number, one)
        ? undefined
        : `${toText(value)} is out of range ${bounds(one)}`;
    }
    case "length": {
      const size = sizeOf(value);
      return isWithin(size, one) ? undefined : `length (${size}) is out of range ${bounds(one)}`;
    }
    case "modulo": {
      const number = toNumber(value) ?? Number.NaN;
      return ((number % one.step) + one.step) % one.step === one.offset
        ? undefined
        : `${toText(value)} is not a multiple of ${one.step} with an offset of ${one.offset}`;
    }
    case "allowed_values":
      return isAllowed(value, one.allowed, type)
        ? undefined
        : `${dump(value)} is not an allowed value [${one.allowed.map(dump).join(", ")}]`;
    case "allowed_pattern":
      return isMatch(one.pattern, toText(value))
        ? undefined
        : `"${toText(value)}" does not match pattern "${one.pattern}"`;
    case "custom":
      return custom(one.name, value);
    default:
      return one satisfies never;
  }
}

/** The first complaint of the constraints; a constraint's own description stands in for the complaint. */
export function checkConstraints(
  constraints: readonly Constraint[],
  value: Json,
  type: ValueType,
  custom: CustomCheck,
): string | undefined {
  for (const one of constraints) {
    const found = complaint(one, value, type, custom);
    if (found !== undefined) return one.description ?? found;
  }
  return undefined;
}
