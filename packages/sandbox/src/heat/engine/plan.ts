/** In which order the resources of a stack come: by what they name, by `depends_on`, and by what their kinds lean on. */
import { HeatError } from "../faults.ts";
import { isMap } from "../../json.ts";
import { orderOf, referencesIn } from "../hot/dependencies.ts";
import type { Reference } from "../hot/dependencies.ts";
import { evaluateCondition } from "../hot/evaluate.ts";
import type { ResourceDefinition } from "../hot/template.ts";
import type { Kind, Sibling } from "../resources/kind.ts";
import type { StackScope } from "./scope.ts";

export interface Plan {
  /** Each after all that it requires. */
  readonly order: readonly string[];
  readonly requires: ReadonlyMap<string, ReadonlySet<string>>;
}

export const referencesOf = (scope: StackScope, snippet: Parameters<typeof referencesIn>[0]): Reference[] =>
  referencesIn(snippet, scope.dialect, (condition) => evaluateCondition(condition, scope, []));

const wrongReference = (resource: string, where: string): HeatError =>
  new HeatError("InvalidTemplateReference", `The specified reference "${resource}" (in ${where}) is incorrect.`);

function explicit(scope: StackScope, name: string, definition: ResourceDefinition): Set<string> {
  const required = new Set<string>();
  const sections = [
    ["Properties", definition.properties],
    ["Metadata", definition.metadata],
  ] as const;
  for (const [section, snippet] of sections) {
    for (const [key, value] of Object.entries(isMap(snippet) ? snippet : {})) {
      for (const { resource, isOpen } of referencesOf(scope, { [key]: value })) {
        if (isOpen === true && !scope.definitions.has(resource)) continue;
        if (!scope.definitions.has(resource)) throw wrongReference(resource, `${name}.${section}.${key}`);
        required.add(resource);
      }
    }
  }
  for (const other of definition.dependsOn) {
    if (scope.definitions.has(other)) required.add(other);
    // One that its condition leaves out is no dependency; one that is nowhere is a mistake.
    else if (!(other in scope.template.resources)) throw wrongReference(other, name);
  }
  return required;
}

/** Refuses references to what is not there, and circles. */
export function planOf(scope: StackScope, kindFor: (name: string, type: string) => Kind): Plan {
  const requires = new Map<string, Set<string>>();
  const siblings: Sibling[] = [];
  for (const [name, definition] of scope.definitions) {
    requires.set(name, explicit(scope, name, definition));
    siblings.push({
      name,
      type: definition.type,
      properties: isMap(definition.properties) ? definition.properties : {},
    });
  }
  for (const sibling of siblings) {
    const kind = kindFor(sibling.name, sibling.type);
    for (const other of kind.leansOn?.(sibling, siblings) ?? [])
    // A dependency that is only guessed must not make a circle with the written ones.
    {
      if (other !== sibling.name && !reaches(requires, other, sibling.name)) requires.get(sibling.name)?.add(other);
    }
  }
  const labelOf = (name: string): string => {
    const type = scope.definitions.get(name)?.type ?? "";
    return `${kindFor(name, type).className ?? type} "${name}"`;
  };
  return { order: orderOf(requires, labelOf), requires };
}

function reaches(requires: ReadonlyMap<string, ReadonlySet<string>>, from: string, to: string): boolean {
  const open = [from];
  const seen = new Set<string>();
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === to) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    open.push(...(requires.get(name) ?? []));
  }
  return false;
}
