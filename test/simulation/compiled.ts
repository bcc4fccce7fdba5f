import { join } from "node:path";

/** Where processes keep what they compiled: the start of one takes half as long. */
export const COMPILED = join(import.meta.dirname, "../../node_modules/.cache/simulation");
