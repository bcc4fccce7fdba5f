/**
 * Keystone's service catalog, as it comes inside a token: where in which region a service listens. Service types go by
 * several names; whichever the cloud uses is found.
 */
import { z } from "zod";

const endpointSchema = z.object({
  interface: z.string(),
  url: z.string(),
  region_id: z.string().nullish(),
  region: z.string().nullish(),
});

export const catalogSchema = z.array(
  z.object({
    type: z.string(),
    name: z.string().nullish(),
    endpoints: z.array(endpointSchema),
  }),
);

export type Catalog = z.output<typeof catalogSchema>;

export type ServiceType =
  | "block-storage"
  | "compute"
  | "container-infra"
  | "identity"
  | "image"
  | "key-manager"
  | "load-balancer"
  | "network"
  | "orchestration";

/** Other names of a service type, the official one included, in the order of preference. */
const NAMES: Readonly<Record<ServiceType, readonly string[]>> = {
  "block-storage": ["block-storage", "volumev3", "block-store", "volume"],
  compute: ["compute"],
  "container-infra": ["container-infra", "container-infrastructure-management", "container-infrastructure"],
  identity: ["identity"],
  image: ["image"],
  "key-manager": ["key-manager"],
  "load-balancer": ["load-balancer"],
  network: ["network"],
  orchestration: ["orchestration"],
};

export type Interface = "public" | "internal" | "admin";

/** Which of a service's endpoints to use. Without a region: the first that the catalog names. */
export interface EndpointChoice {
  readonly region?: string;
  readonly interface: Interface;
}

export type EndpointOutcome =
  | { readonly kind: "found"; readonly url: string }
  | { readonly kind: "missing"; readonly reason: string };

/** The address of a service, without a slash at its end. The reason of a miss says what the catalog has instead. */
export function findEndpoint(catalog: Catalog, service: ServiceType, choice: EndpointChoice): EndpointOutcome {
  const entries = NAMES[service].flatMap((name) => catalog.filter((entry) => entry.type === name));
  const endpoints = entries.flatMap((entry) => entry.endpoints);
  const found = endpoints.find(
    (endpoint) => isInterface(endpoint.interface, choice.interface) && isRegion(endpoint, choice.region),
  );
  if (found) return { kind: "found", url: found.url.replace(/\/+$/, "") };
  if (endpoints.length === 0) return { kind: "missing", reason: `the cloud's catalog has no ${service} service` };
  const there = [...new Set(endpoints.map((one) => `${one.interface} in ${regionOf(one) ?? "no region"}`))].join(", ");
  const where = choice.region === undefined ? "" : ` in region ${choice.region}`;
  return {
    kind: "missing",
    reason: `no ${choice.interface} endpoint for ${service}${where}; the catalog has: ${there}`,
  };
}

/** Old clouds write publicURL where the catalog now says public. */
const isInterface = (text: string, wanted: Interface): boolean => text === wanted || text === `${wanted}URL`;

const regionOf = (endpoint: z.output<typeof endpointSchema>): string | undefined =>
  endpoint.region_id ?? endpoint.region ?? undefined;

const isRegion = (endpoint: z.output<typeof endpointSchema>, wanted: string | undefined): boolean =>
  wanted === undefined || endpoint.region_id === wanted || endpoint.region === wanted;
