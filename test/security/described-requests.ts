/**
 * Requests out of the API's own description: what a schema allows, and what lies just beyond it. So a new route is tried
 * with its own names, words and bounds by itself. What is worse than wrong stands in hostile-requests.ts.
 */
import { templateOf } from "@jeroboam/api/description/document";
import type { Route } from "@jeroboam/api/route";
import type { Json, JsonObject } from "@jeroboam/core/json";
import * as fc from "fast-check";
import { DESCRIPTION } from "../conformance/described.ts";

export interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly Json[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly propertyNames?: Schema;
  readonly maxProperties?: number;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface DescribedParameter {
  readonly name: string;
  readonly in: "query" | "header" | "path";
  readonly schema: Schema;
}

export interface DescribedRequest {
  readonly query: readonly DescribedParameter[];
  readonly headers: readonly DescribedParameter[];
  /** Of the body; absent: none is read. */
  readonly body: Schema | undefined;
}

interface Operation {
  readonly parameters: readonly (DescribedParameter | { readonly $ref: string })[];
  readonly requestBody?: { readonly content: { readonly "application/json": { readonly schema: Schema } } };
}

/** What the description says that a route reads. */
export function describedRequest({ method, path }: Pick<Route, "method" | "path">): DescribedRequest {
  const operation = at(["paths", templateOf(path), method.toLowerCase()]) as unknown as Operation;
  const parameters = operation.parameters.map((parameter) =>
    "$ref" in parameter ? (at(parameter.$ref.split("/").slice(1)) as unknown as DescribedParameter) : parameter,
  );
  return {
    query: parameters.filter((parameter) => parameter.in === "query"),
    headers: parameters.filter((parameter) => parameter.in === "header"),
    body: operation.requestBody?.content["application/json"].schema,
  };
}

function at(places: readonly string[]): JsonObject {
  const found = places.reduce<Json | undefined>(
    (holder, place) => (holder as JsonObject | undefined)?.[place],
    DESCRIPTION,
  );
  if (found === undefined) throw new Error(`the description has no ${places.join(" ")}`);
  return found as JsonObject;
}

/** Texts are tried up to this length, and at their bound when it is not far beyond. */
const TEXT_CHARS = 40;
const MOST_CHARS = 5_000;
const MOST_ITEMS = 4;

/** Values of a schema, at its bounds, and just beyond them. */
export function valuesOf(schema: Schema): fc.Arbitrary<Json> {
  if (schema.enum) return fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...schema.enum) }, anything);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(valuesOf));
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? []);
  return types.length === 0 ? anything : fc.oneof(...types.map((type) => valuesOfType(type, schema)));
}

const anything = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;

function valuesOfType(type: string, schema: Schema): fc.Arbitrary<Json> {
  switch (type) {
    case "string":
      return textsOf(schema);
    case "integer":
      return integersOf(schema);
    case "number":
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(valuesOf(schema.items ?? {}), { maxLength: Math.min(schema.maxItems ?? MOST_ITEMS, MOST_ITEMS) });
    case "object":
      return objectsOf(schema);
    default:
      throw new Error(`no values of type ${type} are made here`);
  }
}

function textsOf({ format, pattern, minLength = 0, maxLength = TEXT_CHARS }: Schema): fc.Arbitrary<string> {
  if (format === "uuid") return fc.oneof(fc.uuid(), fc.string({ maxLength: 37 }));
  if (pattern !== undefined) return fc.oneof(fc.stringMatching(new RegExp(pattern)), fc.string());
  const usual = fc.string({
    unit: "grapheme",
    minLength,
    maxLength: Math.max(minLength, Math.min(maxLength, TEXT_CHARS)),
  });
  const bounds = [minLength - 1, maxLength, maxLength + 1].filter((length) => length >= 0 && length <= MOST_CHARS);
  return fc.oneof(
    { weight: 4, arbitrary: usual },
    ...bounds.map((length) => ({
      weight: 1,
      arbitrary: fc.constantFrom("x", "\u{1f37e}").map((one) => one.repeat(length)),
    })),
  );
}

function integersOf({ minimum = -2_147_483_648, maximum = 2_147_483_647 }: Schema): fc.Arbitrary<number> {
  return fc.oneof(
    fc.integer({ min: minimum, max: Math.min(maximum, minimum + 20) }),
    fc.constantFrom(minimum, maximum, minimum - 1, maximum + 1, minimum + 0.5),
  );
}

function objectsOf(schema: Schema): fc.Arbitrary<Json> {
  const { properties = {}, required = [], additionalProperties, propertyNames = {} } = schema;
  const named = fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, valuesOf(property)])),
    { requiredKeys: [...required] },
  );
  if (typeof additionalProperties !== "object") return named;
  const names = textsOf(propertyNames);
  return fc.dictionary(names, valuesOf(additionalProperties), { maxKeys: MOST_ITEMS });
}

/** A value as it stands where there are only texts. */
const wordOf = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value));

/** A query's arguments, by their own names and each by its schema. */
export function queriesOf(parameters: readonly DescribedParameter[]): fc.Arbitrary<string> {
  const pairs = parameters.map(({ name, schema }) =>
    valuesOf(schema).map((value) => `${name}=${encodeURIComponent(wordOf(value).toWellFormed())}`),
  );
  return fc.array(fc.oneof(...pairs), { minLength: 1, maxLength: 3 }).map((all) => all.join("&"));
}

/** Headers by their own names; what no header may hold does not get to anybody. */
export function headersOf(parameters: readonly DescribedParameter[]): fc.Arbitrary<Readonly<Record<string, string>>> {
  const pairs = parameters.map(({ name, schema }) =>
    valuesOf(schema).map((value) => ({ [name]: wordOf(value).replaceAll(/[^\t\x20-\x7e]/g, "?") })),
  );
  return fc.oneof(...pairs);
}
