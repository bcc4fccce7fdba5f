/** How what a record's callers see ends with its operation. */
import type { BayStatus } from "@jeroboam/core/bay/bay";
import type { OperationOutcome } from "@jeroboam/core/operation/record";

export interface Ended {
  readonly status: BayStatus;
  readonly statusReason?: string;
  readonly updatedAtMs: number;
}

/** A stack that Heat rolled back says so by itself. */
export function ended(verb: "CREATE" | "UPDATE", status: BayStatus, outcome: OperationOutcome, nowMs: number): Ended {
  if (outcome.kind === "succeeded") return { status: `${verb}_COMPLETE`, updatedAtMs: nowMs };
  const isRolledBack = status === "ROLLBACK_COMPLETE" || status === "ROLLBACK_FAILED";
  return { status: isRolledBack ? status : `${verb}_FAILED`, statusReason: outcome.reason, updatedAtMs: nowMs };
}
