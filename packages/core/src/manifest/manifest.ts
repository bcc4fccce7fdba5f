/**
 * Manifests of pods, services and replication controllers: what a user sends to have made in a Kubernetes bay, checked
 * before it is accepted. Promises that what it lets through is one document of the claimed kind, of API v1, for the
 * namespace `default`, with names, labels, ports, containers and selectors that Kubernetes takes (engine sheet 1.4,
 * bay-era sheet 5). The rest of the object is passed on as it was written; Kubernetes has the last word on it.
 */
import { z } from "zod";
import { limits } from "../limits.ts";
import { readDocument } from "./document.ts";
import type { ManifestProblem } from "./document.ts";
import { annotationMap, labelMap, labelName, requiredText, serviceName, subdomainName } from "./kubernetes-names.ts";

/** A key that YAML left empty counts as left out. */
const optional = <Schema extends z.ZodType>(schema: Schema) => schema.nullish();

const mapOf = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.looseObject(shape, {
    error: ({ input }) => (input === undefined || input === null ? "is missing" : "must be a map"),
  });

const listOf = <Item extends z.ZodType>(item: Item) =>
  z.array(item, {
    error: ({ input }) => (input === undefined || input === null ? "is missing" : "must be a list"),
  });

const oneOf = (value: string): z.ZodLiteral => z.literal(value, { error: `must be ${value}` });

const kindAndVersion = (kind: string) => ({ apiVersion: optional(oneOf("v1")), kind: optional(oneOf(kind)) });

/** Without a name, as in the template of a replication controller. */
const templateMetadata = { labels: optional(labelMap), annotations: optional(annotationMap) };

const metadataOf = (name: z.ZodString) =>
  mapOf({
    ...templateMetadata,
    name,
    namespace: optional(z.literal("default", { error: "must be default, where this service keeps what it makes" })),
  });

const podSpec = mapOf({
  containers: listOf(mapOf({ name: labelName, image: requiredText }))
    .min(1, "is empty")
    .superRefine((containers, context) => {
      const names = containers.map(({ name }) => name);
      const repeated = names.findIndex((name, index) => names.indexOf(name) < index);
      if (repeated >= 0) context.addIssue({ code: "custom", path: [repeated, "name"], message: "is there twice" });
    }),
});

const podSchema = mapOf({ ...kindAndVersion("Pod"), metadata: metadataOf(subdomainName), spec: podSpec });

const portNumber = z
  .int({ error: ({ input }) => (input === undefined || input === null ? "is missing" : "must be a whole number") })
  .min(1, "must be at least 1")
  .max(65_535, "must be at most 65535");

const servicePort = mapOf({
  name: optional(labelName),
  port: portNumber,
  targetPort: optional(z.union([portNumber, labelName], { error: "must be a port's number or name" })),
  protocol: optional(z.enum(["TCP", "UDP", "SCTP"], { error: "must be TCP, UDP or SCTP" })),
});

const serviceSchema = mapOf({
  ...kindAndVersion("Service"),
  metadata: metadataOf(serviceName),
  spec: mapOf({
    type: optional(requiredText),
    clusterIP: optional(requiredText),
    selector: optional(labelMap),
    ports: optional(listOf(servicePort)),
  }).superRefine(({ type, clusterIP, ports }, context) => {
    const needsPorts = type !== "ExternalName" && clusterIP !== "None";
    if (needsPorts && !ports?.length) {
      context.addIssue({ code: "custom", path: ["ports"], message: ports ? "is empty" : "is missing" });
    }
    if (!ports || ports.length < 2) return;
    const names = ports.map(({ name }) => name);
    for (const [index, name] of names.entries()) {
      const path = ["ports", index, "name"];
      if (typeof name !== "string") {
        context.addIssue({ code: "custom", path, message: "is missing: each of several ports has a name" });
      } else if (names.indexOf(name) < index) {
        context.addIssue({ code: "custom", path, message: "is there twice" });
      }
    }
  }),
});

const replicationControllerSchema = mapOf({
  ...kindAndVersion("ReplicationController"),
  metadata: metadataOf(subdomainName),
  spec: mapOf({
    replicas: optional(z.int("must be a whole number").min(0, "must be 0 or more")),
    selector: optional(labelMap),
    template: mapOf({ metadata: mapOf(templateMetadata), spec: podSpec }),
  }).superRefine(({ selector, template }, context) => {
    const labels = template.metadata.labels ?? {};
    if (Object.keys(labels).length === 0) {
      const message = "is missing: the replication controller knows its pods by them";
      context.addIssue({ code: "custom", path: ["template", "metadata", "labels"], message });
      return;
    }
    for (const [key, value] of Object.entries(selector ?? {})) {
      if (labels[key] === value) continue;
      context.addIssue({ code: "custom", path: ["selector", key], message: "is not among the labels of the template" });
    }
  }),
});

const schemas = {
  pod: podSchema,
  service: serviceSchema,
  "replication-controller": replicationControllerSchema,
} as const;

const kinds = { pod: "Pod", service: "Service", "replication-controller": "ReplicationController" } as const;

export type ManifestKind = keyof typeof schemas;

/** The whole document with `apiVersion` and `kind` filled in, typed as far as it was checked. */
export type Manifest<Kind extends ManifestKind = ManifestKind> = z.output<(typeof schemas)[Kind]>;

export type ManifestReading<Kind extends ManifestKind> =
  | { readonly kind: "manifest"; readonly manifest: Manifest<Kind> }
  /** At least one; at most `limits.manifest.problems`. */
  | { readonly kind: "invalid"; readonly problems: readonly ManifestProblem[] };

/** Reads the text of a manifest, JSON or YAML, that is to be a `kind`. */
export function readManifest<Kind extends ManifestKind>(kind: Kind, text: string): ManifestReading<Kind> {
  const document = readDocument(text);
  if (document.kind === "invalid") return { kind: "invalid", problems: [document.problem] };
  const schema: z.ZodType = schemas[kind];
  const read = schema.safeParse(document.value);
  if (!read.success) {
    const problems = read.error.issues.slice(0, limits.manifest.problems).map(problemOf);
    return { kind: "invalid", problems };
  }
  const manifest = { ...(read.data as Manifest<Kind>), apiVersion: "v1", kind: kinds[kind] };
  return { kind: "manifest", manifest };
}

/** `spec.containers[0].image is missing; metadata.name …`: one sentence for the one who sent it. */
export function describeProblems(problems: readonly ManifestProblem[]): string {
  return problems.map(({ place, message }) => (place === "" ? message : joined(place, message))).join("; ");
}

const joined = (place: string, message: string): string =>
  /^(it|line)\b/.test(message) || place.startsWith("line ") ? `${place}: ${message}` : `${place} ${message}`;

function problemOf({ path, message }: z.core.$ZodIssue): ManifestProblem {
  const place = path.reduce<string>((sofar, part) => {
    if (typeof part === "number") return `${sofar}[${part}]`;
    return sofar === "" ? String(part) : `${sofar}.${String(part)}`;
  }, "");
  return place === "" ? { place, message: `the manifest ${message}` } : { place, message };
}
