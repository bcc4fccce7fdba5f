/** Kubernetes' core v1 objects: the parts that are read (engine sheet 1.7), and what they say in the engines' words. */
import { z } from "zod";
import { MARK } from "./container-engine.ts";
import type { Node, Pod, ReplicationController, Service } from "./container-engine.ts";

/** Kubernetes leaves out what is empty. */
const texts = z.record(z.string(), z.string()).nullish();

const metadataSchema = z.object({
  name: z.string(),
  uid: z.string(),
  resourceVersion: z.string(),
  labels: texts,
  annotations: texts,
  deletionTimestamp: z.string().nullish(),
  deletionGracePeriodSeconds: z.number().nullish(),
});

/** What every object has; enough to see whose it is. */
export const objectSchema = z.object({ metadata: metadataSchema });

const containerSchema = z.object({ image: z.string().nullish() });

const waitingSchema = z.object({ reason: z.string().nullish(), message: z.string().nullish() }).nullish();

const podSchema = objectSchema.extend({
  spec: z.object({ nodeName: z.string().nullish(), containers: z.array(containerSchema) }),
  status: z
    .object({
      phase: z.string().nullish(),
      podIP: z.string().nullish(),
      reason: z.string().nullish(),
      message: z.string().nullish(),
      conditions: z
        .array(
          z.object({
            type: z.string(),
            status: z.string(),
            reason: z.string().nullish(),
            message: z.string().nullish(),
          }),
        )
        .nullish(),
      containerStatuses: z
        .array(
          z.object({
            name: z.string(),
            state: z.object({ waiting: waitingSchema, terminated: waitingSchema }).nullish(),
          }),
        )
        .nullish(),
    })
    .nullish(),
});

const serviceSchema = objectSchema.extend({
  spec: z.object({
    selector: texts,
    clusterIP: z.string().nullish(),
    ports: z
      .array(
        z.object({
          name: z.string().nullish(),
          protocol: z.string().nullish(),
          port: z.number(),
          targetPort: z.union([z.number(), z.string()]).nullish(),
          nodePort: z.number().nullish(),
        }),
      )
      .nullish(),
  }),
});

const replicationControllerSchema = objectSchema.extend({
  spec: z.object({
    replicas: z.number().nullish(),
    template: z.object({ spec: z.object({ containers: z.array(containerSchema) }) }),
  }),
  status: z.object({ replicas: z.number().nullish(), readyReplicas: z.number().nullish() }).nullish(),
});

const nodeSchema = objectSchema.extend({
  status: z
    .object({
      conditions: z.array(z.object({ type: z.string(), status: z.string(), message: z.string().nullish() })).nullish(),
      addresses: z.array(z.object({ type: z.string(), address: z.string() })).nullish(),
    })
    .nullish(),
});

type Metadata = z.output<typeof metadataSchema>;

export const markOf = (metadata: Metadata): string | null => metadata.annotations?.[MARK] ?? null;

const common = (metadata: Metadata) => ({
  uuid: markOf(metadata),
  engineId: metadata.uid,
  name: metadata.name,
  labels: metadata.labels ?? {},
});

const imagesOf = (containers: readonly z.output<typeof containerSchema>[]): string[] =>
  containers.map(({ image }) => image ?? "");

const PHASES = ["Pending", "Running", "Succeeded", "Failed"] as const;

function toPod({ metadata, spec, status }: z.output<typeof podSchema>): Pod {
  return {
    ...common(metadata),
    images: imagesOf(spec.containers),
    phase: PHASES.find((phase) => phase === status?.phase) ?? "Unknown",
    host: spec.nodeName ?? null,
    address: status?.podIP ?? null,
    reason: reasonOf(status),
    isGoing: typeof metadata.deletionTimestamp === "string",
  };
}

/** The first thing that keeps it from running: said by the pod, by a container of it, or by the scheduler. */
function reasonOf(status: z.output<typeof podSchema>["status"]): string | null {
  const said = (one: { reason?: string | null | undefined; message?: string | null | undefined }): string =>
    [one.reason, one.message].filter((text) => typeof text === "string" && text !== "").join(": ");
  const own = said(status ?? {});
  if (own !== "") return own;
  for (const { name, state } of status?.containerStatuses ?? []) {
    const stuck = said(state?.waiting ?? state?.terminated ?? {});
    if (stuck !== "") return `${name}: ${stuck}`;
  }
  const unscheduled = status?.conditions?.find(({ type, status: is }) => type === "PodScheduled" && is === "False");
  return unscheduled ? said(unscheduled) : null;
}

const toService = ({ metadata, spec }: z.output<typeof serviceSchema>): Service => ({
  ...common(metadata),
  selector: spec.selector ?? {},
  address: spec.clusterIP ? spec.clusterIP : null,
  ports: (spec.ports ?? []).map((port) => ({
    name: port.name ? port.name : null,
    protocol: port.protocol ?? "TCP",
    port: port.port,
    targetPort: port.targetPort ?? null,
    nodePort: port.nodePort ?? null,
  })),
});

const toReplicationController = ({
  metadata,
  spec,
  status,
}: z.output<typeof replicationControllerSchema>): ReplicationController => ({
  ...common(metadata),
  images: imagesOf(spec.template.spec.containers),
  wantedReplicas: spec.replicas ?? 1,
  replicas: status?.replicas ?? 0,
  readyReplicas: status?.readyReplicas ?? 0,
});

function toNode({ metadata, status }: z.output<typeof nodeSchema>): Node {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  const isReady = ready?.status === "True";
  return {
    ...common(metadata),
    isReady,
    addresses: (status?.addresses ?? []).filter(({ type }) => type !== "Hostname").map(({ address }) => address),
    reason: isReady ? null : (ready?.message ?? "the node has not reported"),
  };
}

/** How each kind is read. */
export const readers = {
  pod: podSchema.transform(toPod),
  service: serviceSchema.transform(toService),
  "replication-controller": replicationControllerSchema.transform(toReplicationController),
  node: nodeSchema.transform(toNode),
} as const;

export const statusSchema = z.object({ kind: z.literal("Status"), message: z.string().nullish() });

export const versionSchema = z.object({ gitVersion: z.string() });

/** A page of a list. */
export const pageSchema = <Reader extends z.ZodType>(reader: Reader) =>
  z.object({
    metadata: z.object({ continue: z.string().nullish() }).nullish(),
    items: z.array(reader).nullish(),
  });

export const podContainersSchema = z.array(z.looseObject({ name: z.string() }));

/** What was given to a service or a pod when it was made, and what a replacement must repeat. */
export const givenSchema = z.object({
  spec: z.looseObject({ clusterIP: z.string().nullish(), containers: podContainersSchema.nullish() }),
});
