/** Every route there is, but for the public documents. */
import type { Route } from "../route.ts";
import { baymodels } from "./baymodels.ts";
import { bays } from "./bays.ts";
import { certificates } from "./certificates.ts";
import { credentials } from "./credentials.ts";
import { clusterActions } from "./cluster-actions.ts";
import { clusters } from "./clusters.ts";
import { clustertemplates } from "./clustertemplates.ts";
import { containers } from "./containers.ts";
import { events } from "./events.ts";
import { mservices } from "./mservices.ts";
import { federations } from "./federations.ts";
import { nodeGroups } from "./node-groups.ts";
import { nodes } from "./nodes.ts";
import { quotas } from "./quotas.ts";
import { stats } from "./stats.ts";
import { reconciliation } from "./reconciliation.ts";
import { hooks } from "./hooks.ts";
import { webhooks } from "./webhooks.ts";
import { pods } from "./pods.ts";
import { rcs } from "./rcs.ts";
import { services } from "./services.ts";
import { x509keypairs } from "./x509keypairs.ts";

export const ROUTES: readonly Route[] = [
  ...baymodels,
  ...bays,
  ...clustertemplates,
  ...clusters,
  ...nodeGroups,
  ...clusterActions,
  ...certificates,
  ...credentials,
  ...nodes,
  ...pods,
  ...services,
  ...rcs,
  ...containers,
  ...x509keypairs,
  ...quotas,
  ...stats,
  ...federations,
  ...mservices,
  ...events,
  ...reconciliation,
  ...webhooks,
  ...hooks,
];
