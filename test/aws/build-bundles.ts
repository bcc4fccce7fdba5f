/** The suite drives the functions' bundles: what is deployed. */
import { bundleFunction, FUNCTION_NAMES } from "../../scripts/function-bundles.ts";

export async function setup(): Promise<void> {
  await Promise.all(FUNCTION_NAMES.map(bundleFunction));
}
