/** Every route there is, but for the public documents. */
import type { Route } from "../route.ts";
import { baymodels } from "./baymodels.ts";
import { clustertemplates } from "./clustertemplates.ts";

export const ROUTES: readonly Route[] = [...baymodels, ...clustertemplates];
