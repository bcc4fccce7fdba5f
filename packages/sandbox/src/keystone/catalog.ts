/** The services of the cloud: the catalog in tokens, and the same as services and endpoints. */
import type { Cloud } from "../cloud.ts";
import { hashSecret } from "./directory.ts";

interface Service {
  id: string;
  name: string;
  type: string;
  url: string;
}

/** Ids of services and endpoints never change, so that they need no keeping. */
const stableId = (text: string): string => hashSecret(`sandbox ${text}`).slice(0, 32);

/** `projectId` stands in the URLs of the services that want it there. */
export function servicesOf(cloud: Cloud, projectId: string): Service[] {
  const { publicUrl, containerInfraUrl } = cloud.options;
  const listed: [string, string, string][] = [
    ["keystone", "identity", `${publicUrl}/v3`],
    ["heat", "orchestration", `${publicUrl}/orchestration/v1/${projectId}`],
    ["heat-cfn", "cloudformation", `${publicUrl}/orchestration-cfn/v1`],
    ["nova", "compute", `${publicUrl}/compute/v2.1`],
    ["neutron", "network", `${publicUrl}/network`],
    ["glance", "image", `${publicUrl}/image`],
    ["barbican", "key-manager", `${publicUrl}/key-manager`],
  ];
  if (containerInfraUrl !== null) {
    listed.push(["magnum", "container-infra", containerInfraUrl], ["magnum", "container", containerInfraUrl]);
  }
  return listed.map(([name, type, url]) => ({ id: stableId(type), name, type, url }));
}

const INTERFACES = ["public", "internal", "admin"] as const;

export function endpointsOf(cloud: Cloud, projectId: string) {
  return servicesOf(cloud, projectId).flatMap((service) =>
    INTERFACES.map((kind) => ({
      id: stableId(`${service.type} ${kind}`),
      service_id: service.id,
      interface: kind,
      region: cloud.options.region,
      region_id: cloud.options.region,
      url: service.url,
      enabled: true,
    })),
  );
}

/** The catalog of a token: empty for a scope other than a project's, but for Keystone itself. */
export function catalogOf(cloud: Cloud, projectId: string | null) {
  const services = servicesOf(cloud, projectId ?? "");
  const endpoints = endpointsOf(cloud, projectId ?? "");
  return services
    .filter((service) => projectId !== null || !service.url.endsWith("/"))
    .map(({ id, name, type }) => ({
      endpoints: endpoints
        .filter((endpoint) => endpoint.service_id === id)
        .map(({ id: endpointId, interface: kind, region, region_id, url }) => ({
          id: endpointId,
          interface: kind,
          region_id,
          url,
          region,
        })),
      id,
      type,
      name,
    }));
}
