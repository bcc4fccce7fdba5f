/** Looking into the stack behind a resource by its scope: its outputs, its members and their attributes. */
import type { Json } from "../../json.ts";
import { HeatError } from "../faults.ts";
import { evaluate, evaluateCondition, select } from "../hot/evaluate.ts";
import type { StackScope } from "./scope.ts";

/** The output's value, null when its condition does not hold; undefined when there is no such output. */
export function outputValue(scope: StackScope, name: string, path: readonly Json[] = []): Json | undefined {
  const output = scope.template.outputs[name];
  if (!output) return undefined;
  const { condition } = output;
  if (condition !== undefined && !evaluateCondition(condition, scope, ["outputs", name, "condition"])) return null;
  const value = evaluate(output.value, scope, ["outputs", name, "value"]);
  return value === null ? null : (select(value, path) ?? null);
}

/** `resource.N` and `resource.N.attribute`, and so on down through nested stacks. */
export function memberAttribute(scope: StackScope, key: string, path: readonly Json[]): Json {
  const [, member = "", attribute] = /^resource\.([^.]+)(?:\.(.*))?$/s.exec(key) ?? [];
  if (!scope.definitions.has(member)) {
    throw new HeatError(
      "NotFound",
      `Member '${member}' not found in group resource '${scope.stack.parentResource ?? ""}'.`,
    );
  }
  const value = attribute === undefined ? scope.reference(member) : scope.attribute(member, attribute, path);
  return value ?? null;
}
