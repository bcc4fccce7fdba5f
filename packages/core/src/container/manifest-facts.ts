/** What a record shows of an object before the engine has said anything of it: what its manifest says (bay-era sheet 5). */
import type { Manifest } from "../manifest/manifest.ts";
import type { Pod, ReplicationController, Service } from "./resource.ts";

type Facts<State, Field extends keyof State> = Pick<State, Field | Extract<keyof State, "name" | "labels">>;

export function factsOfPod({ metadata, spec }: Manifest<"pod">): Facts<Pod, "images"> {
  return { name: metadata.name, labels: metadata.labels ?? {}, images: spec.containers.map(({ image }) => image) };
}

export function factsOfService({ metadata, spec }: Manifest<"service">): Facts<Service, "selector" | "ports"> {
  return {
    name: metadata.name,
    labels: metadata.labels ?? {},
    selector: spec.selector ?? null,
    ports: (spec.ports ?? []).map(({ name, protocol, port, targetPort }) => ({
      name: name ?? null,
      protocol: protocol ?? "TCP",
      port,
      targetPort: targetPort ?? null,
      nodePort: null,
    })),
  };
}

/** Its own labels, or, where it has none, those of its pods, as Kubernetes sets them. */
export function factsOfReplicationController({
  metadata,
  spec,
}: Manifest<"replication-controller">): Facts<ReplicationController, "images" | "replicas"> {
  const { replicas, template } = spec;
  return {
    name: metadata.name,
    labels: metadata.labels ?? template.metadata.labels ?? {},
    images: template.spec.containers.map(({ image }) => image),
    replicas: replicas ?? 1,
  };
}
