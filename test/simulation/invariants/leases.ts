import { builtRecordOf } from "../bay-record.ts";
import { ownersOf } from "../cloud.ts";
import type { Invariant } from "./invariant.ts";

/** A lease saves work and is no more than that: what is right rests on conditions. But it must save it. */
export const leases: Invariant = {
  id: "I4 (leases)",
  says: "nobody takes a lease that another holds and that lives, nor work that is not due; work ends at its deadline",
  watch({ scheduler, faults, history }, broken) {
    // By whose clock is anybody's guess then.
    if (faults.conditions.has("clocks skewed")) return {};
    return {
      effected(effect) {
        // Who believes to be alone gives up everybody's leases.
        if (!("stack" in effect) || faults.struck.some(({ kind }) => kind === "work resumed")) return;
        const { by, sentAt, stack, kind } = effect;
        // A stack of nothing: reconciliation's alone.
        if (kind === "delete" && !history.current(stack.ownerUuid)) return;
        const holders = ownersOf(stack)
          .flatMap((uuid) => history.between(uuid, sentAt, sentAt))
          .map(({ record }) => record?.lease?.holder ?? "nobody");
        if (holders.length > 0 && !holders.some((holder) => holder.startsWith(`${by}/`)))
          broken(`${kind} of ${stack.name} by ${by}, which did not hold it (${holders.join(", ")} did)`);
      },
      wrote(item, beforeItem) {
        const [before, after] = [builtRecordOf(beforeItem), builtRecordOf(item)];
        if (!before || !after) return;
        const nowMs = scheduler.clock.nowMs();
        const isClaim = after.lease !== undefined && after.lease.holder !== before.lease?.holder;
        if (isClaim && before.lease && before.lease.untilMs > nowMs)
          broken(`${after.state.uuid} was claimed while ${before.lease.holder} held it`);
        if (isClaim && before.dueAtMs !== undefined && before.dueAtMs > nowMs)
          broken(`${after.state.uuid} was claimed before it was due`);
      },
    };
  },
};
