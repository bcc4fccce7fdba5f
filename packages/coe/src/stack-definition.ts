/** What the stacks of all bay types have alike: name, tags, time limit, and what a server boots from. */
import type { BayTypeInput, HeatEnvironment, HeatStackDefinition, TemplateLoader } from "./bay-type.ts";
import { stackName, stackTags } from "./stack-name.ts";
import { given } from "./stack-parameters.ts";

/** The template that is the stack, and what differs between bays. */
interface StackSubject {
  readonly template: string;
  readonly parameters: HeatStackDefinition["parameters"];
  /** GB; 0 or none: nodes boot from the disk of their flavor. */
  readonly bootVolumeSize: number | undefined;
  readonly bootVolumeType: string | undefined;
}

export function defineStack(load: TemplateLoader, input: BayTypeInput, subject: StackSubject): HeatStackDefinition {
  const environment = serverEnvironment(subject.bootVolumeSize ?? 0, subject.bootVolumeType);
  const besides = Object.values(environment.resource_registry).filter((name) => name.endsWith(".yaml"));
  const timeoutMinutes = input.createTimeoutMinutes ?? 0;
  return {
    name: stackName(input),
    ...load(subject.template, besides),
    environment,
    parameters: subject.parameters,
    tags: stackTags(input.uuid),
    ...(timeoutMinutes > 0 && { timeoutMinutes }),
  };
}

function serverEnvironment(volumeSizeGb: number, volumeType: string | undefined): HeatEnvironment {
  if (volumeSizeGb === 0) {
    return { resource_registry: { "Jeroboam::Server": "OS::Nova::Server" }, parameter_defaults: {} };
  }
  return {
    resource_registry: { "Jeroboam::Server": "node/server-on-volume.yaml" },
    parameter_defaults: given({ boot_volume_size: volumeSizeGb, boot_volume_type: volumeType }),
  };
}
