/** What an engine says of an object, as what its record is to say: pure, and the same for whoever looked. */
import { limits } from "@jeroboam/core/limits";
import type {
  Container as ContainerRecord,
  ContainerResources,
  Pod as PodRecord,
  ReplicationController as ReplicationControllerRecord,
  ResourceKind,
  Service as ServiceRecord,
} from "@jeroboam/core/container/resource";
import type { Unreachable } from "../engines/container-engine.ts";
import type { EngineObjectOf } from "./engine-kinds.ts";

type Observe<Kind extends ResourceKind> = (object: EngineObjectOf<Kind>) => Partial<ContainerResources[Kind]>;

/** The object is there, like this. */
export const observers: { readonly [Kind in ResourceKind]: Observe<Kind> } = {
  pod: ({ labels, images, phase, host, reason, isGoing }): Partial<PodRecord> => ({
    isMade: true,
    labels: shownMap(labels),
    images: shownList(images),
    status: phase,
    host,
    statusReason: isGoing ? "it is being removed from the bay" : reason,
  }),
  service: ({ labels, selector, address, ports }): Partial<ServiceRecord> => ({
    isMade: true,
    labels: shownMap(labels),
    selector: Object.keys(selector).length > 0 ? shownMap(selector) : null,
    ip: address,
    ports: shownList(ports).map((port) => ({ ...port })),
    statusReason: null,
  }),
  rc: ({ labels, images, replicas }): Partial<ReplicationControllerRecord> => ({
    isMade: true,
    labels: shownMap(labels),
    images: shownList(images),
    replicas,
    statusReason: null,
  }),
  container: ({ state, host, reason }): Partial<ContainerRecord> => ({
    isMade: true,
    status: state,
    host,
    statusReason: reason,
  }),
};

const GONE = "it is not in the bay any more: somebody removed it there";

/** The object was there, and somebody else removed it. */
export const missing: { readonly [Kind in ResourceKind]: Partial<ContainerResources[Kind]> } = {
  pod: { status: "Missing", host: null, statusReason: GONE },
  service: { ip: null, statusReason: GONE },
  rc: { replicas: 0, statusReason: GONE },
  // The sheet's word for it (6).
  container: { status: "Error", host: null, statusReason: GONE },
};

/** Nobody can tell how the object is. */
export function unknown(
  kind: ResourceKind,
  { reason }: Pick<Unreachable, "reason">,
): {
  readonly status?: string;
  readonly statusReason: string;
} {
  const statusReason = troubleOf(reason);
  return kind === "pod" || kind === "container" ? { status: "Unknown", statusReason } : { statusReason };
}

export function troubleOf(reason: string): string {
  return `the bay's engine cannot be asked: ${reason}`.slice(0, limits.engine.statusReasonChars);
}

/** As much as a record holds: what others put into a bay has no limit of ours. */
function shownMap(map: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(shownList(Object.entries(map)));
}

function shownList<Value>(values: readonly Value[]): Value[] {
  let room: number = limits.container.shownBytes / 4;
  return values.filter((value) => {
    room -= Buffer.byteLength(JSON.stringify(value)) + 1;
    return room >= 0;
  });
}
