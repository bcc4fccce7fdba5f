/** Templates of stacks, parsed once for each source. */
import type { JsonMap } from "../../json.ts";
import type { CustomCheck } from "../hot/constraints.ts";
import { parseTemplate } from "../hot/template.ts";
import type { Template } from "../hot/template.ts";
import type { GivenParameters } from "../hot/parameters.ts";
import type { Cloud } from "../../cloud.ts";
import type { Environment, Stack } from "../records.ts";

const parsed = new WeakMap<JsonMap, Template>();

/** The parsed template. A source is never changed in place, so it stands for its parsed form. */
export function templateOf(source: JsonMap): Template {
  const found = parsed.get(source);
  if (found) return found;
  const template = parseTemplate(source);
  parsed.set(source, template);
  return template;
}

/** The files that the stack's templates may name: its root's. */
export const filesOf = (cloud: Cloud, stack: Stack): Record<string, string> =>
  stack.rootId === stack.id ? stack.goal.files : (cloud.heat.stacks.get(stack.rootId)?.goal.files ?? {});

export const givenParameters = (environment: Environment): GivenParameters => ({
  values: environment.parameters,
  defaults: environment.parameter_defaults,
});

/** Nothing is wrong with any value: for templates that are looked at without a cloud. */
export const acceptAll: CustomCheck = () => undefined;
