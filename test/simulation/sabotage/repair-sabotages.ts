/** Mistakes in what an administrator has done about bays that are stuck. */
import type { Sabotage } from "./sabotages.ts";

const REPAIR = "packages/core/src/bay/repair-bay.ts";
const ABANDON = "functions/conductor/operations/abandon-bay.ts";

export const REPAIR_SABOTAGES: readonly Sabotage[] = [
  {
    name: "a creation that is tried again keeps the stack that failed",
    file: "functions/conductor/operations/recreate-bay.ts",
    find: `settleItems, ensureStackGone, ensureCertificates,`,
    put: `settleItems, ensureCertificates,`,
  },
  {
    name: "a creation that is tried again has a delegation of nobody's",
    file: REPAIR,
    find: `operation: { kind: "recreate", delegation } }`,
    put: `operation: { kind: "recreate" } }`,
  },
  {
    name: "a failed creation is told to be tried again, and is not",
    file: REPAIR,
    find: `return recreate(ports, bay, keyed);`,
    put: `return { kind: "accepted" };`,
  },
  {
    name: "a bay that is given up leaves its nodes' user",
    file: ABANDON,
    find: `bounded(removeNodeCredential),`,
    put: "",
  },
  {
    name: "a bay that is given up leaves its stack",
    file: ABANDON,
    find: `bounded(ensureStackGone),`,
    put: "",
  },
  {
    name: "a bay that is given up stays, as one whose delete has failed",
    file: ABANDON,
    find: `end: () => ({ kind: "removed" }),`,
    put: `end: () => ({ kind: "kept", changes: { status: "DELETE_FAILED", statusReason: "given up" } }),`,
  },
];
