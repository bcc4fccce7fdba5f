/** Every resource type that the sandbox's Heat knows. */
import { balancerKinds } from "./balancers.ts";
import { cinderKinds } from "./cinder.ts";
import { configKinds } from "./config.ts";
import { groupKinds } from "./group.ts";
import type { Kind } from "./kind.ts";
import { neutronKinds } from "./neutron.ts";
import { novaKinds } from "./nova.ts";
import { securityKinds } from "./security.ts";
import { simpleKinds } from "./simple.ts";
import { waitKinds } from "./wait.ts";

export const builtIn: Readonly<Record<string, Kind>> = {
  ...simpleKinds,
  ...groupKinds,
  ...waitKinds,
  ...configKinds,
  ...novaKinds,
  ...neutronKinds,
  ...securityKinds,
  ...balancerKinds,
  ...cinderKinds,
};
