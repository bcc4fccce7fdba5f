/**
 * A bay type that is written down, not programmed: a folder with `bay-type.yaml` and its Heat templates (docs/bay-types.md).
 * What every bay type fills the same way reaches the template under its usual names, where the template declares them; the
 * description adds labels, what they become, and what the stack's outputs mean. An attribute of a bay that reaches no
 * parameter is refused when somebody asks for it, never dropped.
 *
 * Whatever is wrong with a description is found when it is read, all at once, with the place.
 */
import { z } from "zod";
import { coeSchema } from "@jeroboam/core/bay-model/bay-model";
import type { BaySpec, BayType, BayTypeInput, HeatParameter, SpecProblem, TemplateLoader } from "./bay-type.ts";
import { booleanLabel, httpsLabel, integerLabel, listLabel, networkLabel, textLabel } from "./label.ts";
import { urlOf } from "./network-address.ts";
import { loadBalancerParameters, needsFloatingIp, networkLabels } from "./network-labels.ts";
import { serverLabels } from "./server-labels.ts";
import {
  checkDrivers,
  checkLabels,
  checkMasters,
  checkNetwork,
  checkTexts,
  ownNetwork,
  parseLabels,
  unknownLabels,
} from "./spec-checks.ts";
import { defineStack } from "./stack-definition.ts";
import { listOutput, textOutput, workersOutput } from "./stack-outputs.ts";
import {
  credentialParameters,
  dockerParameters,
  endpointParameters,
  given,
  networkParameters,
  serverParameters,
} from "./stack-parameters.ts";

const word = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, "must be lower-case letters, digits, _ and -");
const parameterName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]*$/, "must be the name of a Heat parameter");

const labelSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text"), description: z.string().min(1), pattern: z.string().optional() }),
  z.strictObject({ type: z.enum(["boolean", "network", "https", "list"]), description: z.string().min(1) }),
  z.strictObject({ type: z.literal("integer"), description: z.string().min(1), least: z.int(), most: z.int() }),
  z.strictObject({ type: z.literal("choice"), description: z.string().min(1), values: z.array(z.string()).min(1) }),
]);
type LabelDescription = z.infer<typeof labelSchema>;

/** Attributes that a description may pass on under a name of its own. */
const SOURCES = {
  node_count: (input: BayTypeInput) => input.nodeCount,
  master_count: (input: BayTypeInput) => input.masterCount,
  flavor_id: (input: BayTypeInput) => input.flavorId,
  master_flavor_id: (input: BayTypeInput) => input.masterFlavorId,
  apiserver_port: (input: BayTypeInput) => input.apiserverPort,
  tls_disabled: (input: BayTypeInput) => input.tlsDisabled,
  network_driver: (input: BayTypeInput) => input.networkDriver,
  volume_driver: (input: BayTypeInput) => input.volumeDriver,
  registry_enabled: (input: BayTypeInput) => input.registryEnabled,
  discovery_url: (input: BayTypeInput) => input.discoveryUrl,
} as const;
type Source = keyof typeof SOURCES;
const isSource = (text: string): text is Source => Object.hasOwn(SOURCES, text);

const descriptionSchema = z.strictObject({
  name: word,
  coe: coeSchema,
  provides: z.array(z.strictObject({ server_type: z.enum(["vm", "bm"]), os: word })).min(1),
  template: z.string().min(1),
  user_data: z.enum(["cloud-init", "ignition"]).default("cloud-init"),
  network_drivers: z.array(word).default([]),
  volume_drivers: z.array(word).default([]),
  labels: z.record(word, labelSchema).default({}),
  /** A Heat parameter's name, and what fills it: an attribute, `labels.NAME`, or a value of its own. */
  parameters: z
    .record(
      parameterName,
      z.union([z.string(), z.strictObject({ value: z.union([z.string(), z.number(), z.boolean()]) })]),
    )
    .default({}),
  outputs: z.strictObject({
    api_address: z.strictObject({
      output: z.string(),
      scheme: z.enum(["https", "http", "tcp"]).default("https"),
      port: z.int().min(1).max(65_535),
    }),
    node_addresses: z.string(),
    master_addresses: z.string(),
    workers: z.strictObject({ refs: z.string(), names: z.string(), addresses: z.string() }).optional(),
  }),
  /** The list parameter that names the workers which go when the stack shrinks. */
  removal_parameter: parameterName.optional(),
});
type Description = z.infer<typeof descriptionSchema>;

const templateSchema = z.looseObject({
  parameters: z.record(z.string(), z.looseObject({ type: z.string(), default: z.unknown().optional() })),
  outputs: z.record(z.string(), z.unknown()).optional(),
});
type Template = z.infer<typeof templateSchema>;

/** What a bay type is made of, or why it cannot be. */
export type Declared =
  | { readonly kind: "declared"; readonly bayType: BayType }
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

/** `described` and `template` as YAML reads them; `folder` is where both are, below the loader's. */
export function declareBayType(
  load: TemplateLoader,
  folder: string,
  described: unknown,
  readTemplate: (path: string) => unknown,
): Declared {
  const description = descriptionSchema.safeParse(described);
  if (!description.success) return { kind: "invalid", problems: issuesOf(description.error, "bay-type.yaml") };
  const path = `${folder}/${description.data.template}`;
  const template = templateSchema.safeParse(readTemplate(path));
  if (!template.success) return { kind: "invalid", problems: issuesOf(template.error, description.data.template) };
  const problems = checkDescription(description.data, template.data);
  if (problems.length > 0) return { kind: "invalid", problems };
  return { kind: "declared", bayType: build(load, path, description.data, template.data) };
}

function issuesOf(error: z.ZodError, file: string): string[] {
  return error.issues.map(({ path, message }) => `${file}: ${path.map(String).join(".") || "the whole"}: ${message}`);
}

/** What stands in the description but cannot be so with this template. */
function checkDescription(description: Description, template: Template): string[] {
  const { parameters, labels, outputs, removal_parameter: removal } = description;
  const problems: string[] = [];
  for (const [name, source] of Object.entries(parameters)) {
    if (!Object.hasOwn(template.parameters, name))
      problems.push(`parameters.${name}: the template declares no ${name}`);
    if (typeof source !== "string") continue;
    const label = /^labels\.(.+)$/.exec(source)?.[1];
    if (label === undefined && !isSource(source)) {
      problems.push(
        `parameters.${name}: ${source} is neither labels.NAME nor one of ${Object.keys(SOURCES).join(", ")}`,
      );
    }
    if (label !== undefined && !Object.hasOwn(labels, label)) {
      problems.push(`parameters.${name}: labels.${label} is not described`);
    }
  }
  for (const [name, label] of Object.entries(labels)) {
    if (Object.hasOwn(commonLabels, name)) problems.push(`labels.${name}: every bay type has this label already`);
    if (!Object.values(parameters).includes(`labels.${name}`)) problems.push(`labels.${name}: becomes no parameter`);
    if (label.type === "text" && label.pattern !== undefined && !isPattern(label.pattern)) {
      problems.push(`labels.${name}.pattern: is no regular expression`);
    }
  }
  if (removal !== undefined && !Object.hasOwn(template.parameters, removal)) {
    problems.push(`removal_parameter: the template declares no ${removal}`);
  }
  const read = [outputs.api_address.output, outputs.node_addresses, outputs.master_addresses];
  for (const output of [...read, ...Object.values(outputs.workers ?? {})]) {
    if (!Object.hasOwn(template.outputs ?? {}, output)) problems.push(`outputs: the template has no output ${output}`);
  }
  const filled = new Set([...ALWAYS, ...Object.keys(parameters)]);
  for (const [name, parameter] of Object.entries(template.parameters)) {
    const needs = !("default" in parameter) && !filled.has(name);
    if (needs) problems.push(`${description.template}: parameter ${name} has no default, and nothing fills it`);
  }
  if (!Object.hasOwn(template.parameters, "bay_uuid")) {
    problems.push(
      `${description.template}: the template must declare bay_uuid, by which a stack is known to be a bay's`,
    );
  }
  return problems.map((problem) => (problem.startsWith(description.template) ? problem : `bay-type.yaml: ${problem}`));
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    // Its syntax: the one thing that the constructor throws for.
    return false;
  }
}

/** What every bay has a value for, whatever its owner asked for. */
const ALWAYS: readonly string[] = [
  "auth_url",
  "bay_name",
  "bay_uuid",
  "floating_ip_enabled",
  "magnum_url",
  "master_lb_enabled",
  "master_lb_floating_ip_enabled",
  "plain_http_allowed",
  "server_image",
  "trustee_domain_id",
  "trustee_password",
  "trustee_user_id",
  "trustee_username",
];

const commonLabels = { ...serverLabels, ...networkLabels };
const commonSchema = z.object(commonLabels);

function build(load: TemplateLoader, path: string, description: Description, template: Template): BayType {
  const own = Object.entries(description.labels).map(([name, label]) => [name, schemaOf(label)]);
  const labels = z.object({ ...commonLabels, ...(Object.fromEntries(own) as Record<string, z.ZodType>) });
  const { outputs, removal_parameter: removal } = description;
  const reaches = (parameter: string): boolean => Object.hasOwn(template.parameters, parameter);
  return {
    name: description.name,
    coe: description.coe,
    provides: description.provides.map(({ server_type: serverType, os }) => ({ serverType, os, coe: description.coe })),
    templatePath: path,
    labels,
    checkSpec: (spec) => checkSpec(spec, { description, labels, reaches }),
    unknownLabels: (all) => unknownLabels(labels, all),
    stackFor(input) {
      const common = parseLabels(commonSchema, input.labels);
      const parameters = { ...commonParameters(input), ...ownParameters(input, description, labels) };
      return defineStack(load, input, {
        template: path,
        parameters: Object.fromEntries(Object.entries(parameters).filter(([name]) => reaches(name))),
        bootVolumeSize: common.boot_volume_size,
        bootVolumeType: common.boot_volume_type,
        userData: description.user_data,
      });
    },
    readOutputs(values, spec) {
      const { output, scheme, port } = outputs.api_address;
      const address = textOutput(values, output);
      return {
        apiAddress:
          address &&
          urlOf(spec.tlsDisabled && scheme === "https" ? "http" : scheme, address, spec.apiserverPort ?? port),
        nodeAddresses: listOutput(values, outputs.node_addresses),
        masterAddresses: listOutput(values, outputs.master_addresses),
        discoveryUrl: null,
        workers: outputs.workers ? workersOutput(values, outputs.workers) : [],
      };
    },
    removalParameters: (workers) => (removal === undefined ? {} : { [removal]: workers.map(({ index }) => index) }),
  };
}

function schemaOf(label: LabelDescription): z.ZodType {
  const schemas = {
    text: () => textLabel,
    boolean: () => booleanLabel,
    network: () => networkLabel,
    https: () => httpsLabel,
    list: () => listLabel,
  };
  switch (label.type) {
    case "integer":
      return integerLabel(label.least, label.most).optional().describe(label.description);
    case "choice":
      return z
        .enum(label.values as [string, ...string[]])
        .optional()
        .describe(label.description);
    case "text": {
      const pattern = label.pattern === undefined ? undefined : new RegExp(label.pattern);
      const fits = (text: string): boolean => pattern?.test(text) ?? true;
      return textLabel.refine(fits, `must match ${label.pattern}`).optional().describe(label.description);
    }
    case "boolean":
    case "network":
    case "https":
    case "list":
      return schemas[label.type]().optional().describe(label.description);
    default:
      return label satisfies never;
  }
}

function commonParameters(input: BayTypeInput): Readonly<Record<string, HeatParameter>> {
  const labels = parseLabels(commonSchema, input.labels);
  return {
    ...serverParameters(input),
    ...networkParameters(input, labels.fixed_subnet_cidr),
    ...dockerParameters(input),
    ...credentialParameters(input),
    ...endpointParameters(input),
    ...given({
      ...loadBalancerParameters(input, labels),
      availability_zone: labels.availability_zone,
      docker_volume_type: labels.docker_volume_type,
    }),
  };
}

function ownParameters(
  input: BayTypeInput,
  { parameters, removal_parameter: removal }: Description,
  labels: z.ZodObject,
): Readonly<Record<string, HeatParameter>> {
  const values = parseLabels(labels, input.labels);
  const filled = Object.entries(parameters).map(([name, source]): [string, HeatParameter | null | undefined] => {
    if (typeof source !== "string") return [name, source.value];
    if (isSource(source)) return [name, SOURCES[source](input)];
    return [name, values[source.replace("labels.", "")] as HeatParameter | undefined];
  });
  const going = input.workersToRemove.map(({ index }) => index);
  return given({ ...Object.fromEntries(filled), ...(removal !== undefined && { [removal]: going }) });
}

interface Knowledge {
  readonly description: Description;
  readonly labels: z.ZodObject;
  readonly reaches: (parameter: string) => boolean;
}

function checkSpec(spec: BaySpec, { description, labels, reaches }: Knowledge): readonly SpecProblem[] {
  const { problems } = checkLabels(labels, spec.labels);
  const common = checkLabels(commonSchema, spec.labels).values;
  return [
    ...problems,
    ...checkTexts(spec),
    ...checkMasters(spec),
    ...checkDrivers(spec, { network: description.network_drivers, volume: description.volume_drivers }),
    ...checkNetwork(spec, common?.fixed_subnet_cidr, needsFloatingIp(spec, common)),
    ...checkReach(spec, description, reaches),
  ];
}

/** What somebody asked for, and this stack could not do. */
function checkReach(spec: BaySpec, description: Description, reaches: Knowledge["reaches"]): readonly SpecProblem[] {
  const passes = (source: Source): boolean => Object.values(description.parameters).includes(source);
  const joins = ownNetwork(spec, undefined) === null;
  const asked: readonly (readonly [field: string, isAsked: boolean, isKnown: boolean])[] = [
    ["master_count", spec.masterCount > 1, passes("master_count")],
    ["node_count", spec.nodeCount !== 1, passes("node_count")],
    ["tls_disabled", spec.tlsDisabled, passes("tls_disabled")],
    ["registry_enabled", spec.registryEnabled, passes("registry_enabled")],
    ["discovery_url", spec.discoveryUrl !== null, passes("discovery_url")],
    ["apiserver_port", spec.apiserverPort !== null, passes("apiserver_port")],
    ["flavor_id", spec.flavorId !== null, passes("flavor_id")],
    ["master_flavor_id", spec.masterFlavorId !== null, passes("master_flavor_id")],
    ["master_lb_enabled", spec.masterLbEnabled, reaches("master_lb_enabled")],
    ["floating_ip_enabled", !spec.floatingIpEnabled, reaches("floating_ip_enabled")],
    ["docker_volume_size", spec.dockerVolumeSizeGb !== null, reaches("docker_volume_size")],
    ["docker_storage_driver", spec.dockerStorageDriver !== null, reaches("docker_storage_driver")],
    ["insecure_registry", spec.insecureRegistry !== null, reaches("insecure_registry")],
    ["fixed_network", spec.fixedNetwork !== null, reaches(joins ? "fixed_network" : "fixed_network_cidr")],
    ["fixed_subnet", spec.fixedSubnet !== null, reaches("fixed_subnet")],
    ["dns_nameserver", spec.dnsNameserver !== null, reaches("dns_nameserver")],
    ["http_proxy", spec.httpProxy !== null, reaches("http_proxy")],
    ["https_proxy", spec.httpsProxy !== null, reaches("https_proxy")],
    ["keypair_id", spec.keypairId !== null, reaches("ssh_key_name")],
    ["labels.availability_zone", "availability_zone" in spec.labels, reaches("availability_zone")],
  ];
  return asked
    .filter(([, isAsked, isKnown]) => isAsked && !isKnown)
    .map(([field]) => ({ field, message: `${field}: bay type ${description.name} has no use for it` }));
}
