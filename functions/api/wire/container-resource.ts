/**
 * Pods, services, replication controllers and containers on the wire (bay-era sheet 3.4 to 3.7): what a caller may say
 * when making one, and what a patch may touch. What the bay's engine says of them is nobody's to set.
 */
import { splitCommand } from "@jeroboam/coe/engines/command-words";
import { parseMemoryBytes } from "@jeroboam/coe/engines/memory-size";
import type { Json } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import { z } from "zod";
import type { AttributeSet } from "./attributes.ts";
import { readAttributes } from "./attributes.ts";
import type { PatchRules } from "./patch.ts";
import { COMMON_INTERNAL } from "./patch.ts";
import { describeBody } from "./reader.ts";
import { labels, optional, reference, text, uuid } from "./types.ts";

export interface ManifestWish {
  readonly uuid: string | undefined;
  readonly bayUuid: string;
  readonly manifest: string | null;
  readonly manifestUrl: string | null;
  /** Which of the two were sent, even as null: they are echoed. */
  readonly sent: readonly ("manifest" | "manifest_url")[];
  readonly desc: string | null;
}

const SHOWN_ONLY = ["name", "labels", "status_reason", "links", "created_at", "updated_at"];

const manifestAttributes = {
  uuid: optional(uuid),
  bay_uuid: uuid,
  manifest: optional(text(1, limits.manifest.bytes)),
  manifest_url: optional(text(1, limits.web.urlChars)),
};

/** The era's clients send some of what the engine says; it says it anew. */
const POD = {
  argument: "pod",
  schema: z.strictObject({ ...manifestAttributes, desc: optional(text(0, limits.container.descriptionChars)) }),
  readOnly: SHOWN_ONLY,
  ignored: ["images", "status", "host"],
} satisfies AttributeSet<z.ZodObject>;

const SERVICE = {
  argument: "service",
  schema: z.strictObject(manifestAttributes),
  readOnly: [...SHOWN_ONLY, "selector", "ports"],
  ignored: ["ip"],
} satisfies AttributeSet<z.ZodObject>;

const REPLICATION_CONTROLLER = {
  argument: "rc",
  schema: z.strictObject(manifestAttributes),
  readOnly: [...SHOWN_ONLY, "replicas"],
  ignored: ["images"],
} satisfies AttributeSet<z.ZodObject>;

const manifested = { pod: POD, service: SERVICE, rc: REPLICATION_CONTROLLER };

export function manifestReader(kind: keyof typeof manifested) {
  return describeBody({ kind: "object", schema: manifested[kind].schema }, (given: Json | undefined) =>
    readManifestWish(kind, given),
  );
}

function readManifestWish(kind: keyof typeof manifested, given: Json | undefined): ManifestWish {
  const read = kind === "pod" ? readAttributes(POD, given) : { ...readAttributes(manifested[kind], given), desc: null };
  const isSent = (name: string): boolean => typeof given === "object" && given !== null && name in given;
  return {
    uuid: read.uuid ?? undefined,
    bayUuid: read.bay_uuid,
    manifest: read.manifest,
    manifestUrl: read.manifest_url,
    sent: (["manifest", "manifest_url"] as const).filter(isSent),
    desc: read.desc,
  };
}

export interface ContainerWish {
  readonly uuid: string | undefined;
  readonly name: string | null;
  readonly image: string;
  readonly bayUuid: string;
  readonly command: string | null;
  readonly memory: string | null;
  readonly environment: Readonly<Record<string, string>>;
}

/** The words of a command, or what is wrong with it. */
export const command = text(1, limits.container.commandChars).superRefine((value, context) => {
  const split = splitCommand(value);
  if (split.kind === "invalid") context.addIssue({ code: "custom", message: `Value is no command: ${split.reason}` });
});

const CONTAINER = {
  argument: "container",
  schema: z.strictObject({
    uuid: optional(uuid),
    name: optional(
      reference.refine((name) => /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name), {
        error: "Value should begin with a letter or a digit, and hold letters, digits, _, . and - only",
      }),
    ),
    image: text(1, limits.api.nameChars).refine((image) => /^[^\s]+$/.test(image), {
      error: "Value should be the name of an image",
    }),
    bay_uuid: uuid,
    command: optional(command),
    memory: optional(
      reference.refine((memory) => parseMemoryBytes(memory) !== null, {
        error: "Value should be a size such as 512m",
      }),
    ),
    environment: labels.default({}),
  }),
  readOnly: ["host", "status_reason", "links", "created_at", "updated_at"],
  ignored: ["status"],
} satisfies AttributeSet<z.ZodObject>;

export const readContainerWish = describeBody(
  { kind: "object", schema: CONTAINER.schema },
  (given: Json | undefined): ContainerWish => {
    const { uuid: id, name, image, bay_uuid, memory, environment, ...rest } = readAttributes(CONTAINER, given);
    return { uuid: id ?? undefined, name, image, bayUuid: bay_uuid, command: rest.command, memory, environment };
  },
);

const INTERNAL = [...COMMON_INTERNAL, "status_reason"];
const RULES = { mandatory: ["bay_uuid"], dicts: [] };

export const RESOURCE_PATCHES = {
  pod: { ...RULES, internal: [...INTERNAL, "name", "labels", "images", "status", "host"] },
  service: { ...RULES, internal: [...INTERNAL, "name", "labels", "selector", "ports", "ip"] },
  rc: { ...RULES, internal: [...INTERNAL, "name", "labels", "images", "replicas"] },
  container: { mandatory: ["bay_uuid"], dicts: ["environment"], internal: [...INTERNAL, "status", "host"] },
} satisfies Readonly<Record<string, PatchRules>>;
