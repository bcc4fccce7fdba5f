import { bayRecordOf } from "../bay-record.ts";
import type { Invariant } from "./invariant.ts";

/** A lease saves work and is no more than that: what is right rests on conditions. But it must save it. */
export const leases: Invariant = {
  id: "I4 (leases)",
  says: "nobody takes a lease that another holds and that lives, nor work that is not due; work ends at its deadline",
  watch({ scheduler, faults }, broken) {
    // By whose clock is anybody's guess then.
    if (faults.conditions.has("clocks skewed")) return {};
    return {
      wrote(item, beforeItem) {
        const [before, after] = [bayRecordOf(beforeItem), bayRecordOf(item)];
        if (!before || !after) return;
        const nowMs = scheduler.clock.nowMs();
        const isClaim = after.lease !== undefined && after.lease.holder !== before.lease?.holder;
        if (isClaim && before.lease && before.lease.untilMs > nowMs)
          broken(`bay ${after.state.uuid} was claimed while ${before.lease.holder} held it`);
        if (isClaim && before.dueAtMs !== undefined && before.dueAtMs > nowMs)
          broken(`bay ${after.state.uuid} was claimed before it was due`);
      },
    };
  },
};
