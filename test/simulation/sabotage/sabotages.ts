/**
 * Deliberate bugs: mistakes that one could make in this code, each a snippet of the product's source and what stands in
 * its place while a test runs. Each must be caught by the simulation, or the simulation has a hole.
 */
import { API_SABOTAGES } from "./api-sabotages.ts";
import { CHANGE_SABOTAGES } from "./change-sabotages.ts";
import { ENGINE_SABOTAGES } from "./engine-sabotages.ts";
import { HEALTH_SABOTAGES } from "./health-sabotages.ts";
import { HOOK_SABOTAGES } from "./hook-sabotages.ts";
import { REPAIR_SABOTAGES } from "./repair-sabotages.ts";
import { STEP_SABOTAGES } from "./step-sabotages.ts";

export interface Sabotage {
  /** The mistake, in words. */
  readonly name: string;
  readonly file: string;
  /** Stands in the file exactly once, however its lines are broken. */
  readonly find: string;
  readonly put: string;
}

export const SABOTAGES: readonly Sabotage[] = [
  ...ENGINE_SABOTAGES,
  ...STEP_SABOTAGES,
  ...API_SABOTAGES,
  ...CHANGE_SABOTAGES,
  ...HOOK_SABOTAGES,
  ...REPAIR_SABOTAGES,
  ...HEALTH_SABOTAGES,
];
