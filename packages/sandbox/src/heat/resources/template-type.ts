/** A template file used as a resource type: its parameters are the properties, its outputs the attributes. */
import type { Json, JsonMap } from "../../json.ts";
import { isMap, toText } from "../../json.ts";
import type { PropertySchema } from "../hot/properties.ts";
import type { ParameterSchema } from "../hot/parameters.ts";
import type { Environment, Stack } from "../records.ts";
import { memberAttribute, outputValue } from "../engine/nested-values.ts";
import { templateOf } from "../engine/templates.ts";
import type { Kind } from "./kind.ts";

const STACK_ID_OUTPUT = "OS::stack_id";

const TYPES = {
  string: "string",
  number: "number",
  boolean: "boolean",
  json: "map",
  comma_delimited_list: "list",
} as const;

function toProperty(parameter: ParameterSchema, environment: Environment): PropertySchema {
  const fallback = environment.parameter_defaults[parameter.name] ?? parameter.default;
  return {
    type: TYPES[parameter.type],
    required: fallback === undefined,
    ...(fallback !== undefined && { default: fallback }),
    constraints: parameter.constraints,
    updatable: true,
    lenient: true,
  };
}

/** A list becomes a text, as the child's parameter takes it: JSON for a parameter of that type, else with commas. */
function toParameter(value: Json, type: ParameterSchema["type"] | undefined): Json {
  if (!Array.isArray(value)) return value;
  if (type === "json") return JSON.stringify(value);
  if (value.some(isMap)) {
    return value
      .flatMap((item, index) =>
        Object.entries(item ?? {}).map(([key, inner]) => `.member.${index}.${key}=${toText(inner)}`),
      )
      .join(",");
  }
  return value.map((item) => (item === null ? "" : toText(item))).join(",");
}

export const arnOf = (stack: Stack): string =>
  `arn:openstack:heat::${stack.projectId}:stacks/${stack.name}/${stack.id}`;

const kinds = new WeakMap<JsonMap, WeakMap<Environment, Kind>>();

export function templateKind(source: JsonMap, environment: Environment): Kind {
  const known = kinds.get(source)?.get(environment);
  if (known) return known;
  const template = templateOf(source);
  const types = new Map(template.parameters.map((one) => [one.name, one.type]));
  const kind: Kind = {
    className: "TemplateResource",
    isRepairable: true,
    properties: Object.fromEntries(template.parameters.map((one) => [one.name, toProperty(one, environment)])),
    attributes: [...Object.keys(template.outputs), "show"],
    nested: ({ properties }) => ({
      template: source,
      parameters: Object.fromEntries(
        Object.entries(properties).flatMap(([name, value]) =>
          value === null ? [] : [[name, toParameter(value, types.get(name))]],
        ),
      ),
    }),
    attribute(task, name, path) {
      const scope = task.child();
      if (!scope) return null;
      return name.startsWith("resource.") ? memberAttribute(scope, name, path) : outputValue(scope, name, path);
    },
    reference(task) {
      const scope = task.child();
      return scope ? (outputValue(scope, STACK_ID_OUTPUT) ?? arnOf(scope.stack)) : task.resource.name;
    },
  };
  const perEnvironment = kinds.get(source) ?? new WeakMap<Environment, Kind>();
  kinds.set(source, perEnvironment);
  perEnvironment.set(environment, kind);
  return kind;
}
