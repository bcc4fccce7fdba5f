/** The bay types that the environment's operator wants; what is wrong with them is for the person at the terminal. */
import type { BayTypes } from "@jeroboam/coe/bay-types";
import { BayTypesRefused, installedBayTypes } from "@jeroboam/coe/file-bay-types";
import { StartRefused } from "./start-refused.ts";

/** Throws StartRefused. */
export async function loadBayTypes(): Promise<BayTypes> {
  try {
    return await installedBayTypes(process.env);
  } catch (thrown) {
    if (thrown instanceof BayTypesRefused) throw new StartRefused(`the bay types cannot be used: ${thrown.message}`);
    throw thrown;
  }
}
