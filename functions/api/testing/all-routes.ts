/** Every route there is, but for the public documents and what is signed. */
import type { Route } from "../route.ts";
import { COLLECTIONS } from "../routes/routes.ts";

export const ROUTES: readonly Route[] = (await Promise.all(Object.values(COLLECTIONS).map((load) => load()))).flat();
