/** The jobs of reconciliation (job.ts), in the order in which they are told of. */
export const JOB_NAMES = ["drift", "left-overs", "certificate-expiry", "seals"] as const;
