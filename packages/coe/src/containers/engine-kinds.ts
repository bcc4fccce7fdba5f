/** The engines' words for the kinds of records. */
import type { ResourceKind } from "@jeroboam/core/container/resource";
import type { ManagedKind, ManagedObjects } from "../engines/container-engine.ts";

export const ENGINE_KINDS = {
  pod: "pod",
  service: "service",
  rc: "replication-controller",
  container: "container",
} as const satisfies Readonly<Record<ResourceKind, ManagedKind>>;

export type EngineObjectOf<Kind extends ResourceKind> = ManagedObjects[(typeof ENGINE_KINDS)[Kind]];
