/**
 * A resource type as the engine sees it: a schema, and what happens on create, update and delete. A family of types is one file of these.
 * The engine calls with a Work that holds the cloud, the moment it happens at and the resolved properties; a kind changes the cloud's
 * tables and nothing else, and never waits: what takes time says so by `durationMs` and `check`.
 */
import type { Cloud } from "../../cloud.ts";
import type { Json, JsonMap } from "../../json.ts";
import type { PropertySchemas } from "../hot/properties.ts";
import type { StackScope } from "../engine/scope.ts";
import type { Action, Resource, Stack } from "../records.ts";

export interface Schema {
  readonly properties: PropertySchemas;
  readonly attributes: readonly string[];
}

export interface Task {
  readonly cloud: Cloud;
  /** The moment at which it happens, which lies in the past when the sandbox is catching up. */
  readonly at: number;
  readonly stack: Stack;
  readonly resource: Resource;
  readonly properties: JsonMap;
  /** The scope of the stack behind the resource, when there is one. */
  child(): StackScope | undefined;
}

/** For the stack behind a resource that may not be there yet. */
export interface NestedTask {
  readonly resource: Resource | null;
  readonly properties: JsonMap;
  child(): StackScope | undefined;
}

export interface Made {
  readonly physicalId: string | null;
  readonly data?: JsonMap;
}

export type Progress =
  | { kind: "done" }
  | { kind: "failed"; error: string; reason: string }
  /** Looked at again at that moment, or, with null, whenever something happens in the stack. */
  | { kind: "waiting"; untilMs: number | null };

export const done: Progress = { kind: "done" };

/** A stack of its own behind the resource. */
export interface Nested {
  readonly template: JsonMap;
  readonly parameters: JsonMap;
}

/** A definition of the same stack, for finding the dependencies that are not written down. */
export interface Sibling {
  readonly name: string;
  readonly type: string;
  readonly properties: JsonMap;
}

export interface Kind extends Schema {
  /** What heat calls the class in its messages. */
  readonly className?: string;
  /** What is wrong with the properties together; undefined when nothing is. */
  validate?(properties: JsonMap): string | undefined;
  /** Names of siblings that must come before this one although it does not name them. Properties may be unresolved still. */
  leansOn?(self: Sibling, siblings: readonly Sibling[]): string[];
  create?(task: Task): Made;
  durationMs?(task: Task, action: Action): number;
  check?(task: Task): Progress;
  /** Changes in place. `before` holds the properties up to now. Returns "replace" when that cannot be done. */
  update?(task: Task, before: JsonMap): "updated" | "replace";
  remove?(task: Task): void;
  attribute?(task: Task, name: string, path: readonly Json[]): Json | undefined;
  /** What get_resource gives; the physical id when it is not said. */
  reference?(task: Task): Json;
  /** Makes the resource a nested stack. */
  nested?(task: NestedTask): Nested;
  /** Of a nested stack: what to remember in the resource's data before its stack is changed. */
  keep?(task: NestedTask): JsonMap;
  /** A failed one is not fit for use and is to be replaced on update; so it is for all but nested stacks. */
  readonly isRepairable?: boolean;
  /** Whether properties that are not in the schema are let through. */
  readonly takesAnything?: boolean;
  /** Whether an update is to be asked of it also when no property changed. */
  readonly alwaysChanges?: boolean;
  /** Whether it is looked at again when a signal arrives in its stack. */
  readonly waitsForSignals?: boolean;
  /** Takes a signal; the text for the event. Throws words against a malformed one. */
  signal?(task: Task, details: JsonMap | null): string;
}

/** What a kind's effect has against what it is asked: ends the action with `error: resources.name: reason`. */
export class ResourceError extends Error {
  readonly error: string;

  constructor(error: string, reason: string) {
    super(reason);
    this.error = error;
  }
}

export const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");
export const optionalText = (value: Json | undefined): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;
export const list = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);
export const map = (value: Json | undefined): JsonMap =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
export const integer = (value: Json | undefined): number => (typeof value === "number" ? value : 0);

/** `stack-resource-2g4k6m8p0q2s`, Heat's name of what it makes; at most 255 letters. */
export function physicalName(task: Task): string {
  const tail = task.resource.id.replaceAll("-", "").slice(0, 12);
  const head = `${task.stack.name}-${task.resource.name}`.slice(0, 242);
  return `${head}-${tail}`;
}
