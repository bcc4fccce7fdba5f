/**
 * What serves each collection: the first part of a path behind `/v1`. It is loaded with the first request for it, and with
 * it all of the core that nothing else needs, so that a process which has just started loads what it is asked for.
 */
import type { Route } from "../route.ts";

export type Collections = Readonly<Record<string, () => Promise<readonly Route[]>>>;

export const COLLECTIONS: Collections = {
  baymodels: async () => (await import("./baymodels.ts")).baymodels,
  bays: async () => (await import("./bays.ts")).bays,
  clustertemplates: async () => (await import("./clustertemplates.ts")).clustertemplates,
  clusters: async () => [
    ...(await import("./clusters.ts")).clusters,
    ...(await import("./node-groups.ts")).nodeGroups,
    ...(await import("./cluster-actions.ts")).clusterActions,
  ],
  certificates: async () => [
    ...(await import("./certificates.ts")).certificates,
    ...(await import("./authorities.ts")).authorities,
  ],
  credentials: async () => (await import("./credentials.ts")).credentials,
  nodes: async () => (await import("./nodes.ts")).nodes,
  pods: async () => (await import("./pods.ts")).pods,
  services: async () => (await import("./services.ts")).services,
  rcs: async () => (await import("./rcs.ts")).rcs,
  containers: async () => (await import("./containers.ts")).containers,
  x509keypairs: async () => (await import("./x509keypairs.ts")).x509keypairs,
  quotas: async () => (await import("./quotas.ts")).quotas,
  stats: async () => (await import("./stats.ts")).stats,
  federations: async () => (await import("./federations.ts")).federations,
  mservices: async () => (await import("./mservices.ts")).mservices,
  events: async () => (await import("./events.ts")).events,
  actions: async () => (await import("./reconciliation.ts")).reconciliation,
  webhooks: async () => (await import("./webhooks.ts")).webhooks,
  hooks: async () => (await import("./hooks.ts")).hooks,
};

/** All of them, loaded: for processes that stay, which keep nobody waiting later. */
export async function loadCollections(): Promise<Collections> {
  const loaded = await Promise.all(
    Object.entries(COLLECTIONS).map(async ([name, load]) => [name, await load()] as const),
  );
  return Object.fromEntries(loaded.map(([name, routes]) => [name, () => Promise.resolve(routes)]));
}
