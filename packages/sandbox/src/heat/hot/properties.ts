/** Property schemas of resource types, and values held against them: conversion, defaults and refusals in heat's words. */
import type { Json, JsonMap } from "../../json.ts";
import { isMap, toText } from "../../json.ts";
import { HeatError, invalidStack } from "../faults.ts";
import { checkConstraints, toNumber } from "./constraints.ts";
import type { Constraint, CustomCheck, ValueType } from "./constraints.ts";

export interface PropertySchema {
  readonly type: ValueType;
  readonly required?: boolean;
  readonly default?: Json;
  readonly constraints?: readonly Constraint[];
  /** Whether a change is made in place; otherwise it replaces the resource. */
  readonly updatable?: boolean;
  /** Of a list: its items'. */
  readonly items?: PropertySchema;
  /** Of a map: its keys'. Without it any map will do. */
  readonly keys?: Readonly<Record<string, PropertySchema>>;
  /** An older name of this property, whose value is taken when this one is not given. */
  readonly formerly?: string;
  /** Whether a text is taken for a list or a map, as the parameters of a template used as a type take it. */
  readonly lenient?: boolean;
}

export type PropertySchemas = Readonly<Record<string, PropertySchema>>;

export interface PropertyChecks {
  readonly custom: CustomCheck;
  /** Whether the value of that top-level property is not final yet, so that its constraints must wait. */
  readonly isPending?: (property: string) => boolean;
}

/** The resolved values of all properties by name; null for those neither given nor defaulted. */
export function readProperties(
  schemas: PropertySchemas,
  given: Readonly<JsonMap>,
  path: readonly (string | number)[],
  checks: PropertyChecks,
): JsonMap {
  for (const key of Object.keys(given)) {
    if (!isKnown(schemas, key)) throw invalidStack(`Unknown Property ${key}`, path, "Property error");
  }
  const values: JsonMap = {};
  for (const [name, schema] of Object.entries(schemas)) {
    const source = sourceOf(name, schema, given);
    const isPending = source !== undefined && checks.isPending?.(source) === true;
    try {
      values[name] = valueOf(schema, source === undefined ? undefined : given[source], name, checks.custom, isPending);
    } catch (error) {
      if (!(error instanceof HeatError) || error.type !== "StackValidationFailed") throw error;
      // A property that was not given has no place to point at (heat leaves it out as well).
      const here = source === undefined ? [] : [name];
      throw invalidStack(
        error.detail,
        [...path, ...here, ...error.path],
        error.error === "" ? "Property error" : error.error,
      );
    }
  }
  return values;
}

/** A property of that name, or one that had that name once. */
export const isKnown = (schemas: PropertySchemas, name: string): boolean =>
  Object.hasOwn(schemas, name) || Object.values(schemas).some((one) => one.formerly === name);

/** The name under which the value was given: the property's own or its former one. */
function sourceOf(name: string, schema: PropertySchema, given: Readonly<JsonMap>): string | undefined {
  if (Object.hasOwn(given, name)) return name;
  return schema.formerly !== undefined && Object.hasOwn(given, schema.formerly) ? schema.formerly : undefined;
}

function valueOf(
  schema: PropertySchema,
  given: Json | undefined,
  name: string,
  custom: CustomCheck,
  isPending: boolean,
): Json {
  if (given === undefined && schema.default === undefined) {
    if (schema.required === true) throw invalidStack(`Property ${name} not assigned`);
    return null;
  }
  const value = convert(schema, given ?? null, custom, isPending);
  if (isPending || schema.constraints === undefined) return value;
  const found = checkConstraints(schema.constraints, value, schema.type, custom);
  if (found !== undefined) throw invalidStack(found);
  return value;
}

/** A given null stands for the default, or for the type's empty value. */
function convert(schema: PropertySchema, given: Json, custom: CustomCheck, isPending: boolean): Json {
  const value = given ?? schema.default ?? null;
  switch (schema.type) {
    case "string":
      if (value === null) return "";
      if (typeof value === "object" || (typeof value === "number" && !Number.isInteger(value))) {
        throw invalidStack(`Value must be a string; got ${toText(value)}`);
      }
      return toText(value);
    case "integer": {
      const number = value === null ? 0 : toNumber(value);
      if (number === undefined || (typeof value === "string" && !Number.isInteger(number))) {
        throw invalidStack(`Value '${toText(value)}' is not an integer`);
      }
      return Math.trunc(number);
    }
    case "number": {
      const number = value === null ? 0 : toNumber(value);
      if (number === undefined) throw invalidStack(`could not convert string to float: '${toText(value)}'`);
      return number;
    }
    case "boolean":
      if (value === null) return false;
      if (typeof value === "boolean") return value;
      if (typeof value === "string" && ["true", "false"].includes(value.toLowerCase())) {
        return value.toLowerCase() === "true";
      }
      throw invalidStack(`"${toText(value)}" is not a valid boolean`);
    case "list":
      return convertList(schema, value ?? [], custom, isPending);
    case "map":
      return convertMap(schema, value ?? {}, custom, isPending);
    case "any":
      return value;
    default:
      return schema.type satisfies never;
  }
}

function convertList(schema: PropertySchema, value: Json, custom: CustomCheck, isPending: boolean): Json {
  const list = schema.lenient === true && typeof value === "string" ? splitList(value) : value;
  if (!Array.isArray(list)) throw invalidStack(`"${toText(value)}" is not a list`);
  const { items } = schema;
  if (!items) return list;
  return list.map((item, index) => at([index], () => valueOf(items, item, String(index), custom, isPending)));
}

const splitList = (text: string): Json[] => (text === "" ? [] : text.split(","));

function convertMap(schema: PropertySchema, value: Json, custom: CustomCheck, isPending: boolean): Json {
  if (schema.lenient === true && typeof value !== "object") return value;
  if (schema.lenient === true && Array.isArray(value)) return value;
  if (!isMap(value)) throw invalidStack(`"${toText(value)}" is not a map`);
  const { keys } = schema;
  if (!keys) return value;
  for (const key of Object.keys(value)) if (!isKnown(keys, key)) throw invalidStack(`Unknown Property ${key}`);
  const result: JsonMap = {};
  for (const [name, inner] of Object.entries(keys)) {
    const source = sourceOf(name, inner, value);
    const place = source === undefined ? [] : [name];
    result[name] = at(place, () =>
      valueOf(inner, source === undefined ? undefined : value[source], name, custom, isPending),
    );
  }
  return result;
}

/** Adds a place in front of what an inner value has against itself. */
function at<T>(path: readonly (string | number)[], read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof HeatError) || error.type !== "StackValidationFailed") throw error;
    throw invalidStack(error.detail, [...path, ...error.path], error.error);
  }
}
