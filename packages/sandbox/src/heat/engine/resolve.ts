/** A resource's definition to its properties and metadata, with the values of now. */
import type { Cloud } from "../../cloud.ts";
import type { Json, JsonMap } from "../../json.ts";
import { isMap } from "../../json.ts";
import { evaluate } from "../hot/evaluate.ts";
import { readProperties } from "../hot/properties.ts";
import type { ResourceDefinition } from "../hot/template.ts";
import { invalidStack } from "../faults.ts";
import { customChecks } from "../resources/lookups.ts";
import type { Kind } from "../resources/kind.ts";
import { referencesOf } from "./plan.ts";
import { isMade } from "./scope.ts";
import type { StackScope } from "./scope.ts";

/** The values as written, functions resolved. */
function given(scope: StackScope, name: string, snippet: Json): JsonMap {
  const path = ["resources", name, "properties"];
  const value = evaluate(snippet, scope, path);
  if (!isMap(value)) throw invalidStack(`Resource ${name} properties type must be object`);
  return value;
}

/** The resolved properties, held against the kind's schema. Constraints wait for values that depend on what is not made yet. */
export function resolveProperties(
  cloud: Cloud,
  scope: StackScope,
  name: string,
  definition: ResourceDefinition,
  kind: Kind,
): JsonMap {
  const values = given(scope, name, definition.properties);
  if (kind.takesAnything === true) return values;
  const { stack } = scope;
  const snippets = isMap(definition.properties) ? definition.properties : {};
  const isPending = (property: string): boolean =>
    referencesOf(scope, snippets[property] ?? null).some(({ resource }) => {
      const found = scope.current(resource);
      return !found || !isMade(found);
    });
  const custom = customChecks(cloud, { projectId: stack.projectId, userId: stack.userId });
  return readProperties(kind.properties, values, ["resources", name, "properties"], { custom, isPending });
}

export function resolveMetadata(scope: StackScope, name: string, definition: ResourceDefinition): JsonMap {
  const value = evaluate(definition.metadata, scope, ["resources", name, "metadata"]);
  return isMap(value) ? value : {};
}
