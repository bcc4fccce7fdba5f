/** Whether Heat would take a stack: its template, its parameters, each resource, and the stacks nested in it. */
import type { Cloud } from "../../cloud.ts";
import type { Json } from "../../json.ts";
import { isMap, toText } from "../../json.ts";
import { limits } from "../../limits.ts";
import { HeatError, invalidStack } from "../faults.ts";
import { evaluate, evaluateCondition } from "../hot/evaluate.ts";
import { FunctionError } from "../hot/functions.ts";
import { isKnown } from "../hot/properties.ts";
import { checkParameters } from "../hot/parameters.ts";
import type { ResourceDefinition } from "../hot/template.ts";
import type { Goal, Stack } from "../records.ts";
import { customChecks } from "../resources/lookups.ts";
import type { Kind } from "../resources/kind.ts";
import { planOf, referencesOf } from "./plan.ts";
import { resolveProperties } from "./resolve.ts";
import { scopeOf } from "./scope.ts";
import type { StackScope } from "./scope.ts";
import { filesOf, givenParameters, templateOf } from "./templates.ts";
import { kindOf } from "./types.ts";

const NAME = /^[a-zA-Z][a-zA-Z0-9_.-]{0,254}$/;

export function checkName(name: unknown): string {
  if (typeof name !== "string") throw invalidStack(`Invalid stack name ${String(name)}, must be a string`);
  if (!NAME.test(name)) {
    throw invalidStack(
      `Invalid stack name ${name} must contain only alphanumeric or "_-." characters, must start with alpha and must be 255 characters or less.`,
    );
  }
  return name;
}

/** Refuses more resources than a tree of stacks may have. */
export function checkSize(cloud: Cloud, resources: number): void {
  if (cloud.options.resourcesPerStack !== null && resources > cloud.options.resourcesPerStack)
    throw new HeatError("RequestLimitExceeded", "Request limit exceeded: Maximum resources per stack exceeded.");
}

/** What is carried through the tree of stacks that is looked at. */
interface Walk {
  readonly cloud: Cloud;
  readonly at: number;
}

/** Throws what Heat would refuse. The stack need not be kept; one of the same id's resources lend their values. */
export function validateStack(cloud: Cloud, stack: Stack, at: number): void {
  validateOne({ cloud, at }, stack, true);
}

function validateOne(walk: Walk, stack: Stack, isStrict: boolean): void {
  const { cloud, at } = walk;
  const template = templateOf(stack.goal.template);
  const owner = { projectId: stack.projectId, userId: stack.userId };
  checkParameters(template.parameters, givenParameters(stack.goal.environment), customChecks(cloud, owner), {
    values: isStrict,
  });
  const scope = scopeOf(cloud, stack, at);
  checkConditions(scope);
  const twice = template.parameters.map((one) => one.name).filter((name) => scope.definitions.has(name));
  if (twice.length > 0) throw invalidStack(`Duplicate names {${twice.map((name) => `'${name}'`).join(", ")}}`);
  checkSize(cloud, scope.definitions.size);

  const files = filesOf(cloud, stack);
  const found = new Map<string, ReturnType<typeof kindOf>>();
  for (const [name, definition] of scope.definitions) {
    found.set(name, kindOf(stack.goal.environment, files, definition.type, name));
  }
  const kindFor = (name: string): Kind => {
    const one = found.get(name);
    if (!one) throw new Error(`no kind was looked up for ${name}`);
    return one.kind;
  };
  const plan = planOf(scope, kindFor);
  for (const name of plan.order) {
    const definition = scope.definitions.get(name);
    if (definition) {
      validateResource(walk, scope, name, definition, kindFor, found.get(name)?.templateName ?? null, isStrict);
    }
  }
  validateOutputs(scope, kindFor);
}

/** A condition is a boolean or a function; what it comes to is looked at where it is used. */
function checkConditions(scope: StackScope): void {
  for (const [name, definition] of Object.entries(scope.template.conditions)) {
    const isFunction =
      isMap(definition) &&
      Object.keys(definition).some((key) => key in scope.dialect.functions || key in scope.dialect.conditionFunctions);
    if (typeof definition !== "boolean" && !isFunction)
      throw invalidStack(
        `The definition of condition "${name}" is invalid: ${toText(definition)}`,
        [],
        "Condition validation error",
      );
    checkPlaces(definition, scope, ["conditions", name]);
  }
}

/** Functions of values have no place in conditions. */
function checkPlaces(snippet: Json, scope: StackScope, path: readonly (string | number)[]): void {
  if (Array.isArray(snippet)) for (const [index, item] of snippet.entries()) checkPlaces(item, scope, [...path, index]);
  if (!isMap(snippet)) return;
  const [[key, inner] = [], ...others] = Object.entries(snippet);
  if (key === undefined || inner === undefined) return;
  const { functions, conditionFunctions } = scope.dialect;
  if (others.length === 0 && key in functions && !(key in conditionFunctions) && functions[key] !== "removed")
    throw invalidStack(`The function "${key}" is invalid in this context`, [...path, key]);
  for (const [name, item] of Object.entries(snippet)) checkPlaces(item, scope, [...path, name]);
}

/** That every get_attr asks for an attribute that the type has. */
function checkAttributes(
  scope: StackScope,
  snippet: Json,
  path: readonly (string | number)[],
  kindFor: (name: string) => Kind,
): void {
  for (const { resource, attribute, isOpen: mayBeParameter } of referencesOf(scope, snippet)) {
    if (mayBeParameter === true && !scope.definitions.has(resource)) continue;
    if (!scope.definitions.has(resource) && attribute !== undefined)
      throw invalidStack(`The specified reference "${resource}" (in unknown) is incorrect.`, [...path, "get_attr"]);
    if (!scope.definitions.has(resource)) {
      throw new HeatError(
        "InvalidTemplateReference",
        `The specified reference "${resource}" (in unknown) is incorrect.`,
      );
    }
    if (attribute === undefined || attribute === null) continue;
    const kind = kindFor(resource);
    const isOpen = kind.takesAnything === true || kind.nested !== undefined;
    if (!isOpen && !kind.attributes.includes(attribute)) {
      throw invalidStack(`The Referenced Attribute (${resource} ${attribute}) is incorrect.`, [...path, "get_attr"]);
    }
  }
}

function validateResource(
  walk: Walk,
  scope: StackScope,
  name: string,
  definition: ResourceDefinition,
  kindFor: (name: string) => Kind,
  templateName: string | null,
  isStrict: boolean,
): void {
  const kind = kindFor(name);
  const snippets = isMap(definition.properties) ? definition.properties : {};
  if (definition.externalId !== undefined)
    throw invalidStack("external_id is not supported by this sandbox", ["resources", name]);
  for (const [key, snippet] of Object.entries(snippets)) {
    checkAttributes(scope, snippet, ["resources", name, "properties", key], kindFor);
  }
  if (!isStrict) {
    for (const key of Object.keys(snippets)) {
      if (kind.takesAnything !== true && !isKnown(kind.properties, key)) {
        throw invalidStack(`Unknown Property ${key}`, ["resources", name, "properties"], "Property error");
      }
    }
    if (kind.nested) validateNestedLoosely(walk, scope, name, snippets, kind, templateName);
    return;
  }
  const properties = resolveProperties(walk.cloud, scope, name, definition, kind);
  const complaint = kind.validate?.(properties);
  if (complaint !== undefined) {
    throw invalidStack(complaint.replaceAll("%s", name));
  }
  if (!kind.nested) return;
  const current = scope.current(name);
  const shown = { ...properties, ...(kind.className === "ResourceGroup" && firstMember(properties)) };
  if (kind.className === "ResourceGroup" && properties["count"] === 0) return;
  const nested = kind.nested({ resource: null, properties: shown, child: () => undefined });
  nestedDraft(walk, scope, name, nested, templateName, current === undefined ? null : current.physicalId);
}

/** Of a group one member is looked at: they are all alike. */
const firstMember = (properties: Record<string, Json>): Record<string, Json> => ({
  count: Math.min(1, Number(properties["count"])),
  removal_policies: [],
});

function validateNestedLoosely(
  walk: Walk,
  scope: StackScope,
  name: string,
  snippets: Record<string, Json>,
  kind: Kind,
  templateName: string | null,
): void {
  if (templateName === null) return;
  const nested = kind.nested?.({ resource: null, properties: {}, child: () => undefined });
  if (nested) nestedDraft(walk, scope, name, { ...nested, parameters: pick(snippets) }, templateName, null);
}

/** Values that are plain already. */
const pick = (snippets: Record<string, Json>): Record<string, Json> =>
  Object.fromEntries(Object.entries(snippets).filter(([, value]) => typeof value !== "object"));

function nestedDraft(
  walk: Walk,
  scope: StackScope,
  name: string,
  nested: { template: Goal["template"]; parameters: Goal["environment"]["parameters"] },
  templateName: string | null,
  id: string | null,
): void {
  const { stack } = scope;
  const files = filesOf(walk.cloud, stack);
  const draft: Stack = {
    ...stack,
    id: id ?? `${stack.id}/${name}`,
    // A draft is its own root: its files are those of the goal that is looked at, which may not be kept yet.
    rootId: id ?? `${stack.id}/${name}`,
    ownerId: stack.id,
    parentResource: name,
    name: `${stack.name}-${name}`,
    depth: stack.depth + 1,
    goal: {
      template: nested.template,
      environment: { ...stack.goal.environment, parameters: nested.parameters },
      files,
    },
  };
  try {
    if (stack.depth + 1 > limits.nestingDepth) {
      throw new HeatError(
        "RequestLimitExceeded",
        `Request limit exceeded: Recursion depth exceeds ${limits.nestingDepth}.`,
      );
    }
    validateOne(walk, draft, false);
  } catch (error) {
    if (!(error instanceof HeatError)) throw error;
    const place = ["resources", `${name}<${templateName ?? "nested_stack"}>`];
    if (error.type !== "StackValidationFailed") throw invalidStack(error.message, place, error.type);
    throw invalidStack(error.detail, [...place, ...error.path], error.error);
  }
}

/** Outputs are not resolved before there is something to resolve them with; only their form is looked at. */
function validateOutputs(scope: StackScope, kindFor: (name: string) => Kind): void {
  for (const [name, output] of Object.entries(scope.template.outputs)) {
    const path = ["outputs", name, "value"];
    const { condition } = output;
    if (condition !== undefined && !evaluateCondition(condition, scope, ["outputs", name, "condition"])) continue;
    checkAttributes(scope, output.value, path, kindFor);
    try {
      evaluate(output.value, scope, path);
    } catch (error) {
      // Values may not do yet; a misused function never will.
      if (error instanceof HeatError && error.type === "StackValidationFailed" && error.path.length > path.length) {
        throw error;
      }
      if (error instanceof FunctionError || error instanceof HeatError) continue;
      throw error;
    }
  }
}
