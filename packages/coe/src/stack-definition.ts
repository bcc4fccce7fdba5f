/**
 * What the stacks of all bay types have alike: name, tags, time limit, what a server boots from, and in which form its
 * nodes are told what to do at their first boot.
 */
import { gzipSync } from "node:zlib";
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
  /** What nodes read at their first boot; cloud-init's formats where nothing is said. */
  readonly userData?: UserData;
}

/** Packed where a bay's own texts (authorities, proxies, options) would not fit beside the scripts into Nova's 64 KB. */
export type UserData = "cloud-init" | "packed-cloud-init" | "ignition";

/** What stands for a node's user data, and for the part of it that is the same for all nodes of its kind. */
const multipart = {
  "Jeroboam::BootConfig": "OS::Heat::MultipartMime",
  "Jeroboam::UserData": "OS::Heat::MultipartMime",
};
const userDataTypes: Readonly<Record<UserData, HeatEnvironment["resource_registry"]>> = {
  "cloud-init": multipart,
  "packed-cloud-init": multipart,
  ignition: {
    "Jeroboam::BootConfig": "node/ignition-boot.yaml",
    "Jeroboam::UserData": "node/ignition-user-data.yaml",
  },
};

export function defineStack(load: TemplateLoader, input: BayTypeInput, subject: StackSubject): HeatStackDefinition {
  const server = serverEnvironment(subject.bootVolumeSize ?? 0, subject.bootVolumeType);
  const environment = {
    ...server,
    resource_registry: { ...server.resource_registry, ...userDataTypes[subject.userData ?? "cloud-init"] },
  };
  const besides = Object.values(environment.resource_registry).filter((name) => name.endsWith(".yaml"));
  const { template, files } = load(subject.template, besides);
  const timeoutMinutes = input.createTimeoutMinutes ?? 0;
  return {
    name: stackName(input),
    template,
    files: withScriptsFor(subject.userData ?? "cloud-init", files),
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

/** What unpacks the others is not packed. */
const START_SCRIPT = "node/ignition-start.sh";

function withScriptsFor(userData: UserData, files: HeatStackDefinition["files"]): HeatStackDefinition["files"] {
  if (userData === "cloud-init") return files;
  const pack = userData === "ignition" ? packed : unpackingItself;
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => [
      name,
      name.endsWith(".sh") && name !== START_SCRIPT ? pack(text) : text,
    ]),
  );
}

/** Ignition takes text as part of an address, where half of a script's characters become three: packed, it has room. */
const packed = (script: string): string => `${gzipSync(script).toString("base64")}\n`;

/** A line of Bash that is the script; the first of a file that is run keeps its interpreter. */
function unpackingItself(script: string): string {
  const [interpreter = ""] = /^#!.*\n/.exec(script) ?? [];
  return `${interpreter}eval "$(base64 --decode <<<${gzipSync(script).toString("base64")} | gzip --decompress)"\n`;
}
