/** Which request a bay takes in which status (cluster sheet 17.2, bay-era sheet 4.1). */
import type { Bay, BayStatus } from "./bay.ts";

const COMPLETE: readonly BayStatus[] = ["CREATE_COMPLETE", "UPDATE_COMPLETE", "ROLLBACK_COMPLETE"];
const FAILED_UPDATES: readonly BayStatus[] = ["UPDATE_FAILED", "ROLLBACK_FAILED"];

export function isComplete(status: BayStatus): boolean {
  return COMPLETE.includes(status);
}

/** Also after a failed update, where Magnum leaves nothing but deleting (user ask A16). A delete is taken always. */
export function isUpdatable(status: BayStatus): boolean {
  return isComplete(status) || FAILED_UPDATES.includes(status);
}

/** A resize is taken while another goes on, too (cluster sheet 17.2, fact 20). */
export function isResizable(status: BayStatus): boolean {
  return isUpdatable(status) || status === "UPDATE_IN_PROGRESS";
}

/** A delete is under way, so that another changes nothing. */
export function isBeingDeleted(bay: Pick<Bay, "status">): boolean {
  return bay.status === "DELETE_IN_PROGRESS";
}
