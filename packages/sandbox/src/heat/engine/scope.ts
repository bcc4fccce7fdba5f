/** What the snippets of a stack's template see: its parameters, conditions, files and resources as they are now. */
import type { Cloud } from "../../cloud.ts";
import type { Json, JsonMap } from "../../json.ts";
import { HeatError, invalidStack } from "../faults.ts";
import { evaluateCondition, select } from "../hot/evaluate.ts";
import type { Scope } from "../hot/evaluate.ts";
import { FunctionError } from "../hot/functions.ts";
import { parameterValue } from "../hot/parameters.ts";
import type { ResourceDefinition, Template } from "../hot/template.ts";
import type { Resource, Stack } from "../records.ts";
import type { Kind, Task } from "../resources/kind.ts";
import { filesOf, givenParameters, templateOf } from "./templates.ts";
import { kindIn, kindToRemove } from "./types.ts";

export interface StackScope extends Scope {
  readonly template: Template;
  readonly stack: Stack;
  /** The definitions whose conditions hold. */
  readonly definitions: ReadonlyMap<string, ResourceDefinition>;
  /** The resource of that name that the goal means, if there is one. */
  current(name: string): Resource | undefined;
}

/** Whether the resource has been made, so that it has an id and attributes. */
export const isMade = (resource: Resource): boolean =>
  resource.action !== "INIT" &&
  !(resource.action === "CREATE" && resource.physicalId === null && resource.status !== "COMPLETE");

/** The scope of a stack at a moment. It sees resources as they are when asked. */
export function scopeOf(cloud: Cloud, stack: Stack, at: number): StackScope {
  const template = templateOf(stack.goal.template);
  const given = givenParameters(stack.goal.environment);
  const files = filesOf(cloud, stack);
  const conditions = new Map<string, boolean | "open">();
  const byName = new Map<string, Resource>();
  for (const resource of cloud.heat.resources.group(stack.id)) {
    if (!resource.isObsolete) byName.set(resource.name, resource);
  }
  let definitions: ReadonlyMap<string, ResourceDefinition> | undefined;

  const scope: StackScope = {
    template,
    stack,
    dialect: template.dialect,
    get definitions() {
      definitions ??= enabledDefinitions(template, scope);
      return definitions;
    },
    current: (name) => byName.get(name),
    parameter(name) {
      const pseudo = pseudoParameter(cloud, stack, name);
      if (pseudo !== undefined) return pseudo;
      const schema = template.parameters.find((one) => one.name === name);
      return schema && parameterValue(schema, given);
    },
    reference(name) {
      if (!scope.definitions.has(name)) return undefined;
      const resource = byName.get(name);
      return resource && isMade(resource) ? referenceOf(cloud, stack, resource, at) : name;
    },
    attribute(name, attribute, path) {
      if (!scope.definitions.has(name)) return undefined;
      const resource = byName.get(name);
      if (!resource || !isMade(resource)) return null;
      return attribute === null
        ? allAttributes(cloud, stack, resource, at)
        : attributeOf(cloud, stack, resource, attribute, path, at);
    },
    file: (key) => files[key],
    isEnabled(name) {
      const definition = template.conditions[name];
      if (definition === undefined) throw new FunctionError(`Invalid condition "${name}"`, true);
      const known = conditions.get(name);
      if (known === "open") {
        throw invalidStack(`Circular definition for condition "${name}"`, [], "Condition validation error");
      }
      if (known !== undefined) return known;
      conditions.set(name, "open");
      const value = evaluateCondition(definition, scope, ["conditions", name]);
      conditions.set(name, value);
      return value;
    },
  };
  return scope;
}

function enabledDefinitions(template: Template, scope: Scope): Map<string, ResourceDefinition> {
  const found = new Map<string, ResourceDefinition>();
  for (const [name, definition] of Object.entries(template.resources)) {
    const { condition } = definition;
    if (condition === undefined || evaluateCondition(condition, scope, ["resources", name, "condition"])) {
      found.set(name, definition);
    }
  }
  return found;
}

function pseudoParameter(cloud: Cloud, stack: Stack, name: string): Json | undefined {
  switch (name) {
    case "OS::stack_id":
      return stack.id;
    case "OS::stack_name":
      return stack.name;
    case "OS::project_id":
      return stack.projectId;
    case "OS::region":
      return cloud.options.region;
    default:
      return undefined;
  }
}

/** A resource's kind, and what the kind works on. One that is being taken away has the kind that it was made with. */
export function taskOf(cloud: Cloud, stack: Stack, resource: Resource, at: number): { kind: Kind; task: Task } {
  const isGoing = resource.isObsolete || stack.direction === "backward";
  const kind = isGoing ? kindToRemove(resource) : kindIn(cloud, stack, resource.type, resource.name);
  const child = (): StackScope | undefined => {
    const nested = kind.nested && resource.physicalId !== null ? cloud.heat.stacks.get(resource.physicalId) : undefined;
    return nested && scopeOf(cloud, nested, at);
  };
  return { kind, task: { cloud, at, stack, resource, properties: resource.properties ?? {}, child } };
}

/** What get_resource gives for a resource that has been made. */
export function referenceOf(cloud: Cloud, stack: Stack, resource: Resource, at: number): Json {
  const { kind, task } = taskOf(cloud, stack, resource, at);
  return kind.reference?.(task) ?? resource.physicalId ?? resource.name;
}

export function attributeOf(
  cloud: Cloud,
  stack: Stack,
  resource: Resource,
  name: string,
  path: readonly Json[],
  at: number,
): Json {
  const { kind, task } = taskOf(cloud, stack, resource, at);
  const value = kind.attribute?.(task, name, path);
  if (value === undefined && kind.nested && name !== "show")
    throw new HeatError(
      "InvalidTemplateAttribute",
      `The Referenced Attribute (${resource.name} ${name}) is incorrect.`,
    );
  if (value === undefined || value === null) return null;
  // A nested stack takes the path itself; for the others it leads into the value.
  return kind.nested ? value : (select(value, path) ?? null);
}

/** All attributes of the schema. */
export function allAttributes(cloud: Cloud, stack: Stack, resource: Resource, at: number): JsonMap {
  const { kind } = taskOf(cloud, stack, resource, at);
  const values: JsonMap = {};
  for (const name of kind.attributes) values[name] = attributeOf(cloud, stack, resource, name, [], at);
  return values;
}
