/** Which request a bay takes in which status (cluster sheet 17.2, bay-era sheet 4.1). */
import type { Bay, BayStatus } from "./bay.ts";

/** Also after a failed update, where Magnum leaves nothing but deleting (user ask A16). A delete is taken always. */
export function isUpdatable(status: BayStatus): boolean {
  return status === "CREATE_COMPLETE" || status === "UPDATE_COMPLETE" || status === "UPDATE_FAILED";
}

/** A delete is under way, so that another changes nothing. */
export function isBeingDeleted(bay: Pick<Bay, "status">): boolean {
  return bay.status === "DELETE_IN_PROGRESS";
}
