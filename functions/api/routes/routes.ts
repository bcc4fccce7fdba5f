/** Every route there is, but for the public documents. */
import type { Route } from "../route.ts";
import { baymodels } from "./baymodels.ts";
import { bays } from "./bays.ts";
import { certificates } from "./certificates.ts";
import { clusters } from "./clusters.ts";
import { clustertemplates } from "./clustertemplates.ts";

export const ROUTES: readonly Route[] = [...baymodels, ...bays, ...clustertemplates, ...clusters, ...certificates];
