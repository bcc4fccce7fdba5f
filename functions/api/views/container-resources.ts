/**
 * What callers see of pods, services, replication controllers and containers (bay-era sheet 3.4 to 3.7), and besides why
 * one is not as it should be (`status_reason`), which the era had no place for.
 */
import type {
  Container,
  ContainerResource,
  Pod,
  ReplicationController,
  Service,
} from "@jeroboam/core/container/resource";
import type { JsonObject } from "@jeroboam/core/json";
import type { WorkRecord } from "@jeroboam/core/operation/record";
import { itemLinks } from "../links.ts";
import { wireTime } from "../wire/time.ts";

export type View<State> = (record: WorkRecord<State>, base: string) => JsonObject;

const linksOf = (collection: string, { uuid }: ContainerResource, base: string) =>
  itemLinks(base, collection, uuid).map((link) => ({ ...link }));

/** Why the last operation failed; else why this one does not come on; else what the engine says. */
function reasonOf({ state, operation }: WorkRecord<ContainerResource>): string | null {
  return state.failure ?? operation?.trouble ?? state.statusReason;
}

function full<State extends ContainerResource>(brief: View<State>): View<State> {
  return (record, base) => {
    const { links, ...rest } = brief(record, base);
    return {
      ...rest,
      status_reason: reasonOf(record),
      created_at: wireTime(record.state.createdAtMs),
      updated_at: wireTime(record.state.updatedAtMs),
      links: links ?? null,
    };
  };
}

export const viewBriefPod: View<Pod> = ({ state }, base) => ({
  uuid: state.uuid,
  name: state.name,
  desc: state.desc,
  bay_uuid: state.bayUuid,
  images: state.images,
  labels: state.labels,
  status: state.status,
  host: state.host,
  links: linksOf("pods", state, base),
});
export const viewPod = full(viewBriefPod);

/** Ports as a manifest writes them. */
export const viewBriefService: View<Service> = ({ state }, base) => ({
  uuid: state.uuid,
  name: state.name,
  bay_uuid: state.bayUuid,
  labels: state.labels,
  selector: state.selector,
  ip: state.ip,
  ports: state.ports.map(({ name, port, targetPort, protocol, nodePort }) => ({
    ...(name !== null && { name }),
    port,
    ...(targetPort !== null && { targetPort }),
    protocol,
    ...(nodePort !== null && { nodePort }),
  })),
  links: linksOf("services", state, base),
});
export const viewService = full(viewBriefService);

export const viewBriefReplicationController: View<ReplicationController> = ({ state }, base) => ({
  uuid: state.uuid,
  name: state.name,
  images: state.images,
  bay_uuid: state.bayUuid,
  labels: state.labels,
  replicas: state.replicas,
  links: linksOf("rcs", state, base),
});

/** Without times: the era read them from Kubernetes, which has others. */
export const viewReplicationController: View<ReplicationController> = (record, base) => {
  const { links, ...rest } = viewBriefReplicationController(record, base);
  return { ...rest, status_reason: reasonOf(record), links: links ?? null };
};

export const viewBriefContainer: View<Container> = ({ state }, base) => ({
  uuid: state.uuid,
  name: state.name,
  image: state.image,
  bay_uuid: state.bayUuid,
  command: state.command,
  status: state.status,
  memory: state.memory,
  environment: state.environment,
  links: linksOf("containers", state, base),
});
export const viewContainer = full(viewBriefContainer);
