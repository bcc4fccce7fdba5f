/** Heat's JSON. */
import type { Cloud } from "../cloud.ts";
import type { Json, JsonMap } from "../json.ts";
import { toIso } from "../times.ts";
import { outputValue } from "./engine/nested-values.ts";
import { allAttributes, attributeOf, isMade, scopeOf, taskOf } from "./engine/scope.ts";
import { givenParameters, templateOf } from "./engine/templates.ts";
import { HeatError } from "./faults.ts";
import { parameterText } from "./hot/parameters.ts";
import type { ParameterSchema } from "./hot/parameters.ts";
import type { Event, Resource, SoftwareConfig, SoftwareDeployment, Stack } from "./records.ts";

export const stackUrl = (cloud: Cloud, stack: Stack): string =>
  `${cloud.options.publicUrl}/orchestration/v1/${stack.projectId}/stacks/${stack.name}/${stack.id}`;

const isoOrNull = (ms: number | null): string | null => (ms === null ? null : toIso(ms));

const link = (href: string, rel = "self") => ({ href, rel });

/** A stack in a list. */
export const stackSummary = (cloud: Cloud, stack: Stack, withProject = false): JsonMap => ({
  id: stack.id,
  links: [link(stackUrl(cloud, stack))],
  ...(withProject && { project: stack.projectId }),
  stack_name: stack.name,
  description: templateOf(stack.goal.template).description,
  stack_status: `${stack.action}_${stack.status}`,
  stack_status_reason: stack.reason,
  creation_time: toIso(stack.createdAtMs),
  updated_time: isoOrNull(stack.updatedAtMs),
  deletion_time: isoOrNull(stack.deletedAtMs),
  stack_owner: stack.userName,
  parent: stack.ownerId,
  stack_user_project_id: stack.userProjectId,
  tags: stack.tags,
});

export function stackDetail(cloud: Cloud, stack: Stack, withOutputs: boolean): JsonMap {
  const template = templateOf(stack.goal.template);
  const given = givenParameters(stack.goal.environment);
  const shown = template.parameters.map((schema): [string, string] => [schema.name, parameterText(schema, given)]);
  return {
    ...stackSummary(cloud, stack),
    notification_topics: [],
    capabilities: [],
    disable_rollback: stack.disableRollback,
    timeout_mins: stack.timeoutMins,
    template_description: template.description,
    parameters: {
      "OS::project_id": stack.projectId,
      "OS::stack_id": stack.id,
      "OS::stack_name": stack.name,
      ...Object.fromEntries(shown),
    },
    ...(withOutputs && stack.deletedAtMs === null && { outputs: outputsView(cloud, stack, true) }),
  };
}

export const outputsView = (cloud: Cloud, stack: Stack, withValues: boolean): JsonMap[] =>
  Object.keys(templateOf(stack.goal.template).outputs).map((name) => outputView(cloud, stack, name, withValues));

/** An output whose value cannot be had says so beside a null. */
export function outputView(cloud: Cloud, stack: Stack, name: string, withValue: boolean): JsonMap {
  const definition = templateOf(stack.goal.template).outputs[name];
  if (!definition) throw new HeatError("NotFound", `Specified output key ${name} not found.`);
  const view = { output_key: name, description: definition.description };
  if (!withValue) return view;
  try {
    return { ...view, output_value: outputValue(scopeOf(cloud, stack, cloud.clock.now()), name) ?? null };
  } catch (error) {
    if (!(error instanceof HeatError)) throw error;
    return { ...view, output_error: error.message, output_value: null };
  }
}

/** Those that were made after it. */
export const requiredBy = (all: readonly Resource[], resource: Resource): string[] =>
  all.filter((one) => one.requires.includes(resource.name) && !one.isObsolete).map((one) => one.name);

export function resourceView(
  cloud: Cloud,
  stack: Stack,
  resource: Resource,
  options: { isDetailed: boolean; attributes?: readonly string[] },
): JsonMap {
  const self = `${stackUrl(cloud, stack)}/resources/${encodeURIComponent(resource.name)}`;
  const nested = resource.physicalId === null ? undefined : cloud.heat.stacks.get(resource.physicalId);
  const definition = templateOf(stack.goal.template).resources[resource.name];
  return {
    updated_time: toIso(resource.updatedAtMs),
    creation_time: toIso(resource.createdAtMs),
    logical_resource_id: resource.name,
    resource_name: resource.name,
    physical_resource_id: resource.physicalId ?? "",
    resource_status: `${resource.action}_${resource.status}`,
    resource_status_reason: resource.reason,
    resource_type: resource.type,
    links: [
      link(self),
      link(stackUrl(cloud, stack), "stack"),
      ...(nested ? [link(stackUrl(cloud, nested), "nested")] : []),
    ],
    required_by: requiredBy(cloud.heat.resources.group(stack.id), resource),
    ...(stack.parentResource !== null && { parent_resource: stack.parentResource }),
    ...(options.isDetailed && {
      description: definition?.description ?? "",
      attributes: attributesView(cloud, stack, resource, options.attributes ?? []),
    }),
  };
}

function attributesView(cloud: Cloud, stack: Stack, resource: Resource, wanted: readonly string[]): JsonMap {
  if (!isMade(resource)) return {};
  const at = cloud.clock.now();
  const values = allOrNone(() => allAttributes(cloud, stack, resource, at));
  const { kind } = taskOf(cloud, stack, resource, at);
  const shown = values["show"];
  const base =
    kind.attributes.includes("show") && typeof shown === "object" && shown !== null && !Array.isArray(shown)
      ? shown
      : without(values, "show");
  const more = wanted.map((name): [string, Json] => [name, attributeOf(cloud, stack, resource, name, [], at)]);
  return { ...base, ...Object.fromEntries(more) };
}

/** What fails to resolve is left out, as Heat leaves it. */
function allOrNone(read: () => JsonMap): JsonMap {
  try {
    return read();
  } catch (error) {
    if (error instanceof HeatError) return {};
    throw error;
  }
}

const without = (values: JsonMap, key: string): JsonMap =>
  Object.fromEntries(Object.entries(values).filter(([name]) => name !== key));

export function eventView(cloud: Cloud, stack: Stack, event: Event, isDetailed: boolean): JsonMap {
  const resourceUrl = `${stackUrl(cloud, stack)}/resources/${encodeURIComponent(event.resourceName)}`;
  const root = cloud.heat.stacks.get(stack.rootId);
  return {
    id: event.id,
    links: [
      link(`${resourceUrl}/events/${event.id}`),
      link(resourceUrl, "resource"),
      link(stackUrl(cloud, stack), "stack"),
      ...(root && root.id !== stack.id ? [link(stackUrl(cloud, root), "root_stack")] : []),
    ],
    event_time: toIso(event.atMs),
    logical_resource_id: event.resourceName,
    resource_name: event.resourceName,
    physical_resource_id: event.physicalId,
    resource_status: `${event.action}_${event.status}`,
    resource_status_reason: event.reason,
    ...(isDetailed && { resource_type: event.resourceType, resource_properties: null }),
  };
}

const PARAMETER_TYPES = {
  string: "String",
  number: "Number",
  comma_delimited_list: "CommaDelimitedList",
  json: "Json",
  boolean: "Boolean",
} as const;

/** A parameter as template-validate tells it. */
export function parameterView(schema: ParameterSchema): JsonMap {
  const view: JsonMap = {
    Type: PARAMETER_TYPES[schema.type],
    Description: schema.description,
    NoEcho: schema.hidden ? "true" : "false",
    Label: schema.label ?? schema.name,
  };
  if (schema.default !== undefined) view["Default"] = schema.default;
  for (const one of schema.constraints) {
    if (one.description !== undefined) view["ConstraintDescription"] = one.description;
    switch (one.kind) {
      case "range":
        if (one.min !== undefined) view["MinValue"] = one.min;
        if (one.max !== undefined) view["MaxValue"] = one.max;
        break;
      case "length":
        if (one.min !== undefined) view["MinLength"] = one.min;
        if (one.max !== undefined) view["MaxLength"] = one.max;
        break;
      case "modulo":
        view["Step"] = one.step;
        view["Offset"] = one.offset;
        break;
      case "allowed_values":
        view["AllowedValues"] = [...one.allowed];
        break;
      case "allowed_pattern":
        view["AllowedPattern"] = one.pattern;
        break;
      case "custom":
        view["CustomConstraint"] = one.name;
        break;
      default:
        return one satisfies never;
    }
  }
  return view;
}

export const configView = (one: SoftwareConfig, isDetailed: boolean): JsonMap => ({
  id: one.id,
  name: one.name,
  group: one.group,
  creation_time: toIso(one.createdAtMs),
  ...(isDetailed && { config: one.config, inputs: one.inputs, outputs: one.outputs, options: one.options }),
});

export const deploymentView = (one: SoftwareDeployment): JsonMap => ({
  id: one.id,
  server_id: one.serverId,
  config_id: one.configId,
  action: one.action,
  status: one.status,
  status_reason: one.reason,
  input_values: one.inputValues,
  output_values: one.outputValues,
  creation_time: toIso(one.createdAtMs),
  updated_time: isoOrNull(one.updatedAtMs),
});
