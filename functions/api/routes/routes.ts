/** Every route there is, but for the public documents. */
import type { Route } from "../route.ts";

export const ROUTES: readonly Route[] = [];
